import NN
import Torch

/// A multi-layer perceptron of two layers that tells points by their quadrant: the smallest thing that trains.
public struct TinyLearner: Sendable {
    public let hidden, output: Linear

    public init(_ path: Path) throws(TorchError) {
        let initializer = Initializer.uniform(bound: 0.7)
        hidden = try Linear(path / "hidden", from: 2, to: 16, initializer: initializer)
        output = try Linear(path / "output", from: 16, to: 4, initializer: initializer)
    }

    public static func make(seed: UInt64 = 0) throws -> (learner: TinyLearner, parameters: Parameters) {
        let (learner, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: seed)) {
            path throws(TorchError) in
            try TinyLearner(path)
        }
        return (learner, parameters)
    }

    /// - Parameter points: [B, 2]
    public func logits(_ points: Tensor) throws(TorchError) -> Tensor { try output(hidden(points).tanh()) }

    /// Points [count, 2] and their quadrants [count].
    public static func examples(_ count: Int, seed: UInt64 = 1) throws -> (points: Tensor, quadrants: Tensor) {
        let points = try Generator(seed: seed).normal([count, 2])
        let values = try points.floats
        let quadrants = (0..<count).map { Int64(values[2 * $0] > 0 ? 1 : 0) + Int64(values[2 * $0 + 1] > 0 ? 2 : 0) }
        return (points, try Tensor(quadrants))
    }
}
