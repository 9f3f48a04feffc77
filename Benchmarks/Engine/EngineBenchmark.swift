import Foundation
import Torch

/// Training step, scoring pass and generation against PyTorch: the same weights, data and settings, the two sides in turn.
@main
enum EngineBenchmark {
    static func main() {
        do {
            try run(Options(Array(CommandLine.arguments.dropFirst())))
        } catch {
            FileHandle.standardError.write(Data("engine-bench: \(error)\n".utf8))
            exit(error is Options.UsageError ? 2 : 1)
        }
    }

    private static func run(_ options: Options) throws {
        Engine.threadCount = options.threadCount
        Engine.keepFreedMemory()
        say(
            "libtorch \(Engine.version) (\(Engine.cpuCapability)), \(options.threadCount) threads, "
                + "\(options.stopwatch.rawValue) time, medians of \(options.roundCount) pairs")
        let peer = try Peer(python: options.python)
        if let steps = options.lossSteps {
            try compareLosses(over: steps, options, peer)
            return try peer.stop()
        }
        var eager: [(workload: Workload, outcome: Comparison.Outcome)] = []
        for setting in Setting.eager where options.settings.contains(setting.option) {
            for workload in options.models {
                let outcome = try Comparison(workload: workload, setting: setting, options: options, peer: peer).run()
                report(outcome, of: "\(workload.name).\(setting.name)")
                if setting.name == Setting.automatic.name { eager.append((workload, outcome)) }
            }
        }
        summarize(eager, options)
        try compareWithCompiled(options, peer)
        try peer.stop()
        if let program = options.attent {
            let seconds = try Startup(program: program, startCount: options.startCount).seconds()
            say("figure engine.startup.seconds \(rounded(seconds))")
        }
    }

    private static func compareLosses(over steps: Int, _ options: Options, _ peer: Peer) throws {
        for setting in Setting.eager where options.settings.contains(setting.option) {
            for workload in options.models {
                let comparison = Comparison(workload: workload, setting: setting, options: options, peer: peer)
                let gap = try comparison.lossGap(steps: steps)
                say("figure engine.\(workload.name).\(setting.name).loss_gap.\(steps) \(String(format: "%.2g", gap))")
            }
        }
    }

    /// The means are those of the vision transformers, the worst is that of all models, so each is only told of the whole.
    private static func summarize(_ eager: [(workload: Workload, outcome: Comparison.Outcome)], _ options: Options) {
        let vision = eager.filter(\.workload.isViT).map(\.outcome)
        if !vision.isEmpty {
            say("figure step.vs_eager \(rounded(vision.map(\.step).geometricMean))")
            say("figure score.vs_eager \(rounded(vision.map(\.score).geometricMean))")
        }
        guard eager.count == Workload.all.count else { return }
        say("figure engine.worst.vs_eager \(rounded(eager.map(\.outcome.step).min() ?? .nan))")
    }

    private static func report(_ outcome: Comparison.Outcome, of name: String) {
        say(
            "\(name): our step takes \(rounded(outcome.stepSeconds * 1e3)) ms at \(outcome.precision.rawValue), "
                + "peak memory \(megabytes(outcome.memory)), PyTorch's \(megabytes(outcome.peerMemory))")
        say("figure engine.\(name).step.vs_eager \(rounded(outcome.step))")
        say("figure engine.\(name).score.vs_eager \(rounded(outcome.score))")
        say("figure engine.\(name).score_over_step \(rounded(outcome.scoreOverStep))")
        if outcome.precision != .bf16 {
            say("figure engine.\(name).bf16_score_over_step \(rounded(outcome.fastScoreOverStep))")
        }
        if let token = outcome.token, let seconds = outcome.tokenSeconds {
            say("\(name): a token takes \(rounded(seconds * 1e3)) ms")
            say("figure engine.\(name).token.vs_eager \(rounded(token))")
        }
        say("figure engine.\(name).mfu \(rounded(outcome.utilization))")
        say("figure engine.\(name).peak_memory_ratio \(rounded(outcome.memory / outcome.peerMemory))")
    }

    /// Inductor needs a C++ compiler and Python's headers; where it does not run, that is said and nothing more is claimed.
    private static func compareWithCompiled(_ options: Options, _ peer: Peer) throws {
        var equal: [Double] = []
        let settings = Setting.compiled.filter { options.settings.contains($0.option) }
        for setting in settings {
            var ratios: [Double] = []
            for workload in options.models {
                let comparison = Comparison(workload: workload, setting: setting, options: options, peer: peer)
                let name = "\(workload.name).\(setting.name)"
                do {
                    let outcome = try comparison.run()
                    ratios.append(outcome.step)
                    say("\(name): our step takes \(rounded(outcome.stepSeconds * 1e3)) ms")
                    say("figure engine.\(name).step.vs_compile \(rounded(outcome.step))")
                    say("figure engine.\(name).score.vs_compile \(rounded(outcome.score))")
                } catch let failure as Peer.Failure {
                    say("\(name): no comparison with torch.compile: \(failure)")
                    return
                }
            }
            say("figure step.vs_compile.\(setting.name) \(rounded(ratios.geometricMean))")
            if setting.ours != .auto { equal += ratios }
        }
        // The worst at settings that are equal in name and in kernels.
        guard equal.count == (Setting.compiled.count - 1) * Workload.all.count else { return }
        say("figure engine.worst.vs_compile \(rounded(equal.min() ?? .nan))")
    }

    /// Unbuffered, so that a pipe gets each figure when it is known.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    private static func megabytes(_ bytes: Double) -> String { String(format: "%.0f MB", bytes / 1e6) }

    private static func rounded(_ value: Double) -> String { String(format: "%.3f", value) }
}
