import Foundation
import NN
import Torch

/// The dynamic ANTK through training: how far the kernel of each step is from the last one, over learners of several widths.
public struct ConvergenceExperiment: Sendable {
    /// What the theorem is about, and what learners are trained by in practice.
    public enum Optimizer: String, Sendable, CaseIterable { case descent, adamw }

    public var optimizer = Optimizer.descent
    public var widths = [32, 64, 128, 256, 512]
    public var steps = 400
    /// Examples of the kernel.
    public var examples = 10
    public var trainingExamples = 512
    public var batchSize = 64
    /// The share of 2/λ, beyond which gradient descent diverges, that is the learning rate; λ is the first kernel's largest
    /// eigenvalue over its number of examples.
    public var rateShare = 0.1
    /// Heavy-ball momentum, with which a step goes 1/(1 − momentum) as far as plain descent's: the same path in the limit of
    /// small rates, in fewer steps.
    public var momentum = 0.9
    /// The learning rate of AdamW.
    public var adamRate = 1e-3
    /// Numbers that derivatives are projected to at random, ``repeats`` times, where kernels are estimated; exact where nil.
    public var sketchWidth: Int?
    public var repeats = 4
    /// A kernel has settled from the first snapshot on after which none is farther than this from the last.
    public var threshold = 0.1
    public var memory = 1 << 29
    public var seed: UInt64 = 0

    public init() {}

    public func run(on data: TheoryData) throws -> TheoryResult {
        guard steps >= 4 else {
            throw AntkError.setting(name: "the number of steps", found: "\(steps)", expected: "at least 4")
        }
        guard !widths.isEmpty, widths.allSatisfy({ $0 >= 1 }) else {
            throw AntkError.setting(name: "the widths", found: "\(widths)", expected: "numbers of at least 1")
        }
        let parts = try data.parts([trainingExamples, examples], seed: seed)
        let traces = try widths.map { try trace(width: $0, parts[0], parts[1]) }
        return report(traces)
    }

    /// A learner's kernel through training.
    struct Trace {
        var width: Int
        var rate: Double
        var steps: [Int] = []
        var distances: [Double] = []
        var alignments: [Double] = []
        var largest: [Double] = []
        var ranks: [Double] = []
        var losses: [Double] = []
        /// ‖standard error‖_F ∕ ‖K_T‖_F of the kernels' estimates, the largest; 0 where they are exact.
        var uncertainty = 0.0

        func settled(within threshold: Double) -> Int {
            let last = distances.lastIndex { $0 > threshold }
            return steps[last.map { min($0 + 1, steps.count - 1) } ?? 0]
        }

        /// The step at which a kernel that goes the same way at an even pace would settle.
        func evenPace(within threshold: Double) -> Double {
            let (end, whole) = (Double(steps.last ?? 0), distances.first ?? 0)
            return whole > threshold ? end * (1 - threshold / whole) : 0
        }
    }

    private func trace(width: Int, _ training: TheoryData, _ probe: TheoryData) throws -> Trace {
        let learner = try LeastSquaresLearner(training, width: width, dtype: .float32, seed: seed)
        let differentiable = try DifferentiableLearner(learner.model, learner.parameters, images: probe.images)
        var errors: [Double] = []
        func snapshot() throws -> Tensor {
            let kernel = try kernel(of: differentiable)
            errors.append(try kernel.standardError.norm().item())
            return kernel.estimate
        }
        var kernels = [try snapshot()]
        let curvature = try Spectrum(kernels[0]).largest / Double(examples)
        var trace = Trace(width: width, rate: optimizer == .adamw ? adamRate : rateShare * 2 / curvature)
        trace.steps = [0]
        trace.losses = [try withoutGradients { try learner.loss().item() }]
        let snapshots = Set(snapshotSteps)
        let update = try updater(learner.parameters, trace.rate)
        for step in 1...steps {
            let (loss, gradient) = try learner.gradient(of: batch(step))
            guard loss.isFinite else {
                throw AntkError.setting(
                    name: "the loss of step \(step) at width \(width)", found: "\(loss)", expected: "a number")
            }
            try update(gradient)
            guard snapshots.contains(step) else { continue }
            kernels.append(try snapshot())
            trace.steps.append(step)
            trace.losses.append(try withoutGradients { try learner.loss().item() })
        }
        let targets = try (probe.targets() - 1 / Double(probe.classCount)).reshaped(-1)
        for kernel in kernels {
            let spectrum = try Spectrum(kernel)
            trace.distances.append(try relativeDistance(kernel, kernels[kernels.count - 1]))
            trace.alignments.append(try alignment(kernel, with: targets))
            trace.largest.append(spectrum.largest)
            trace.ranks.append(spectrum.effectiveRank)
        }
        trace.uncertainty = try (errors.max() ?? 0) / kernels[kernels.count - 1].norm().item()
        return trace
    }

    /// The kernel of the moment. Every moment is projected alike, so that the projection's error is much the same in all.
    private func kernel(of learner: DifferentiableLearner) throws -> KernelSketch {
        guard let sketchWidth else {
            let exact = try TangentKernel(learner, memory: memory).matrix()
            return KernelSketch(estimate: exact, standardError: try exact.zerosLike())
        }
        return try TangentKernel(learner, memory: memory).sketch(width: sketchWidth, repeats: repeats, seed: seed)
    }

    /// Steps of the optimiser, given the gradient.
    private func updater(_ parameters: Parameters, _ rate: Double) throws -> ([Tensor]) throws -> Void {
        guard optimizer == .descent else {
            let adam = try AdamW(parameters, .init(weightDecay: 0))
            return { gradient in
                for (tensor, part) in zip(parameters.list.tensors, gradient) { try tensor.setGradient(part) }
                _ = try adam.step(learningRate: rate, clippingTo: nil)
            }
        }
        var velocity: [Tensor]?
        return { gradient in
            let next = try velocity.map { old in try zip(old, gradient).map { try $0 * momentum + $1 } } ?? gradient
            velocity = next
            try parameters.descend(next, rate: rate)
        }
    }

    /// Close together at first, then a tenth of the run apart.
    var snapshotSteps: [Int] {
        let early = sequence(first: 1) { $0 * 2 }.prefix { $0 < steps / 10 }
        let late = (1...10).map { $0 * steps / 10 }
        return Array(Set(Array(early) + late)).sorted()
    }

    private func batch(_ step: Int) throws -> [Int] {
        try Generator(seed: seed &+ UInt64(step) &* 0x9e37_79b9).uniform([min(batchSize, trainingExamples)])
            .values(as: Double.self).map { Int($0 * Double(trainingExamples)) }
    }
}

extension ConvergenceExperiment {
    private func kernelsInWords(_ traces: [Trace]) -> String {
        guard let sketchWidth else { return "exact" }
        let errors = traces.map { String(format: "%.1f %%", 100 * $0.uncertainty) }.joined(separator: ", ")
        return "projected to \(sketchWidth) numbers \(repeats) times, standard errors up to \(errors)"
    }

    private func report(_ traces: [Trace]) -> TheoryResult {
        let settled = traces.map { $0.settled(within: threshold) }
        let isSupported = zip(traces, settled).allSatisfy { trace, step in
            Double(step) < max(0.75 * trace.evenPace(within: threshold), 1) || trace.distances[0] <= threshold
        }
        var figures: [String: Double] = [:]
        for (trace, step) in zip(traces, settled) {
            figures["theory.antk.settled_at_step.\(trace.width)"] = Double(step)
            figures["theory.antk.moved.\(trace.width)"] = trace.distances[0]
            figures["theory.antk.uncertainty.\(trace.width)"] = sketchWidth == nil ? nil : trace.uncertainty
        }
        figures["theory.antk.settled_at_step"] = Double(settled.max() ?? 0)
        let words = zip(traces, settled).map { trace, step in
            String(
                format:
                    "at width %d the kernel moves by %.0f %% of its last value and is within %.0f %% from step %d on "
                    + "(at an even pace: %.0f)",
                trace.width, 100 * trace.distances[0], 100 * threshold, step, trace.evenPace(within: threshold))
        }
        return TheoryResult(
            experiment: "convergence", title: "Convergence of the dynamic ANTK",
            statement: Self.statement,
            equation: "‖K_t − K_T‖_F / ‖K_T‖_F → 0,  K_t(S, S') = ⟨∂f_t(S)/∂θ, ∂f_t(S')/∂θ⟩",
            verdict: "Over \(steps) steps, " + words.joined(separator: "; ") + ".", isSupported: isSupported,
            figures: figures,
            settings: [
                "widths": widths.map(String.init).joined(separator: ", "), "steps": "\(steps)", "seed": "\(seed)",
                "examples of the kernel": "\(examples)", "training examples": "\(trainingExamples)",
                "batch size": "\(batchSize)", "momentum": "\(momentum)",
                "optimizer": optimizer.rawValue, "kernels": kernelsInWords(traces),
                "learning rates": traces.map { String(format: "%.2g", $0.rate) }.joined(separator: ", "),
            ],
            tables: [table(traces, settled)], charts: charts(traces))
    }

    private func table(_ traces: [Trace], _ settled: [Int]) -> TheoryResult.Table {
        func change(_ values: [Double], _ format: String) -> String {
            String(format: "\(format) → \(format)", values.first ?? .nan, values.last ?? .nan)
        }
        return TheoryResult.Table(
            title: "From the first step to the last",
            heads: [
                "width", "settled at step", "even pace", "loss", "largest eigenvalue", "effective rank", "alignment",
            ],
            rows: zip(traces, settled).map { trace, step in
                [
                    "\(trace.width)", "\(step)", String(format: "%.0f", trace.evenPace(within: threshold)),
                    change(trace.losses, "%.3f"), change(trace.largest, "%.0f"), change(trace.ranks, "%.1f"),
                    change(trace.alignments, "%.3f"),
                ]
            })
    }

    private func charts(_ traces: [Trace]) -> [TheoryResult.Chart] {
        func chart(_ title: String, _ y: String, _ values: (Trace) -> [Double]) -> TheoryResult.Chart {
            TheoryResult.Chart(
                title: title, xTitle: "step", yTitle: y,
                lines: traces.map {
                    .init(name: "width \($0.width)", x: $0.steps.map(Double.init), y: values($0))
                })
        }
        return [
            chart("Distance from the last kernel", "‖K_t − K_T‖ ∕ ‖K_T‖", \.distances),
            chart("Alignment with the targets", "yᵀKy ∕ ‖K‖‖y‖²", \.alignments),
            chart("Largest eigenvalue", "log₁₀ λ", { $0.largest.map { log10($0) } }),
            chart("Effective rank", "(Σλ)² ∕ Σλ²", \.ranks), chart("Loss", "L", \.losses),
        ]
    }
}

extension ConvergenceExperiment {
    private static let statement = """
        As training goes on, the kernel of the moment converges pointwise to a fixed one, the canonical kernel of \
        functional gradient descent, if the parameters converge: for a convex loss whose minimum gradient descent \
        reaches. At finite width the limit is not the kernel of the start, and until the parameters rest the \
        kernel moves. The distance to the last kernel falls to 0 whatever happens, so a kernel counts as settled \
        early only where one that moved at an even pace would settle clearly later.
        """
}
