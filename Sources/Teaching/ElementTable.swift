/// How hard every example's elements (tokens) were when the example was last taught, a byte an element, and which of them
/// that makes worth showing.
public struct ElementTable: ElementWorth, Equatable {
    public static let recordingInterval = 1

    /// Elements of all examples together; larger tables are not worth their memory.
    public static let mostElements = 1 << 28

    public let elementCount: Int
    /// `[exampleCount, elementCount]`, row by row, as ``codes(of:)`` makes them.
    public private(set) var codes: [UInt8]

    /// A table of elements of which nothing is known.
    public init(exampleCount: Int, elementCount: Int) {
        self.elementCount = elementCount
        codes = [UInt8](repeating: 0, count: exampleCount * elementCount)
    }

    public init?(bytes: [UInt8], exampleCount: Int, elementCount: Int) {
        guard bytes.count == exampleCount * elementCount else { return nil }
        (codes, self.elementCount) = (bytes, elementCount)
    }

    public var bytes: [UInt8] { codes }

    /// Measures (losses, shares) in steps of 1/16 up to 15.875; 0 for what is unknown: those below 0 and those that are no
    /// number.
    public static func codes(of measures: [Float]) -> [UInt8] {
        measures.map { $0 >= 0 ? UInt8(min(255, ($0 * 16).rounded() + 1)) : 0 }
    }

    public mutating func record(_ codes: [UInt8], for examples: [Int32]) {
        precondition(codes.count == examples.count * elementCount, "a code an element")
        for (row, example) in examples.enumerated() {
            let first = Int(example) * elementCount
            self.codes.replaceSubrange(
                first..<first + elementCount, with: codes[row * elementCount..<(row + 1) * elementCount])
        }
    }

    /// `((loss + mean) / (2 mean))^2` with the mean of the example, so that the easiest keep a quarter.
    public func importance(of examples: [Int32]) -> [Float] {
        var result = [Float](repeating: 1, count: examples.count * elementCount)
        for (row, example) in examples.enumerated() {
            let codes = codes[Int(example) * elementCount..<(Int(example) + 1) * elementCount]
            let (sum, count) = codes.reduce((0, 0)) { $1 > 0 ? ($0.0 + Int($1) - 1, $0.1 + 1) : $0 }
            guard sum > 0 else { continue }
            let mean = Float(sum) / Float(count)
            for (element, code) in codes.enumerated() where code > 0 {
                let ratio = (Float(code) - 1 + mean) / (2 * mean)
                result[row * elementCount + element] = ratio * ratio
            }
        }
        return result
    }
}
