// swift-tools-version: 6.1
import Foundation
import PackageDescription

// SwiftPM takes include and library paths from pkg-config but drops the rpath. As the root package we add it;
// as a dependency .native is absent, and so is the unsafe flag that SwiftPM forbids there.
let torchLibraries = Context.packageDirectory + "/.native/torch/lib"
// Where scripts/cuda puts the backend for NCCL, which is loaded at run time.
let cudaLibraries = Context.packageDirectory + "/.native/cuda/lib"
let rpath: [LinkerSetting] =
    FileManager.default.fileExists(atPath: torchLibraries)
    ? [.unsafeFlags([torchLibraries, cudaLibraries].flatMap { ["-Xlinker", "-rpath", "-Xlinker", $0] })] : []

let package = Package(
    name: "attent",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "attent", targets: ["attent"]),
        .library(name: "Teaching", targets: ["Teaching"]),
        .library(name: "AttentC", type: .dynamic, targets: ["AttentC"]),
        .library(name: "Torch", targets: ["Torch", "NN", "Models", "Checkpoints"]),
        .library(name: "Training", targets: ["Datasets", "Teaching", "Training", "Evaluation", "Reporting"]),
        .library(name: "AttentionKernels", targets: ["AttentionKernels"]),
        .library(name: "Tokenizers", targets: ["Tokenizers"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .systemLibrary(name: "CLibTorch", pkgConfig: "libtorch"),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CSPNG", pkgConfig: "spng", providers: [.apt(["libspng-dev"]), .brew(["libspng"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(
            name: "CSentencePieceLibrary", pkgConfig: "sentencepiece", providers: [.apt(["libsentencepiece-dev"])]),
        .target(
            name: "CTorch", dependencies: ["CLibTorch"], exclude: ["gloo_stub", "nccl"],
            cxxSettings: [.headerSearchPath("gloo_stub")], linkerSettings: rpath),
        .target(name: "CSentencePiece", dependencies: ["CSentencePieceLibrary"]),

        // Data flows one way: a target depends only on targets above it.
        .target(name: "Torch", dependencies: ["CTorch"]),
        .target(name: "NN", dependencies: ["Torch"]),
        .target(name: "Models", dependencies: ["NN"]),
        .target(name: "Checkpoints", dependencies: ["NN", .product(name: "Crypto", package: "swift-crypto")]),
        .target(
            name: "Tokenizers",
            dependencies: [
                "CPCRE2", "CSentencePiece", .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(name: "Datasets", dependencies: ["Tokenizers", "CTurboJPEG", "CSPNG", "CZlib"]),
        .target(name: "Teaching"),
        .target(name: "TeachingSimulation", dependencies: ["Teaching"]),
        .systemLibrary(name: "CAttent"),
        .target(name: "AttentC", dependencies: ["CAttent", "Teaching"], exclude: ["exports.map"]),
        .target(
            name: "Training",
            dependencies: ["Models", "Checkpoints", "Datasets", "Teaching", .product(name: "Yams", package: "Yams")]),
        .target(name: "Evaluation", dependencies: ["Training"]),
        .target(name: "AttentionKernels", dependencies: ["Training"]),
        .target(
            name: "Reporting",
            dependencies: [
                "AttentionKernels", "Training", .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "FlyingFox", package: "FlyingFox"),
            ]),
        .executableTarget(
            name: "engine-bench", dependencies: ["Training"], path: "Benchmarks/Engine",
            exclude: ["peer.py", "peer_vision.py", "peer_decoders.py", "train.py", "train_peer.py"]),
        .executableTarget(
            name: "vision-bench", dependencies: ["Training"], path: "Benchmarks/Vision", exclude: ["compare.py"]),
        .executableTarget(
            name: "llm-bench", dependencies: ["Training"], path: "Benchmarks/Language",
            exclude: ["compare.py", "peer.py"]),
        .executableTarget(
            name: "kernels-bench", dependencies: ["AttentionKernels"], path: "Benchmarks/Kernels",
            exclude: ["compare.py"]),
        .executableTarget(
            name: "shards-bench", dependencies: ["TeachingSimulation"], path: "Benchmarks/Distributed/Shards"),
        .executableTarget(name: "ranks-bench", dependencies: ["Training"], path: "Benchmarks/Distributed/Ranks"),
        .executableTarget(name: "selection-bench", dependencies: ["Teaching"], path: "Benchmarks/Selection"),
        .executableTarget(
            name: "tokenizer-bench", dependencies: ["Tokenizers"], path: "Benchmarks/Tokenizers", exclude: ["peer.py"]),
        .executableTarget(name: "your-own-loop", dependencies: ["Teaching"], path: "Examples/YourOwnLoop"),
        .executableTarget(
            name: "attent",
            dependencies: [
                "Training", "Evaluation", "AttentionKernels", "Reporting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .target(name: "TestSupport", dependencies: ["NN"], path: "Tests/TestSupport"),
        .testTarget(name: "TorchTests", dependencies: ["NN", "TestSupport"]),
        .testTarget(name: "NNTests", dependencies: ["NN", "TestSupport"]),
        .testTarget(
            name: "ModelsTests", dependencies: ["Models", "Checkpoints", "TestSupport"], resources: [.copy("Goldens")]),
        .testTarget(
            name: "CheckpointsTests", dependencies: ["Checkpoints", "TestSupport"], resources: [.copy("Goldens")]),
        .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers"], resources: [.copy("Resources")]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Datasets", "CTurboJPEG", "CZlib"], resources: [.copy("Goldens")]),
        .testTarget(name: "TeachingTests", dependencies: ["Teaching", "TeachingSimulation"]),
        .testTarget(name: "AttentCTests", dependencies: ["AttentC", "CAttent"], resources: [.copy("Goldens")]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "TestSupport"]),
        .testTarget(name: "AttentionKernelsTests", dependencies: ["AttentionKernels", "TestSupport"]),
        .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"]),
        .testTarget(
            name: "HardeningTests", dependencies: ["Evaluation", "Reporting", "TestSupport"],
            resources: [.copy("Resources")]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "attent", "your-own-loop", "Reporting", "Training", "Teaching", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "ReportingTests", dependencies: ["AttentionKernels", "Reporting", "Training"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
