import Torch

/// Named tensors to load from, such as a safetensors file.
public protocol TensorSource {
    var tensorNames: [String] { get }
    func shape(of name: String) -> [Int]?
    /// - Precondition: `name` is one of `tensorNames`.
    func tensor(named name: String) throws -> Tensor
}

/// Collects a learner's parameters while its modules are made, either loading or initialising each.
///
/// Every draw depends on the seed and the parameter's own name, so that adding a module changes no other's weights.
public final class ParameterBuilder {
    public let device: Device
    private let seed: UInt64
    private let source: (any TensorSource)?
    private var entries: [Parameters.Entry] = []
    private var problems: [String] = []

    public init(seed: UInt64, device: Device = .cpu) {
        (self.seed, self.device, source) = (seed, device, nil)
    }

    /// Loads every parameter from `source`; what does not fit is gathered and reported by ``finish()``.
    public init(loading source: any TensorSource, device: Device = .cpu) {
        (seed, self.device, self.source) = (0, device, source)
    }

    /// Makes a learner and hands out its parameters, all problems of loading listed in one error.
    public static func build<Learner, Failure: Error>(
        _ builder: ParameterBuilder, _ body: (Path) throws(Failure) -> Learner
    ) throws -> (Learner, Parameters) {
        let learner = try body(Path(builder))
        return (learner, try builder.finish())
    }

    func parameter(_ name: String, _ shape: [Int], _ initializer: Initializer) throws(TorchError) -> Tensor {
        precondition(!entries.contains { $0.name == name }, "two parameters are named \(name)")
        let value =
            try source == nil
            ? initializer.tensor(shape, Generator(seed: Self.seed(seed, name))) : load(name, shape)
        let tensor = try value.to(device).requiringGradient()
        entries.append(Parameters.Entry(name: name, tensor: tensor))
        return tensor
    }

    /// What a mismatch leaves behind is a tensor of the right shape, so that the remaining ones are found too.
    private func load(_ name: String, _ shape: [Int]) throws(TorchError) -> Tensor {
        guard let source, let found = source.shape(of: name) else {
            problems.append("\(name) is missing, expected the shape \(shape)")
            return try .zeros(shape)
        }
        guard found == shape else {
            problems.append("\(name) has the shape \(found), expected \(shape)")
            return try .zeros(shape)
        }
        do {
            return try source.tensor(named: name).to(.float32).clone()
        } catch {
            problems.append("\(name): \(error)")
            return try .zeros(shape)
        }
    }

    /// The parameters in order of creation.
    public func finish() throws(ParameterError) -> Parameters {
        let known = Set(entries.map(\.name))
        let unused = (source?.tensorNames ?? []).filter { !known.contains($0) }.sorted()
        let all = problems + unused.map { "\($0) belongs to no part of this learner" }
        guard all.isEmpty else { throw ParameterError(problems: all) }
        return Parameters(entries)
    }

    /// FNV-1a over the name, so that the seed of a parameter does not depend on the order of creation.
    private static func seed(_ seed: UInt64, _ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9e37_79b9_7f4a_7c15)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// Weights that do not fit a learner, all of them.
public struct ParameterError: Error, Equatable, CustomStringConvertible {
    public let problems: [String]

    public var description: String {
        "the weights do not fit the learner (\(problems.count) problems): " + problems.joined(separator: "; ")
    }
}

/// A learner's parameters by name, in a fixed order.
public struct Parameters: Sendable {
    public struct Entry: Sendable {
        public let name: String
        public let tensor: Tensor
    }

    public let entries: [Entry]
    public let list: TensorList

    public init(_ entries: [Entry]) {
        self.entries = entries
        list = TensorList(entries.map(\.tensor))
    }

    /// The number of scalars.
    public var count: Int { entries.reduce(0) { $0 + $1.tensor.count } }
}
