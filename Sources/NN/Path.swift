import Torch

/// The place of a module in a learner: it names the weights as Hugging Face does on disk and decides where they come from.
///
///     let query = try Linear(path / "query", from: 64, to: 64)     // weight: <path>.query.weight
public struct Path {
    public let name: String
    public let builder: ParameterBuilder

    public init(_ builder: ParameterBuilder, name: String = "") {
        self.builder = builder
        self.name = name
    }

    public static func / (path: Path, component: String) -> Path {
        Path(path.builder, name: path.name.isEmpty ? component : "\(path.name).\(component)")
    }
    public static func / (path: Path, index: Int) -> Path { path / String(index) }

    /// A trainable tensor: loaded where the builder has a source, else drawn by `initializer`.
    public func parameter(_ name: String, _ shape: [Int], _ initializer: Initializer) throws(TorchError) -> Tensor {
        try builder.parameter((self / name).name, shape, initializer)
    }

    /// A second name of a parameter that is stored once; a source may hold it under both, with the same values.
    public func tied(_ name: String, to tensor: Tensor) throws(TorchError) -> Tensor {
        try builder.tie((self / name).name, to: tensor)
        return tensor
    }

    /// Says that a source may hold `name`, which is no parameter: a constant that older files carry along.
    public func ignore(_ name: String) { builder.ignore((self / name).name) }

    /// Whether the weights come from a source that holds `name` here.
    public func isStored(_ name: String) -> Bool { builder.isStored((self / name).name) }
}

/// How a weight starts where it is not loaded.
public enum Initializer: Sendable, Equatable {
    case zeros
    case ones
    case normal(deviation: Double)
    /// A normal distribution cut off at two deviations.
    case truncatedNormal(deviation: Double)
    case uniform(bound: Double)
    /// Uniform within ±√(6 ∕ (fan in + fan out)) (Glorot & Bengio, 2010), for a weight of shape [out, in, …].
    case xavierUniform
    /// Uniform within ±1 ∕ √(fan in): the bound of He et al. (arXiv 1502.01852) for a slope of √5, PyTorch's own choice.
    case kaimingUniform

    func tensor(_ shape: [Int], _ generator: Generator) throws(TorchError) -> Tensor {
        switch self {
        case .zeros: return try .zeros(shape)
        case .ones: return try .ones(shape)
        case .normal(let deviation): return try generator.normal(shape, deviation: deviation)
        case .truncatedNormal(let deviation): return try truncatedNormal(shape, deviation, generator)
        case .uniform(let bound): return try generator.uniform(shape, in: -bound..<bound)
        case .xavierUniform:
            let fanIn = shape.dropFirst().reduce(1, *)
            let bound = (6 / Double(fanIn + shape[0])).squareRoot()
            return try generator.uniform(shape, in: -bound..<bound)
        case .kaimingUniform:
            let bound = 1 / Double(shape.dropFirst().reduce(1, *)).squareRoot()
            return try generator.uniform(shape, in: -bound..<bound)
        }
    }

    /// Redraws what lies beyond two deviations; 4.6 % at a time, so a few rounds do.
    private func truncatedNormal(_ shape: [Int], _ deviation: Double, _ generator: Generator) throws(TorchError)
        -> Tensor
    {
        var sample = try generator.normal(shape)
        while try sample.abs().max().item() > 2 {
            sample = try sample.abs().greater(2).choose(generator.normal(shape), else: sample)
        }
        return try sample * deviation
    }
}
