import ArgumentParser
import AttentionKernels
import Datasets
import Foundation
import Reporting
import Torch
import Training

struct Antk: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the theory as experiments: the attention neural tangent kernel and the paper's statements.",
        discussion: """
            gradients    closed-form derivatives against automatic differentiation, and importance factors
            kernel       the ANTK: exact, of parts of the parameters, by random projection, by finite differences
            convergence  how far the kernel is from its last value through training, by width
            descent      a parameter step against the functional step that the kernel predicts; decrease of the loss
            greedy       do the teacher's scores pick what decreases the loss most?
            """)

    enum Experiment: String, CaseIterable, ExpressibleByArgument {
        case gradients, kernel, convergence, descent, greedy
    }

    @Argument(help: "The experiment.")
    var experiment: Experiment

    @Option(help: "The folder for results.json and report.html, which must not exist [default: runs/antk-EXPERIMENT].")
    var out: String?

    @Option(help: "scikit-learn's digits.csv.gz.")
    var data = BundledData.digits

    @Option(help: "Examples: of the kernel, or to choose from [default: as the experiment needs].")
    var examples: Int?

    @Option(help: "Widths of learners, separated by commas; all but 'convergence' take one.")
    var widths: String?

    @Option(help: "Steps of training [default: as the experiment needs].")
    var steps: Int?

    @Option(help: "For 'kernel': which learner's.")
    var learner = TheoryLearner.vit

    @Option(
        help:
            "For 'kernel': what derivatives are rounded to before they are multiplied: 'auto' is bfloat16 where that is quick."
    )
    var precision = KernelPrecision.automatic

    @Option(help: "For 'kernel': parts of parameters' names, separated by commas [default: all parameters].")
    var parameters: String?

    @Option(help: "For 'gradients': a text whose characters' importance is drawn [default: a passage of Hamlet].")
    var text: String?

    @Option(help: "For 'convergence': plain gradient descent with momentum, of which the theorem is, or AdamW.")
    var optimizer = ConvergenceExperiment.Optimizer.descent

    @Option(help: "For 'convergence': numbers that a derivative is projected to at random [default: exact kernels].")
    var sketch: Int?

    @Option(help: "MiB that derivatives may take at a time.")
    var memory = 512

    @Option(help: "Equal seeds give equal results.")
    var seed: UInt64 = 0

    @Option(help: "Threads within an operation.")
    var threads = 1

    @OptionGroup var output: OutputOptions

    func validate() throws {
        for (name, value) in [
            ("examples", examples), ("steps", steps), ("memory", memory), ("threads", threads), ("sketch", sketch),
        ] where value ?? 1 < 1 {
            throw ValidationError("--\(name) is \(value ?? 0), expected at least 1")
        }
        let numbers = try parsedWidths() ?? [1]
        guard experiment == .convergence || numbers.count == 1 else {
            throw ValidationError("--widths is \(widths ?? ""), expected one number for '\(experiment.rawValue)'")
        }
        guard experiment == .convergence || optimizer == .descent else {
            throw ValidationError("--optimizer goes with 'convergence' alone")
        }
        guard experiment == .convergence || sketch == nil else {
            throw ValidationError("--sketch goes with 'convergence' alone")
        }
        guard experiment == .gradients || text == nil else {
            throw ValidationError("--text goes with 'gradients' alone")
        }
        guard experiment == .kernel || parameters == nil else {
            throw ValidationError("--parameters goes with 'kernel' alone")
        }
        guard experiment == .kernel || (learner == .vit && precision == .automatic) else {
            throw ValidationError("--learner and --precision go with 'kernel' alone")
        }
    }

    func run() throws {
        let folder = out ?? "runs/antk-\(experiment.rawValue)"
        guard !FileManager.default.fileExists(atPath: folder) else { throw TrainingError.folderExists(path: folder) }
        Engine.threadCount = threads
        Engine.keepFreedMemory()
        let width = try parsedWidths()?.max() ?? 128
        Engine.linearKernels = try Precision.auto.resolved(on: .cpu, width: width).linearKernels
        let result = try result(on: TheoryData.digits(data))
        let machine = Machine.current
        let report = try TheoryReport(
            result, machine: "\(machine.processor), \(threads) threads, libtorch \(machine.torchVersion)"
        ).write(to: folder)
        try output.show([
            ("results", .text("\(folder)/results.json")), ("report", .text(report)),
            ("verdict", .text(result.verdict)), ("figures", .metrics(result.figures)),
        ]) {
            let figures = result.figures.sorted { $0.key < $1.key }.map { "figure \($0.key) \($0.value)" }
            return ([result.verdict, "Results: \(folder)/results.json", "Report: \(report)"] + figures)
                .joined(separator: "\n")
        }
    }

    private func result(on data: TheoryData) throws -> TheoryResult {
        let widths = try parsedWidths()
        switch experiment {
        case .gradients:
            var experiment = GradientExperiment()
            experiment.seed = seed
            experiment.trials = examples ?? experiment.trials
            experiment.text = try text.map { try TheoryText(TextFile($0).text, name: $0) }
            return try experiment.run(on: data)
        case .kernel:
            var experiment = KernelExperiment()
            (experiment.seed, experiment.memory, experiment.restriction) = (seed, memory << 20, parameters)
            (experiment.learner, experiment.precision) = (learner, precision)
            experiment.examples = examples ?? experiment.examples
            experiment.width = widths?[0] ?? experiment.width
            return try experiment.run(on: data)
        case .convergence:
            var experiment = ConvergenceExperiment()
            (experiment.seed, experiment.memory) = (seed, memory << 20)
            experiment.examples = examples ?? experiment.examples
            (experiment.optimizer, experiment.sketchWidth) = (optimizer, sketch)
            experiment.widths = widths ?? experiment.widths
            experiment.steps = steps ?? experiment.steps
            return try experiment.run(on: data)
        case .descent:
            var experiment = DescentExperiment()
            (experiment.seed, experiment.memory) = (seed, memory << 20)
            experiment.examples = examples ?? experiment.examples
            experiment.width = widths?[0] ?? experiment.width
            experiment.steps = steps ?? experiment.steps
            return try experiment.run(on: data)
        case .greedy:
            var experiment = GreedyExperiment()
            experiment.seed = seed
            experiment.examples = examples ?? experiment.examples
            experiment.width = widths?[0] ?? experiment.width
            experiment.steps = steps ?? experiment.steps
            return try experiment.run(on: data)
        }
    }

    private func parsedWidths() throws -> [Int]? {
        try widths?.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let width = Int(text), width >= 1 else {
                throw ValidationError(
                    "--widths is \(widths ?? ""), expected whole numbers of at least 1, such as 32,64")
            }
            return width
        }
    }
}

extension ConvergenceExperiment.Optimizer: ExpressibleByArgument {}
extension TheoryLearner: ExpressibleByArgument {}
extension KernelPrecision: ExpressibleByArgument {}
