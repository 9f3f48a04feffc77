import Torch

/// Which linear maps get a low-rank adapter, and which one (LoRA; Hu et al., arXiv 2106.09685).
public struct AdapterPolicy: Sendable, Equatable {
    public var rank: Int
    public var alpha: Double
    /// The probability with which an adapter's input elements are dropped in training.
    public var dropout: Double
    /// Ends of module paths, each whole components: `q_proj` or `self_attn.q_proj`.
    public var targetModules: [String]
    /// Scales by α/√r instead of α/r (Kalajdzievski, arXiv 2312.03732).
    public var isRankStabilized: Bool

    public init(
        rank: Int = 8, alpha: Double = 16, dropout: Double = 0, targetModules: [String], isRankStabilized: Bool = false
    ) {
        precondition(rank > 0 && dropout >= 0 && dropout < 1, "a rank of at least 1 and a dropout in 0..<1")
        (self.rank, self.alpha, self.dropout) = (rank, alpha, dropout)
        (self.targetModules, self.isRankStabilized) = (targetModules, isRankStabilized)
    }

    public var scaling: Double { isRankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank) }

    /// The target that a module's path ends in.
    func target(of path: String) -> String? { targetModules.first { path == $0 || path.hasSuffix(".\($0)") } }
}

/// The update B A x · scaling that is learned beside a frozen linear map, with A [r, in] and B [out, r].
public struct LowRankAdapter: Sendable {
    public let a: Tensor
    public let b: Tensor
    public let scaling: Double
    public let dropout: Double

    /// - Parameter path: that of the adapted module; the weights take the names of Hugging Face's PEFT.
    init(_ path: Path, from inputs: Int, to outputs: Int, _ policy: AdapterPolicy) throws(TorchError) {
        let name = "\(Self.root)\(path.name)"
        a = try path.builder.adapterParameter("\(name).lora_A.weight", [policy.rank, inputs], .kaimingUniform)
        b = try path.builder.adapterParameter("\(name).lora_B.weight", [outputs, policy.rank], .zeros)
        (scaling, dropout) = (policy.scaling, policy.dropout)
    }

    private static let root = "base_model.model."

    /// The name under which PEFT has an adapter's weight: it knows GPT-2 with its head only, while the first published files
    /// of the model name it without.
    public static func nameInPEFT(_ name: String) -> String {
        name.hasPrefix("\(root)h.") ? "\(root)transformer.\(name.dropFirst(root.count))" : name
    }

    /// All names under which an adapter's weight may be stored, whichever files named the model that it was made beside.
    static func names(of name: String) -> [String] {
        [name, nameInPEFT(name), name.replacing("\(root)transformer.", with: root)]
    }

    /// - Parameter x: [..., in]; the result has its type, whatever that of the adapter is.
    func callAsFunction(_ x: Tensor, _ isTraining: Bool) throws(TorchError) -> Tensor {
        var input = x.dtype == a.dtype ? x : try x.to(a.dtype)
        if isTraining && dropout > 0 { input = try input.dropout(dropout) }
        let narrow = try input.linear(a)
        try ParameterTap.linear(a, nil, from: input, to: narrow)
        // Scaled where it is narrow.
        let scaled = try narrow * scaling
        let update = try scaled.linear(b)
        try ParameterTap.linear(b, nil, from: scaled, to: update)
        return update.dtype == x.dtype ? update : try update.to(x.dtype)
    }

    /// B A · scaling, [out, in].
    func delta() throws(TorchError) -> Tensor { try b.matmul(a) * scaling }
}
