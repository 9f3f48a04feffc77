import Training

/// What the two sides of a comparison are set to.
struct Setting {
    let name: String
    let ours: Precision
    /// The peer's argument to `torch.set_float32_matmul_precision`.
    let matmul: String
    var usesAutocast: Bool { ours == .bf16 }
    var isCompiled = false
    /// Largest relative distance of two losses within the first steps.
    var tolerance: Double { usesAutocast ? 0.05 : 0.002 }

    /// Ours as a recipe without further words runs, against PyTorch as `import torch` leaves it.
    static let automatic = Setting(name: "auto", ours: .auto, matmul: "highest")
    static let fp32 = Setting(name: "fp32", ours: .fp32, matmul: "highest")
    static let bf16 = Setting(name: "bf16", ours: .bf16, matmul: "highest")
    static let compiled = Setting(name: "fp32", ours: .fp32, matmul: "highest", isCompiled: true)
}
