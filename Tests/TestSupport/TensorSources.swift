import NN
import Torch

/// Tensors held in memory, as a source of weights.
public struct MemorySource: TensorSource {
    private let tensors: [String: Tensor]

    public init(_ tensors: [String: Tensor]) { self.tensors = tensors }

    public var tensorNames: [String] { tensors.keys.sorted() }
    public func shape(of name: String) -> [Int]? { tensors[name]?.shape }
    public func tensor(named name: String) throws -> Tensor {
        guard let tensor = tensors[name] else { throw MissingTensor(name: name) }
        return tensor
    }

    struct MissingTensor: Error { let name: String }
}

/// The tensors of a source whose names begin with a prefix, without it.
public struct PrefixedSource: TensorSource {
    private let source: any TensorSource
    private let prefix: String

    public init(_ source: any TensorSource, prefix: String) { (self.source, self.prefix) = (source, prefix) }

    public var tensorNames: [String] {
        source.tensorNames.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
    public func shape(of name: String) -> [Int]? { source.shape(of: prefix + name) }
    public func tensor(named name: String) throws -> Tensor { try source.tensor(named: prefix + name) }
}
