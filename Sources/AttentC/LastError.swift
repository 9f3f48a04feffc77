#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The message of each thread's last failure.
enum LastError {
    /// Made once; a thread's message goes with the thread.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { free($0) }
        return key
    }()

    static var message: UnsafePointer<CChar> {
        pthread_getspecific(key).map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }
            ?? ("" as StaticString).cString
    }

    static func set(_ error: any Error) {
        free(pthread_getspecific(key))
        pthread_setspecific(key, strdup("\(error)"))
    }

    /// What `body` returns; where it throws, the message is kept and `failure` returned.
    static func guarding<Result>(_ failure: Result, _ body: () throws -> Result) -> Result {
        do {
            return try body()
        } catch {
            set(error)
            return failure
        }
    }
}

extension StaticString {
    /// The text as C has it.
    var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
