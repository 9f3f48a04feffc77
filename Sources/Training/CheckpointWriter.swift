import Foundation

/// Writes checkpoints on a thread beside the one that trains, one at a time.
final class CheckpointWriter {
    private var writing: Writing?

    /// Begins to write; what was begun before must have been finished.
    func begin(_ body: @escaping @Sendable () throws -> Void) {
        precondition(writing == nil, "one checkpoint at a time")
        writing = Writing(body)
    }

    /// Waits for the checkpoint being written.
    ///
    /// - Throws: what kept it from being written.
    func finish() throws {
        defer { writing = nil }
        try writing?.wait()
    }
}

/// `@unchecked Sendable`: the outcome is read and written with the condition's lock held.
private final class Writing: @unchecked Sendable {
    private let condition = NSCondition()
    private var outcome: Result<Void, any Error>?

    init(_ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [self] in
            let outcome = Result { try body() }
            condition.withLock {
                self.outcome = outcome
                condition.broadcast()
            }
        }
        thread.name = "CheckpointWriter"
        thread.start()
    }

    func wait() throws {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let outcome { return try outcome.get() }
            condition.wait()
        }
    }
}
