import Foundation
import Torch
import Training

/// One workload under one setting, both sides in turn, call by call.
struct Comparison {
    /// Two computations that should be the same are not.
    struct Disagreement: Error, CustomStringConvertible { let description: String }

    struct Outcome {
        /// PyTorch's time over ours: above 1, ours is faster.
        let step, score: Double
        /// That of a token of a generation; nil where none was generated.
        let token: Double?
        /// Our scoring pass over our step, and the same with the pass alone in bf16.
        let scoreOverStep, fastScoreOverStep: Double
        /// The share of the matrix rate that our step reaches.
        let utilization: Double
        /// Our peak memory, and PyTorch's, in bytes.
        let memory, peerMemory: Double
        let stepSeconds: Double
        let tokenSeconds: Double?
        /// What ours was resolved to.
        let precision: Precision
    }

    static let batchCount = 4

    let workload: Workload
    let setting: Setting
    let options: Options
    let peer: Peer

    func run() throws -> Outcome {
        PeakMemory.reset()
        let precision = try setting.ours.resolved(on: .cpu, width: workload.width)
        let ours = try Contender(workload, batches: Self.batchCount, precision, options.stopwatch)
        try load(ours)
        try checkAgreement(ours)
        return try measure(ours, precision)
    }

    /// The largest relative distance of the two sides' losses over `steps` steps from the same weights.
    func lossGap(steps: Int) throws -> Double {
        let ours = try Contender(
            workload, batches: Self.batchCount, setting.ours.resolved(on: .cpu, width: workload.width),
            options.stopwatch)
        try load(ours)
        var largest = 0.0
        for step in 0..<steps {
            let index = step % Self.batchCount
            let (mine, theirs) = (try ours.step(index), try peer.step(index))
            try check(mine, theirs, step)
            largest = max(largest, abs(mine.loss - theirs.loss) / abs(theirs.loss))
        }
        return largest
    }

    private func load(_ ours: Contender) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("engine-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("weights.safetensors")
        try ours.write(to: file)
        try peer.load(
            Peer.Settings(
                file: file.path, kind: workload.kind, model: workload.numbers, matmul: setting.matmul,
                bf16: setting.usesAutocast, compile: setting.isCompiled, threads: options.threadCount,
                clock: options.stopwatch.rawValue,
                optimizer: .init(rate: Contender.learningRate, decay: 0.05, clip: Contender.largestNorm),
                generation: .init(prompt: Generation.promptLength, tokens: Generation.tokenCount)))
    }

    /// A comparison of two computations that differ would mean nothing.
    private func checkAgreement(_ ours: Contender) throws {
        for step in 0..<options.agreementSteps {
            let index = step % Self.batchCount
            if !setting.isCompiled, let token = try ours.token(index) { try check(token, peer.token(index), step) }
            try check(ours.score(index), peer.score(index), step)
            try check(ours.step(index), peer.step(index), step)
        }
    }

    private func check(_ mine: Pass, _ theirs: Pass, _ step: Int) throws {
        guard abs(mine.loss - theirs.loss) <= setting.tolerance * abs(theirs.loss) else {
            throw Disagreement(
                description: "\(workload.name) at \(setting.name): the loss of step \(step) is \(mine.loss), "
                    + "PyTorch's is \(theirs.loss), expected at most \(setting.tolerance) apart, relatively.")
        }
    }

    private func measure(_ ours: Contender, _ precision: Precision) throws -> Outcome {
        var (steps, scores, utilizations, seconds): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        var (shares, fastShares): ([Double], [Double]) = ([], [])
        var (tokens, tokenSeconds): ([Double], [Double]) = ([], [])
        for round in 0..<options.roundCount {
            let index = round % Self.batchCount
            let (mine, theirs) = try inTurn(round, { try ours.step(index) }, { try peer.step(index) })
            let (mineScored, theirsScored) = try inTurn(round, { try ours.score(index) }, { try peer.score(index) })
            steps.append(theirs / mine)
            scores.append(theirsScored / mineScored)
            shares.append(mineScored / mine)
            fastShares.append(try ours.score(index, at: .bf16).seconds / mine)
            seconds.append(mine)
            utilizations.append(3 * workload.forwardOperations / mine / (try ours.matrixRate()))
            // Recompiled for every length, the compiled peer would show nothing of generation.
            if !setting.isCompiled, let token = try ours.token(index) {
                tokenSeconds.append(token.seconds)
                tokens.append(try peer.token(index).seconds / token.seconds)
            }
        }
        return Outcome(
            step: steps.median, score: scores.median, token: tokens.isEmpty ? nil : tokens.median,
            scoreOverStep: shares.median, fastScoreOverStep: fastShares.median, utilization: utilizations.median,
            memory: PeakMemory.bytes(),
            peerMemory: try peer.peakBytes(), stepSeconds: seconds.median,
            tokenSeconds: tokenSeconds.isEmpty ? nil : tokenSeconds.median, precision: precision)
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
