import CTorch

/// A key-value store over TCP, hosted by one process, by which processes find each other: c10d's TCPStore.
public final class Store: @unchecked Sendable {
    let handle: ct_store
    /// The port it is reached at.
    public let port: Int

    /// Connects to a store, having begun to host it where `isHost`.
    ///
    /// - Parameters:
    ///   - port: where hosting, 0 takes a free one.
    ///   - timeout: seconds to wait for the host.
    public init(host: String, port: Int, isHost: Bool, timeout: Double) throws(TorchError) {
        var handle: ct_store?
        let status = ct_store_open(host, Int32(port), isHost, timeout, &handle)
        guard status == CT_OK, let handle else { throw TorchError(status, operation: "store", operands: []) }
        (self.handle, self.port) = (handle, Int(ct_store_port(handle)))
    }

    deinit { ct_store_free(handle) }

    public func set(_ key: String, to bytes: [UInt8]) throws(TorchError) {
        try check(ct_store_set(handle, key, bytes, bytes.count), "store")
    }

    /// The bytes of a key, once it has some.
    ///
    /// - Parameter timeout: seconds to wait.
    public func value(of key: String, timeout: Double) throws(TorchError) -> [UInt8] {
        var bytes: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &bytes) { bytes in
            ct_store_get(handle, key, timeout, bytes, take)
        }
        try check(status, "store")
        return bytes
    }

    /// Sets a key that has no bytes yet. Of several processes that do so one sets it, and all get its bytes.
    ///
    /// - Returns: the bytes that the key has then.
    public func setFirst(_ key: String, to bytes: [UInt8]) throws(TorchError) -> [UInt8] {
        var held: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &held) { held in
            ct_store_set_first(handle, key, bytes, bytes.count, held, take)
        }
        try check(status, "store")
        return held
    }

    public func has(_ key: String) throws(TorchError) -> Bool {
        var found = false
        try check(ct_store_has(handle, key, &found), "store")
        return found
    }

    /// The address by which this machine reaches `host`, in digits. Nothing is sent.
    public static func localAddress(reaching host: String, port: Int) throws(TorchError) -> String {
        var text = [CChar](repeating: 0, count: 256)
        try check(ct_local_address(host, Int32(port), &text, text.count), "localAddress")
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Keeps what C hands over in the array at `context`.
private func take(_ context: UnsafeMutableRawPointer?, _ start: UnsafeRawPointer?, _ count: Int) {
    context?.assumingMemoryBound(to: [UInt8].self).pointee = Array(UnsafeRawBufferPointer(start: start, count: count))
}
