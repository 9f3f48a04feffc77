import Foundation
import Torch

/// The ANTK of a small learner: exact, in blocks, restricted, sketched, and against finite differences.
public struct KernelExperiment: Sendable {
    public var learner = TheoryLearner.vit
    public var examples = 16
    public var width = 32
    /// Numbers a derivative is projected to, and independent projections.
    public var sketchWidth = 1024
    public var repeats = 4
    /// Parts of parameters' names, separated by commas; all parameters where nil.
    public var restriction: String?
    /// Bytes that derivatives may take.
    public var memory = 1 << 28
    public var precision = KernelPrecision.automatic
    public var seed: UInt64 = 0

    public init() {}

    public func run(on data: TheoryData) throws -> TheoryResult {
        guard examples >= 2 else {
            throw AntkError.setting(name: "the number of examples", found: "\(examples)", expected: "at least 2")
        }
        let part = try data.parts([examples], seed: seed)[0]
        let made = try learner.make(part, .init(width: width, seed: seed, restriction: restriction))
        let kernel = try TangentKernel(made.learner, memory: memory, precision: precision)
        let (found, time) = try timed { try kernel.matrix() }
        let exact = try TangentKernel(made.learner, memory: memory, precision: .full).matrix()
        let (sketch, sketchTime) = try timed { try kernel.sketch(width: sketchWidth, repeats: repeats, seed: seed) }
        let spectrum = try Spectrum(found)
        let figures = [
            "antk.finite_difference.error": try finiteDifferenceError(part),
            "antk.asymmetry": try relativeDistance(found, found.transposed(0, 1)),
            "antk.negative_eigenvalue": max(0, -spectrum.smallest) / spectrum.largest,
            "antk.sketch.error": try relativeDistance(sketch.estimate, exact),
            "antk.sketch.expected_error": try sketch.standardError.norm().item() / exact.norm().item(),
            "antk.exact.seconds": time, "antk.sketch.seconds": sketchTime,
            "antk.effective_rank": spectrum.effectiveRank,
        ]
        var result = report(figures, kernel)
        result.tables = [try restrictions(part, made.targets)]
        result.charts = [spectrumChart(spectrum, try Spectrum(sketch.estimate))]
        return result
    }

    private func report(_ figures: [String: Double], _ kernel: TangentKernel) -> TheoryResult {
        func figure(_ name: String) -> Double { figures["antk.\(name)"] ?? .nan }
        let isSupported =
            figure("finite_difference.error") < 1e-6 && figure("asymmetry") < 1e-5
            && figure("negative_eigenvalue") < 1e-5
        return TheoryResult(
            experiment: "kernel", title: "The attention neural tangent kernel",
            statement: Self.statement,
            equation: "K(S, S') = ⟨∂f(S)/∂θ, ∂f(S')/∂θ⟩",
            verdict: String(
                format: "The kernel equals the one by finite differences to %.1e (fp64); its asymmetry is %.1e and its "
                    + "most negative eigenvalue %.1e of the largest. A random projection to %d numbers, %d times, is "
                    + "off by %.1f %%, %.1f %% by its own error bar.",
                figure("finite_difference.error"), figure("asymmetry"), figure("negative_eigenvalue"),
                sketchWidth, repeats, 100 * figure("sketch.error"),
                100 * figure("sketch.expected_error")),
            isSupported: isSupported, figures: figures,
            settings: [
                "learner": learner.rawValue, "examples": "\(examples)", "width": "\(width)",
                "parameters": "\(kernel.learner.parameters.count)", "restriction": restriction ?? "none",
                "outputs": "\(kernel.learner.outputCount)", "seed": "\(seed)", "memory": "\(memory >> 20) MiB",
                "blocks": "\(kernel.blocks.count)", "precision": kernel.precision.rawValue,
                "examples at a time": kernel.learner.isBatched ? "a block" : "one",
            ])
    }

    /// The largest difference from derivatives by central differences, of a learner in fp64, relative to the largest entry.
    func finiteDifferenceError(_ data: TheoryData) throws -> Double {
        let few = try data.examples([0, 1])
        // Adapters are fp32 in every case, too coarse for differences.
        let kind = learner == .lora ? TheoryLearner.llama : learner
        let small = try kind.make(few, .init(width: 4, layers: 1, dtype: .float64, seed: seed)).learner
        let exact = try TangentKernel(small).matrix()
        let jacobian = try small.numericalJacobian()
        let numerical = try jacobian.matmul(jacobian.transposed(0, 1))
        return try (exact - numerical).abs().max().item() / exact.abs().max().item()
    }

    /// How much of the kernel each part of the parameters makes up.
    private func restrictions(_ data: TheoryData, _ targets: Tensor) throws -> TheoryResult.Table {
        func kernel(_ part: String?) throws -> (parameters: Int, matrix: Tensor) {
            let made = try learner.make(data, .init(width: width, seed: seed, restriction: part))
            return (
                made.learner.parameters.count,
                try TangentKernel(made.learner, memory: memory, precision: .full).matrix()
            )
        }
        let whole = try trace(kernel(nil).matrix)
        let rows = try learner.parts.map { part in
            let (count, matrix) = try kernel(part)
            return [
                part, "\(count)", String(format: "%.1f %%", 100 * (try trace(matrix)) / whole),
                try matrix.norm().item() > 0 ? String(format: "%.3f", try alignment(matrix, with: targets)) : "–",
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
