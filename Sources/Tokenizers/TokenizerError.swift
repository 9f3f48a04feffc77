/// Why a tokenizer could not be loaded, trained or used.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file could not be read at all.
    case unreadable(file: String, reason: String)
    /// The file could not be written.
    case unwritable(file: String, reason: String)
    /// The file was read, and `location` in it (a JSON path, a line or a byte offset) is not what it has to be.
    case malformed(file: String, location: String, found: String, expected: String)
    /// The file asks for a component that this library does not have.
    case unsupported(file: String, path: String, found: String, supported: String)
    /// The folder holds no tokenizer of a known layout.
    case noTokenizer(folder: String, expected: String)
    /// An id that no token has.
    case unknownID(Int32, vocabularySize: Int)
    /// The vocabulary has no token for a byte of the text, and none for the unknown.
    case unencodable(byte: UInt8)
    /// The pre-tokenising pattern gave up on the text.
    case patternFailed(pattern: String, reason: String)
    /// libsentencepiece refused to encode or decode.
    case sentencePiece(reason: String)
    /// libsentencepiece could not train a model.
    case trainingFailed(reason: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)."
        case .unwritable(let file, let reason):
            "\(file): cannot be written: \(reason)."
        case .malformed(let file, let location, let found, let expected):
            "\(file): \(location): found \(found), expected \(expected)."
        case .unsupported(let file, let path, let found, let supported):
            "\(file): \(path): \(found) is not supported; supported: \(supported)."
        case .noTokenizer(let folder, let expected):
            "\(folder): no tokenizer found, expected one of \(expected)."
        case .unknownID(let id, let size):
            "Token id \(id) is not in the vocabulary, whose ids are 0..<\(size)."
        case .unencodable(let byte):
            "The vocabulary has no token for the byte \(byte) of the text, and none for the unknown."
        case .patternFailed(let pattern, let reason):
            "The pre-tokenising pattern \(pattern) failed: \(reason)."
        case .sentencePiece(let reason):
            "SentencePiece failed: \(reason)."
        case .trainingFailed(let reason):
            "SentencePiece could not train a model: \(reason)."
        }
    }
}
