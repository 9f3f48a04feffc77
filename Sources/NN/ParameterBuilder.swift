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
    /// Low-rank adapters for a learner whose other parameters are frozen.
    public struct Adapters {
        public let policy: AdapterPolicy
        /// Where the adapters come from; initialised where nil, unless the learner's own source holds them.
        public let source: (any TensorSource)?

        public init(_ policy: AdapterPolicy, loading source: (any TensorSource)? = nil) {
            (self.policy, self.source) = (policy, source)
        }
    }

    public let device: Device
    /// The type of the parameters' elements. Adapters are fp32 in every case, so that small updates are not rounded away.
    public let dtype: DType
    private let seed: UInt64
    private let source: (any TensorSource)?
    private let adapters: Adapters?
    /// Whether only adapters learn.
    private let isFrozen: Bool
    /// Whether the weights of linear maps stay as they are stored where that is narrower than `dtype`.
    private let keepsNarrow: Bool
    private var entries: [Parameters.Entry] = []
    private var adapted: [Parameters.AdaptedWeight] = []
    private var known: Set<String> = []
    private var unmatchedTargets: [String]
    private var problems: [String] = []

    public init(seed: UInt64, device: Device = .cpu, dtype: DType = .float32, adapters: Adapters? = nil) {
        (self.seed, self.device, self.dtype, self.adapters) = (seed, device, dtype, adapters)
        (source, isFrozen, unmatchedTargets) = (nil, adapters != nil, adapters?.policy.targetModules ?? [])
        keepsNarrow = false
    }

    /// Loads every parameter from `source`; what does not fit is gathered and reported by ``finish()``.
    ///
    /// Frozen parameters that lie in the source's own memory as `dtype` stay there, without a copy.
    ///
    /// - Parameters:
    ///   - seed: that of adapters which are not loaded.
    ///   - isFrozen: that the parameters are only used, as beside adapters they are in every case.
    ///   - keepsNarrow: that the frozen weights of linear maps stay in the source's memory also where they are bf16 or
    ///     fp16 and `dtype` is fp32; they are widened, which changes no value, where they are used.
    public init(
        loading source: any TensorSource, device: Device = .cpu, dtype: DType = .float32, adapters: Adapters? = nil,
        seed: UInt64 = 0, isFrozen: Bool = false, keepsNarrow: Bool = false
    ) {
        (self.seed, self.device, self.dtype, self.adapters) = (seed, device, dtype, adapters)
        (self.source, unmatchedTargets) = (source, adapters?.policy.targetModules ?? [])
        self.isFrozen = isFrozen || adapters != nil
        self.keepsNarrow = keepsNarrow && self.isFrozen && dtype == .float32
    }

    /// Makes a learner and hands out its parameters, all problems of loading listed in one error.
    public static func build<Learner, Failure: Error>(
        _ builder: ParameterBuilder, _ body: (Path) throws(Failure) -> Learner
    ) throws -> (Learner, Parameters) {
        let learner = try body(Path(builder))
        return (learner, try builder.finish())
    }

    func parameter(
        _ name: String, _ shape: [Int], _ initializer: Initializer, mayStayNarrow: Bool = false
    ) throws(TorchError) -> Tensor {
        try add(name, isTrainable: !isFrozen) { () throws(TorchError) in
            guard let source else { return try draw(name, shape, initializer).to(dtype) }
            return try load(name, shape, dtype, from: source, mayStayNarrow: mayStayNarrow && keepsNarrow)
        }
    }

    func adapterParameter(_ name: String, _ shape: [Int], _ initializer: Initializer) throws(TorchError) -> Tensor {
        try add(name, isTrainable: true) { () throws(TorchError) in
            guard let source = adapters?.source ?? (isStored(name) ? source : nil) else {
                return try draw(name, shape, initializer)
            }
            let stored = LowRankAdapter.names(of: name).first { source.shape(of: $0) != nil } ?? name
            ignore(stored)
            return try load(stored, shape, .float32, from: source)
        }
    }

    /// The adapter of the linear map at `path`, nil where the policy has none for it.
    func adapter(
        _ path: Path, from inputs: Int, to outputs: Int, _ layout: Linear.Layout
    ) throws(TorchError) -> LowRankAdapter? {
        guard let policy = adapters?.policy, let target = policy.target(of: path.name) else { return nil }
        unmatchedTargets.removeAll { $0 == target }
        let adapter = try LowRankAdapter(path, from: inputs, to: outputs, policy)
        adapted.append(.init(name: (path / "weight").name, adapter: adapter, layout: layout))
        return adapter
    }

    func tie(_ name: String, to tensor: Tensor) throws(TorchError) {
        ignore(name)
        guard let source, source.shape(of: name) != nil else { return }
        let copy = try load(name, tensor.shape, dtype, from: source)
        if try copy.to(device).equal(tensor.detached()).to(.uint8).min().item() != 1 {
            problems.append("\(name) differs from the parameter that it is tied to")
        }
    }

    func ignore(_ name: String) { known.insert(name) }

    func isStored(_ name: String) -> Bool { source?.shape(of: name) != nil }

    /// The parameters in order of creation.
    public func finish() throws(ParameterError) -> Parameters {
        let stored = (source?.tensorNames ?? []) + (adapters?.source?.tensorNames ?? [])
        let unused = stored.filter { !known.contains($0) }.sorted().map { "\($0) belongs to no part of this learner" }
        let unmatched = unmatchedTargets.map { "the adapters' target \($0) is the end of no linear map's path" }
        let all = problems + unused + unmatched
        guard all.isEmpty else { throw ParameterError(problems: all) }
        return Parameters(entries, adapted: adapted)
    }
}

extension ParameterBuilder {
    private func add(
        _ name: String, isTrainable: Bool, _ value: () throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        precondition(known.insert(name).inserted, "two parameters are named \(name)")
        let tensor = try value().to(device).requiringGradient(isTrainable)
        entries.append(Parameters.Entry(name: name, tensor: tensor))
        return tensor
    }

    private func draw(_ name: String, _ shape: [Int], _ initializer: Initializer) throws(TorchError) -> Tensor {
        try initializer.tensor(shape, Generator(seed: Self.seed(seed, name)))
    }

    /// What a mismatch leaves behind is a tensor of the right shape, so that the remaining ones are found too.
    private func load(
        _ name: String, _ shape: [Int], _ dtype: DType, from source: any TensorSource, mayStayNarrow: Bool = false
    ) throws(TorchError) -> Tensor {
        guard let found = source.shape(of: name) else {
            problems.append("\(name) is missing, expected the shape \(shape)")
            return try .zeros(shape)
        }
        guard found == shape else {
            problems.append("\(name) has the shape \(found), expected \(shape)")
            return try .zeros(shape)
        }
        do {
            let stored = try source.tensor(named: name)
            let isNarrow = stored.dtype == .bfloat16 || stored.dtype == .float16
            guard stored.dtype == dtype || (mayStayNarrow && isNarrow) else { return try stored.to(dtype) }
            return isFrozen || device != .cpu ? stored : try stored.clone()
        } catch {
            problems.append("\(name): \(error)")
            return try .zeros(shape)
        }
    }

    /// FNV-1a over the name, so that the seed of a parameter does not depend on the order of creation.
    private static func seed(_ seed: UInt64, _ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9e37_79b9_7f4a_7c15)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
    }
}
