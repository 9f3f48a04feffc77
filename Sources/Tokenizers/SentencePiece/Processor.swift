import CSentencePiece
import Foundation

/// Owns a `csp_processor`.
///
/// `@unchecked Sendable`: the pointer never changes, and libsentencepiece's processor is safe to read from several
/// threads once it is loaded.
final class Processor: @unchecked Sendable {
    private let handle: OpaquePointer

    init(_ model: Data, file: String) throws(TokenizerError) {
        var handle: OpaquePointer?
        let status = model.withUnsafeBytes { csp_load($0.baseAddress, $0.count, &handle) }
        guard status == CSP_OK, let handle else {
            throw .malformed(
                file: file, location: "the model", found: "what libsentencepiece refuses (\(lastError()))",
                expected: "a SentencePiece model")
        }
        self.handle = handle
    }

    deinit {
        csp_free(handle)
    }

    func vocabularySize() throws(TokenizerError) -> Int {
        var size: Int32 = 0
        try check(csp_vocabulary_size(handle, &size))
        return Int(size)
    }

    func specialTokens() throws(TokenizerError) -> csp_special_ids {
        var ids = csp_special_ids()
        try check(csp_special_tokens(handle, &ids))
        return ids
    }

    /// Appends the ids of `text`, which is UTF-8.
    func encode(_ text: [UInt8], into ids: inout [Int32]) throws(TokenizerError) {
        var encoded: UnsafeMutablePointer<Int32>?
        var count = 0
        let status = text.withUnsafeBytes { bytes in
            csp_encode(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &encoded, &count)
        }
        try check(status)
        defer { csp_release(encoded) }
        ids.append(contentsOf: UnsafeBufferPointer(start: encoded, count: count))
    }

    func decode(_ ids: [Int32]) throws(TokenizerError) -> String {
        var decoded: UnsafeMutablePointer<CChar>?
        var count = 0
        try check(ids.withUnsafeBufferPointer { csp_decode(handle, $0.baseAddress, $0.count, &decoded, &count) })
        defer { csp_release(decoded) }
        return String(decoding: UnsafeRawBufferPointer(start: decoded, count: count), as: UTF8.self)
    }

    private func check(_ status: csp_status) throws(TokenizerError) {
        guard status == CSP_OK else { throw .sentencePiece(reason: lastError()) }
    }
}

/// What libsentencepiece said of the last call that failed on this thread, without the full stop.
func lastError() -> String {
    let message = String(cString: csp_last_error())
    return message.hasSuffix(".") ? String(message.dropLast()) : message
}
