import Foundation
import Torch

/// Parameter descent is functional descent to first order, and how much it decreases the loss.
public struct DescentExperiment: Sendable {
    public var examples = 32
    public var width = 16
    public var steps = 120
    /// Steps from one estimate of the kernel's bounds to the next.
    public var interval = 20
    public var memory = 1 << 29
    public var seed: UInt64 = 0

    public init() {}

    public func run(on data: TheoryData) throws -> TheoryResult {
        guard examples >= 1 else {
            throw AntkError.setting(name: "the number of examples", found: "\(examples)", expected: "at least 1")
        }
        guard steps >= interval else {
            throw AntkError.setting(name: "the number of steps", found: "\(steps)", expected: "at least \(interval)")
        }
        let part = try data.parts([examples], seed: seed)[0]
        let learner = try LeastSquaresLearner(part, width: width, dtype: .float64, seed: seed)
        let start = try stepErrors(learner)
        let run = try descend(learner)
        let end = try stepErrors(learner)
        return report(start, end, run)
    }

    /// What a step's outputs differ from the kernel's prediction by.
    public struct StepErrors: Sendable, Equatable {
        public var rates: [Double] = []
        /// ‖f_{t+1} − (f_t − η K ∂L/∂f)‖
        public var errors: [Double] = []

        /// d log error ∕ d log η by least squares.
        public var slope: Double {
            let (x, y) = (rates.map { log($0) }, errors.map { log($0) })
            let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
            let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
            return covariance / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        }
    }

    /// Takes steps of falling rates from the same parameters, which stay as they are.
    func stepErrors(_ learner: LeastSquaresLearner) throws -> StepErrors {
        let kernel = try TangentKernel(learner.differentiable(), memory: memory).matrix()
        let (before, gradient) = try learner.outputs()
        let direction = try kernel.matmul(gradient.reshaped(-1)).reshaped(before.shape)
        let parameterGradient = try learner.gradient().gradient
        let snapshot = try learner.parameters.snapshot()
        // Beyond 2/λ a step overshoots; from a hundredth of that down, the error is that of the second order.
        let largest = 0.02 * Double(examples) / (try Spectrum(kernel).largest)
        var result = StepErrors()
        for halving in 0..<8 {
            let rate = largest * pow(0.5, Double(halving))
            try learner.parameters.descend(parameterGradient, rate: rate)
            let real = try learner.outputs().values
            result.rates.append(rate)
            result.errors.append(try (real - before + direction * rate).norm().item())
            try learner.parameters.restore(snapshot)
        }
        return result
    }

    /// What happened along a run of gradient descent.
    struct Run {
        var losses: [Double] = []
        /// The loss's change in each step.
        var changes: [Double] = []
        /// −(η/2) ‖∇_θ L‖², which the descent lemma allows at least where η is below 1 over the curvature.
        var lemma: [Double] = []
        /// −(ηγ/2) ‖Σ_i ∂ℓ_i/∂f / N‖², the paper's bound.
        var bound: [Double] = []
        var gammas: [Double] = []
        var smallest: [Double] = []
    }

    /// Gradient descent on all examples with the paper's rate η = 1/(2τγ), where τ = 1 is the smoothness of the squared
    /// error and γ the kernel's largest entry, estimated anew from time to time.
    func descend(_ learner: LeastSquaresLearner) throws -> Run {
        var run = Run()
        for step in 0..<steps {
            if step % interval == 0 {
                let kernel = try TangentKernel(learner.differentiable(), memory: memory).matrix()
                run.gammas.append(try kernel.abs().max().item())
                run.smallest.append(try Spectrum(kernel).smallest)
            }
            let gamma = run.gammas[run.gammas.count - 1]
            let rate = 1 / (2 * gamma)
            let mean = try learner.outputs().gradient.sum(0)  // Σ_i ∂ℓ_i/∂f / N, [classes]
            let (loss, gradient) = try learner.gradient()
            try learner.parameters.descend(gradient, rate: rate)
            let after = try withoutGradients { try learner.loss().item() }
            run.losses.append(loss)
            run.changes.append(after - loss)
            run.lemma.append(-rate / 2 * (try squaredNorm(gradient)))
            run.bound.append(-rate * gamma / 2 * (try mean.square().sum().item()))
        }
        return run
    }
}

extension DescentExperiment {
    private func report(_ start: StepErrors, _ end: StepErrors, _ run: Run) -> TheoryResult {
        func share(_ bound: [Double]) -> Double {
            Double(zip(run.changes, bound).count { $0 <= $1 }) / Double(run.changes.count)
        }
        let (lemma, paper) = (share(run.lemma), share(run.bound))
        let slopes = [start.slope, end.slope]
        // The bound is −(ηγ/2) times a square: scaled by this share of γ, it would have held in every step.
        let gammaShare = zip(run.changes, run.bound).map { $0 / $1 }.min() ?? .nan
        return TheoryResult(
            experiment: "descent", title: "Parameter descent is functional descent",
            statement: Self.statement,
            equation: "f_{t+1} = f_t − η K_t ∂L/∂f + O(η²);  ΔL ≤ −(η/2)‖∇_θ L‖²;  "
                + "the paper's ΔL ≤ −(ηγ/2)(Σ_i ∂ℓ_i/∂f / N)² for η ≤ 1/(2τγ)",
            verdict: String(
                format: "The difference falls with η to the power %.3f at the start and %.3f after %d steps. The "
                    + "decrease (η/2)‖∇L‖² is reached in %.0f %% of the steps, the paper's bound in %.0f %%; "
                    + "it would hold in all of them with %.2g times its γ.",
                slopes[0], slopes[1], steps, 100 * lemma, 100 * paper, gammaShare),
            isSupported: slopes.allSatisfy { abs($0 - 2) < 0.1 } && lemma == 1,
            figures: [
                "theory.step_error.slope": slopes[0], "theory.step_error.slope.trained": slopes[1],
                "theory.descent.lemma_holds": lemma, "theory.descent.bound_holds": paper,
                "theory.descent.gamma_share": gammaShare,
            ],
            settings: [
                "examples": "\(examples)", "width": "\(width)", "steps": "\(steps)", "seed": "\(seed)",
                "γ": run.gammas.map { String(format: "%.0f", $0) }.joined(separator: ", "),
                "smallest eigenvalues": run.smallest.map { String(format: "%.2g", $0) }.joined(separator: ", "),
            ], charts: charts(start, end, run))
    }

    private func charts(_ start: StepErrors, _ end: StepErrors, _ run: Run) -> [TheoryResult.Chart] {
        func line(_ name: String, _ errors: StepErrors) -> TheoryResult.Line {
            .init(name: name, x: errors.rates.map { log10($0) }, y: errors.errors.map { log10($0) })
        }
        let steps = run.losses.indices.map(Double.init)
        func decrease(_ name: String, _ changes: [Double]) -> TheoryResult.Line {
            let kept = changes.indices.filter { changes[$0] < 0 }
            return .init(name: name, x: kept.map { steps[$0] }, y: kept.map { log10(-changes[$0]) })
        }
        return [
            .init(
                title: "Error of the functional step", xTitle: "log₁₀ η", yTitle: "log₁₀ of the error",
                note: "A slope of 2 is an error of the second order.",
                lines: [line("at the start", start), line("after training", end)]),
            .init(
                title: "Decrease of the loss in each step", xTitle: "step", yTitle: "log₁₀ −ΔL",
                note: "A bound holds where its line lies below the measured one.",
                lines: [
                    decrease("measured", run.changes), decrease("(η/2)‖∇L‖²", run.lemma),
                    decrease("the paper's bound", run.bound),
                ]),
            .init(title: "Loss", xTitle: "step", yTitle: "L", lines: [.init(name: "loss", x: steps, y: run.losses)]),
        ]
    }
}

extension DescentExperiment {
    private static let statement = """
        A step of gradient descent on the parameters moves the outputs as a step of functional gradient descent \
        under the ANTK does, up to terms of the second order in the rate η: halving η quarters the difference. \
        Such a step decreases the loss by at least (η/2)‖∇_θ L‖² where η is below 1 over the curvature. The \
        paper's bound puts the mean of the functional gradient and an upper bound γ of the kernel in the place \
        of the gradient's norm. An upper bound of the kernel cannot promise a decrease in general: with \
        g = ∂L/∂f the decrease is about η gᵀKg, of which only the smallest eigenvalue is a lower bound, and that \
        is near 0. So the bound is an observation about a run, not a law.
        """
}
