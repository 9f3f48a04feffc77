import Foundation
import Models
import Torch
import Training

/// One workload under one setting, both sides in turn, call by call.
struct Comparison {
    struct Outcome {
        /// PyTorch's time over ours: above 1, ours is faster.
        let step, score: Double
        /// Our scoring pass over our step.
        let scoreOverStep: Double
        /// The share of the matrix rate that our step reaches.
        let utilization: Double
        /// Our peak memory over PyTorch's.
        let memory: Double
        let stepSeconds: Double
        /// What ours was resolved to.
        let precision: Precision
    }

    static let agreementSteps = 20
    static let batchCount = 4

    let workload: Workload
    let setting: Setting
    let options: Options
    let peer: Peer

    func run() throws -> Outcome {
        PeakMemory.reset()
        let precision = try setting.ours.resolved(on: .cpu, width: workload.configuration.hiddenSize)
        let ours = try Contender(workload, workload.batches(Self.batchCount), precision, options.stopwatch)
        try load(ours)
        try checkAgreement(ours)
        return try measure(ours, precision)
    }

    private func load(_ ours: Contender) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("weights.safetensors")
        try ours.write(to: file)
        try peer.load(
            Peer.Settings(
                file: file.path, model: workload.configuration.numbers, matmul: setting.matmul,
                bf16: setting.usesAutocast, compile: setting.isCompiled, threads: options.threadCount,
                clock: options.stopwatch.rawValue,
                optimizer: .init(rate: Contender.learningRate, decay: 0.05, clip: Contender.largestNorm)))
    }

    /// A comparison of two computations that differ would mean nothing.
    private func checkAgreement(_ ours: Contender) throws {
        for step in 0..<Self.agreementSteps {
            let index = step % Self.batchCount
            let pairs = [(try ours.score(index), try peer.score(index)), (try ours.step(index), try peer.step(index))]
            for (mine, theirs) in pairs where !(abs(mine.loss - theirs.loss) <= setting.tolerance * abs(theirs.loss)) {
                throw Peer.Failure(
                    description: "\(workload.name) at \(setting.name): the loss of step \(step) is \(mine.loss), "
                        + "PyTorch's is \(theirs.loss), expected at most \(setting.tolerance) apart, relatively.")
            }
        }
    }

    private func measure(_ ours: Contender, _ precision: Precision) throws -> Outcome {
        var (steps, scores, shares, utilizations, seconds): ([Double], [Double], [Double], [Double], [Double])
        (steps, scores, shares, utilizations, seconds) = ([], [], [], [], [])
        for round in 0..<options.roundCount {
            let index = round % Self.batchCount
            let (mine, theirs) = try inTurn(round, { try ours.step(index) }, { try peer.step(index) })
            let (mineScored, theirsScored) = try inTurn(round, { try ours.score(index) }, { try peer.score(index) })
            steps.append(theirs / mine)
            scores.append(theirsScored / mineScored)
            shares.append(mineScored / mine)
            seconds.append(mine)
            utilizations.append(3 * workload.forwardOperations / mine / (try ours.matrixRate()))
        }
        return Outcome(
            step: steps.median, score: scores.median, scoreOverStep: shares.median, utilization: utilizations.median,
            memory: PeakMemory.bytes() / (try peer.peakBytes()), stepSeconds: seconds.median, precision: precision)
    }

    /// Neither side is always first.
    private func inTurn(
        _ round: Int, _ ours: () throws -> Pass, _ theirs: () throws -> Pass
    ) throws -> (ours: Double, theirs: Double) {
        if round.isMultiple(of: 2) {
            let mine = try ours().seconds
            return (mine, try theirs().seconds)
        }
        let other = try theirs().seconds
        return (try ours().seconds, other)
    }
}

extension ViT.Configuration {
    /// Every number under its Hugging Face name.
    fileprivate var numbers: [String: Double] {
        [
            "image_size": Double(imageSize), "patch_size": Double(patchSize), "num_channels": Double(channelCount),
            "num_labels": Double(classCount), "hidden_size": Double(hiddenSize),
            "num_hidden_layers": Double(layerCount), "num_attention_heads": Double(headCount),
            "intermediate_size": Double(intermediateSize), "layer_norm_eps": layerNormEpsilon,
        ]
    }
}
