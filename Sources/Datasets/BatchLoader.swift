import Foundation

/// Makes batches on a thread of its own, a few ahead of the reader, in the order asked for.
///
/// When the loader is released its thread ends after the batch in hand.
public final class BatchLoader<Source: Dataset>: Sendable {
    /// A batch and its position in the list asked for.
    public typealias Batch = (index: Int, content: Source.Content)

    private let queue: BoundedQueue<Batch>

    /// - Parameters:
    ///   - batches: the example numbers of each batch.
    ///   - depth: how many finished batches may wait for the reader, at least 1.
    public init(_ dataset: Source, batches: [[Int32]], view: View, depth: Int = 2) {
        precondition(depth >= 1, "a loader holds at least one batch")
        let queue = BoundedQueue<Batch>(capacity: depth)
        self.queue = queue
        let thread = Thread {
            do {
                for (index, examples) in batches.enumerated() {
                    guard queue.push((index, try dataset.collate(examples, view: view))) else { return }
                }
                queue.finish()
            } catch {
                queue.finish(throwing: error)
            }
        }
        thread.name = "BatchLoader"
        thread.start()
    }

    deinit { queue.cancel() }

    /// The next batch, or nil after the last.
    /// - Throws: what collating this batch threw; every later call throws it again.
    public func next() throws -> Batch? { try queue.pop() }
}

/// A first-in first-out queue between one writing and one reading thread, each of which waits for the other.
///
/// `@unchecked Sendable`: all state is read and written between `lock` and `unlock` of the condition.
private final class BoundedQueue<Element>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var outcome: Result<Void, any Error>?
    private var isCancelled = false

    init(capacity: Int) { self.capacity = capacity }

    /// Waits for room, then appends; false if the reader has gone.
    func push(_ element: Element) -> Bool {
        withLock {
            while elements.count == capacity && !isCancelled { condition.wait() }
            guard !isCancelled else { return false }
            elements.append(element)
            return true
        }
    }

    /// Ends the queue: the reader gets what is left in it, then nil or the error.
    func finish(throwing error: (any Error)? = nil) {
        withLock { outcome = error.map { .failure($0) } ?? .success(()) }
    }

    /// Waits for an element; nil at the end.
    func pop() throws -> Element? {
        try withLock {
            while elements.isEmpty {
                if let outcome {
                    try outcome.get()
                    return nil
                }
                condition.wait()
            }
            return elements.removeFirst()
        }
    }

    func cancel() {
        withLock { isCancelled = true }
    }

    /// Runs `body` with the lock held and wakes the other thread, whose condition may now hold.
    private func withLock<Output>(_ body: () throws -> Output) rethrows -> Output {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }
}
