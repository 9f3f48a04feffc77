import Training

/// What the two sides of a comparison are set to.
struct Setting {
    /// That of the figures; compiled and eager peers share it.
    let name: String
    let ours: Precision
    /// The peer's argument to `torch.set_float32_matmul_precision`.
    let matmul: String
    var isCompiled = false

    var usesAutocast: Bool { ours == .bf16 }
    /// Largest relative distance of two losses within the first steps.
    var tolerance: Double { usesAutocast ? 0.05 : 0.002 }

    /// Ours as a recipe without further words runs, against PyTorch as `import torch` leaves it.
    static let automatic = Setting(name: "auto", ours: .auto, matmul: "highest")
    /// libtorch's default products on both sides.
    static let fp32 = Setting(name: "fp32", ours: .fp32, matmul: "highest")
    /// oneDNN's products on both sides.
    static let fast = Setting(name: "fp32-fast", ours: .fp32Fast, matmul: "medium")
    static let bf16 = Setting(name: "bf16", ours: .bf16, matmul: "highest")

    static let eager = [automatic, fp32, fast, bf16]
    static let compiled = eager.map { Setting(name: $0.name, ours: $0.ours, matmul: $0.matmul, isCompiled: true) }

    /// What the command line calls it.
    var option: String { isCompiled ? "compile-\(name)" : name }
}
