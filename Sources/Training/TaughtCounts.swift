import Foundation

/// How often each example has been taught, in two bytes an example; counting ends at 65,535.
struct TaughtCounts: Sendable, Equatable {
    /// Tables larger than this are not worth their memory for what a report shows of them.
    static let mostExamples = 1 << 24

    private(set) var counts: [UInt16]

    /// - Returns: nil for more than ``mostExamples``.
    init?(exampleCount: Int) {
        guard exampleCount <= Self.mostExamples else { return nil }
        counts = [UInt16](repeating: 0, count: exampleCount)
    }

    /// Reads what ``data`` holds; nil where it is not of `exampleCount` examples.
    init?(_ data: Data, exampleCount: Int) {
        guard data.count == 2 * exampleCount else { return nil }
        let bytes = [UInt8](data)
        counts = (0..<exampleCount).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
    }

    /// Two bytes an example, the lower first.
    var data: Data { Data(counts.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }) }

    mutating func add(_ examples: [Int32]) {
        for example in examples where counts[Int(example)] < .max { counts[Int(example)] += 1 }
    }

    /// The `count` examples that come first under `precedes`, in its order: one pass over all of them.
    func first(_ count: Int, by precedes: (Int, Int) -> Bool) -> [Int] {
        var chosen: [Int] = []
        for example in counts.indices {
            if chosen.count == count {
                guard let last = chosen.last, precedes(example, last) else { continue }
                chosen.removeLast()
            }
            chosen.insert(example, at: chosen.firstIndex { precedes(example, $0) } ?? chosen.endIndex)
        }
        return chosen
    }
}
