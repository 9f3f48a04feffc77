// swift-tools-version: 6.1
import PackageDescription

// A package of its own, for a Mac with Apple silicon: MLX is not built on Linux here, so that the project's own
// Package.swift, its build and its tests leave this one out.
let package = Package(
    name: "mlx-lora",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "attent", path: "../.."),
        .package(url: "https://github.com/ml-explore/mlx-swift", from: "0.31.3"),
        .package(url: "https://github.com/ml-explore/mlx-swift-lm", from: "3.31.3"),
        .package(url: "https://github.com/huggingface/swift-transformers", from: "1.3.0"),
    ],
    targets: [
        .executableTarget(
            name: "mlx-lora",
            dependencies: [
                // swift-transformers has modules of these names as well.
                .product(
                    name: "Teaching", package: "attent",
                    moduleAliases: ["Tokenizers": "AttentTokenizers", "Models": "AttentModels"]),
                .product(name: "MLX", package: "mlx-swift"),
                .product(name: "MLXNN", package: "mlx-swift"),
                .product(name: "MLXOptimizers", package: "mlx-swift"),
                .product(name: "MLXLLM", package: "mlx-swift-lm"),
                .product(name: "MLXLMCommon", package: "mlx-swift-lm"),
                .product(name: "MLXHuggingFace", package: "mlx-swift-lm"),
                .product(name: "Tokenizers", package: "swift-transformers"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
