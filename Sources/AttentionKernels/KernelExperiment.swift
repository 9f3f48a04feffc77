import Foundation
import Models
import NN
import Torch

/// The ANTK of a small vision transformer: exact, in blocks, restricted, sketched, and against finite differences.
public struct KernelExperiment: Sendable {
    public var examples = 16
    public var width = 32
    /// Numbers a derivative is projected to, and independent projections.
    public var sketchWidth = 1024
    public var repeats = 4
    /// Parts of parameters' names, separated by commas; all parameters where nil.
    public var restriction: String?
    /// Bytes that derivatives may take.
    public var memory = 1 << 28
    public var seed: UInt64 = 0

    public init() {}

    public func run(on data: TheoryData) throws -> TheoryResult {
        guard examples >= 2 else {
            throw AntkError.setting(name: "the number of examples", found: "\(examples)", expected: "at least 2")
        }
        let part = try data.parts([examples], seed: seed)[0]
        let (model, parameters) = try part.model(width: width, dtype: .float32, seed: seed)
        let learner = try DifferentiableLearner(model, parameters, images: part.images, restrictedTo: restriction)
        let kernel = try TangentKernel(learner, memory: memory)
        let (exact, exactTime) = try timed { try kernel.matrix() }
        let (sketch, sketchTime) = try timed { try kernel.sketch(width: sketchWidth, repeats: repeats, seed: seed) }
        let spectrum = try Spectrum(exact)
        let asymmetry = try relativeDistance(exact, exact.transposed(0, 1))
        let error = try relativeDistance(sketch.estimate, exact)
        let expectedError = try sketch.standardError.norm().item() / exact.norm().item()
        let numerical = try finiteDifferenceError(part)
        let negative = max(0, -spectrum.smallest) / spectrum.largest
        var result = TheoryResult(
            experiment: "kernel", title: "The attention neural tangent kernel",
            statement: Self.statement,
            equation: "K(S, S') = ⟨∂f(S)/∂θ, ∂f(S')/∂θ⟩",
            verdict: String(
                format: "The kernel equals the one by finite differences to %.1e (fp64); its asymmetry is %.1e and its "
                    + "most negative eigenvalue %.1e of the largest. A random projection to %d numbers, %d times, is off "
                    + "by %.1f %%, %.1f %% by its own error bar.",
                numerical, asymmetry, negative, sketchWidth, repeats, 100 * error, 100 * expectedError),
            isSupported: numerical < 1e-6 && asymmetry < 1e-5 && negative < 1e-5,
            figures: [
                "antk.finite_difference.error": numerical, "antk.asymmetry": asymmetry,
                "antk.negative_eigenvalue": negative, "antk.sketch.error": error,
                "antk.sketch.expected_error": expectedError, "antk.exact.seconds": exactTime,
                "antk.sketch.seconds": sketchTime, "antk.effective_rank": spectrum.effectiveRank,
            ],
            settings: [
                "examples": "\(examples)", "width": "\(width)", "parameters": "\(learner.parameters.count)",
                "restriction": restriction ?? "none", "outputs": "\(learner.outputCount)", "seed": "\(seed)",
                "memory": "\(memory >> 20) MiB", "blocks": "\(kernel.blocks.count)",
            ])
        result.tables = [try restrictions(model, parameters, part)]
        result.charts = [spectrumChart(spectrum, try Spectrum(sketch.estimate))]
        return result
    }

    /// The largest difference from derivatives by central differences, of a learner in fp64, relative to the largest entry.
    func finiteDifferenceError(_ data: TheoryData) throws -> Double {
        let few = try data.examples([0, 1])
        let (model, parameters) = try few.model(width: 4, dtype: .float64, seed: seed, layers: 1)
        let learner = try DifferentiableLearner(model, parameters, images: few.images.to(.float64))
        let exact = try TangentKernel(learner).matrix()
        let jacobian = try learner.numericalJacobian()
        let numerical = try jacobian.matmul(jacobian.transposed(0, 1))
        return try (exact - numerical).abs().max().item() / exact.abs().max().item()
    }

    /// How much of the kernel each part of the parameters makes up.
    private func restrictions(
        _ model: ViT, _ parameters: Parameters, _ data: TheoryData
    ) throws -> TheoryResult.Table {
        let parts = [
            "embeddings", "attention.attention", "attention.output", "intermediate", "layernorm", "classifier",
        ]
        let targets = try (data.targets() - 1 / Double(data.classCount)).reshaped(-1)
        let all = try DifferentiableLearner(model, parameters, images: data.images)
        let whole = try trace(TangentKernel(all, memory: memory).matrix())
        let rows = try parts.map { part in
            let learner = try DifferentiableLearner(model, parameters, images: data.images, restrictedTo: part)
            let kernel = try TangentKernel(learner, memory: memory).matrix()
            return [
                part, "\(learner.parameters.count)",
                String(format: "%.1f %%", 100 * (try trace(kernel)) / whole),
                String(format: "%.3f", try alignment(kernel, with: targets)),
            ]
        }
        return TheoryResult.Table(
            title: "The kernel of parts of the parameters, by their names",
            heads: ["parameters", "scalars", "share of the trace", "alignment with targets"], rows: rows)
    }

    private func spectrumChart(_ exact: Spectrum, _ sketch: Spectrum) -> TheoryResult.Chart {
        func line(_ name: String, _ spectrum: Spectrum) -> TheoryResult.Line {
            let positive = spectrum.eigenvalues.enumerated().filter { $0.element > spectrum.largest * 1e-9 }
            return TheoryResult.Line(
                name: name, x: positive.map { Double($0.offset + 1) }, y: positive.map { log10($0.element) })
        }
        return TheoryResult.Chart(
            title: "Spectrum", xTitle: "eigenvalue number", yTitle: "log₁₀ of the eigenvalue",
            lines: [line("exact", exact), line("random projection", sketch)])
    }
}

/// What `body` gives and the seconds that it takes.
func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    let duration = clock.now - start
    return (result, Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
}

extension KernelExperiment {
    private static let statement = """
        The kernel between two sequences is the inner product of their outputs' derivatives by the parameters. It \
        is symmetric and positive semi-definite, and a step of gradient descent moves the output for one sequence \
        by the kernel times the loss's gradient at the others.
        """
}
