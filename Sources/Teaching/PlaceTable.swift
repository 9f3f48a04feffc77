/// How much the elements at each place of a sequence have mattered of late, whatever the example: of images, some places
/// show the subject more often than others.
public struct PlaceTable: ElementWorth, Equatable {
    /// Measuring costs a few per cent of a step, and places change slowly.
    public static let recordingInterval = 16

    /// The share of a place's mean that one more element at it makes up.
    private static let rate: Float = 1 / 64

    /// In units of the average element of an example, one a place.
    public private(set) var means: [Float]

    /// A table of places that all matter alike.
    public init(elementCount: Int) {
        means = [Float](repeating: 1, count: elementCount)
    }

    public init?(bytes: [UInt8], exampleCount: Int, elementCount: Int) {
        guard bytes.count == 4 * elementCount else { return nil }
        means = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
        }
        guard means.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
    }

    public var bytes: [UInt8] {
        means.flatMap { mean in (0..<4).map { UInt8(truncatingIfNeeded: mean.bitPattern >> (8 * $0)) } }
    }

    /// - Parameter codes: of how much an element matters over what those shown with it do on average.
    public mutating func record(_ codes: [UInt8], for examples: [Int32]) {
        precondition(codes.count == examples.count * means.count, "a code an element")
        for place in means.indices {
            let (sum, count) = stride(from: place, to: codes.count, by: means.count).reduce((0, 0)) {
                codes[$1] > 0 ? ($0.0 + Int(codes[$1]) - 1, $0.1 + 1) : $0
            }
            guard count > 0 else { continue }
            let mean = Float(sum) / Float(16 * count)
            means[place] += min(1, Float(count) * Self.rate) * (mean - means[place])
        }
    }

    /// `((m + mean) / (2 mean))^4` of a place's m, so that places that never matter keep a sixteenth.
    public func importance(of examples: [Int32]) -> [Float] {
        let mean = means.reduce(0, +) / Float(means.count)
        let places = means.map { own in
            guard mean > 0 else { return Float(1) }
            let square = (own + mean) * (own + mean) / (4 * mean * mean)
            return square * square
        }
        return examples.flatMap { _ in places }
    }
}
