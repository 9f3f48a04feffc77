import Torch

/// How far two numbers may be apart: `absolute` + `relative` · |expected|.
public struct Tolerance: Sendable, CustomStringConvertible {
    public var absolute, relative: Double

    public init(absolute: Double, relative: Double) { (self.absolute, self.relative) = (absolute, relative) }

    /// For float32 results that two implementations reach by the same few hundred operations in another order.
    public static let float32 = Tolerance(absolute: 1e-5, relative: 1e-5)
    /// For central differences in float64.
    public static let numerical = Tolerance(absolute: 1e-7, relative: 1e-6)

    func allows(_ found: Double, _ expected: Double) -> Bool {
        found == expected || abs(found - expected) <= absolute + relative * abs(expected)
    }

    public var description: String { "\(absolute) + \(relative) · |expected|" }
}

extension Double {
    public func isNear(_ expected: Double, _ tolerance: Double = 1e-9) -> Bool { abs(self - expected) <= tolerance }
}

/// Compares element by element: nil where all are close, else a sentence on the worst of them. Not-a-number is never close.
public func mismatch(_ found: Tensor, _ expected: Tensor, _ tolerance: Tolerance = .float32) throws -> String? {
    guard found.shape == expected.shape else { return "found the shape \(found.shape), expected \(expected.shape)" }
    let pairs = Array(zip(try found.doubles, try expected.doubles))
    let far = pairs.indices.filter { !tolerance.allows(pairs[$0].0, pairs[$0].1) }
    func distance(_ index: Int) -> Double {
        let difference = abs(pairs[index].0 - pairs[index].1)
        return difference.isNaN ? .infinity : difference
    }
    guard let worst = far.max(by: { distance($0) < distance($1) }) else { return nil }
    return "\(far.count) of \(pairs.count) elements differ by more than \(tolerance), most at "
        + "\(position(of: worst, in: found.shape)): found \(pairs[worst].0), expected \(pairs[worst].1)"
}

/// The index along each dimension of the element at `offset` in row-major order.
func position(of offset: Int, in shape: [Int]) -> [Int] {
    var (rest, result) = (offset, [Int]())
    for size in shape.reversed() {
        result.append(rest % size)
        rest /= size
    }
    return result.reversed()
}

extension Tensor {
    public var floats: [Float] { get throws(TorchError) { try values(as: Float.self) } }
    public var doubles: [Double] { get throws(TorchError) { try values(as: Double.self) } }
    public var integers: [Int] { get throws(TorchError) { try values(as: Int64.self).map(Int.init) } }

    /// A float64 tensor of standard normal numbers.
    public static func random(_ shape: [Int], seed: UInt64) throws(TorchError) -> Tensor {
        try Generator(seed: seed).normal(shape).to(.float64)
    }
}
