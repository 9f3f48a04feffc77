import Checkpoints
import Datasets
import Foundation
import NN
import Teaching

/// What a checkpoint holds beside weights, moments and teacher.
private struct RunState<Position: Codable>: Codable {
    var version = 1
    var position: Position
    var clock: PhaseClock
    var metrics: [String: Double]
    /// Of the training data, so that a resume on other data is refused.
    var dataFingerprint: UInt64
}

private enum CheckpointFile {
    static let model = "model.safetensors"
    static let optimizer = "optimizer.safetensors"
    /// What a learner keeps beside its weights; absent where it keeps nothing.
    static let learner = "learner.safetensors"
    static let teacher = "teacher.bin"
    static let state = "state.json"
}

/// Everything a checkpoint holds, as it was at its step.
private struct Snapshot: Sendable {
    var weights: [Parameters.Entry]
    var optimizer: [Parameters.Entry]
    var learner: [Parameters.Entry]
    var teacher: TeacherState
    /// A ``RunState`` in JSON.
    var state: Data
    var step: Int

    /// Writes `step-N` and removes the oldest ones beyond the newest `keep`.
    func write(in folder: String, keep: Int) throws -> CheckpointFolder {
        let checkpoint = try CheckpointFolder.write(step: step, in: folder) { path in
            try SafetensorsFile.write(weights, metadata: ["format": "pt"], to: "\(path)/\(CheckpointFile.model)")
            try SafetensorsFile.write(optimizer, to: "\(path)/\(CheckpointFile.optimizer)")
            if !learner.isEmpty { try SafetensorsFile.write(learner, to: "\(path)/\(CheckpointFile.learner)") }
            try teacher.write(to: "\(path)/\(CheckpointFile.teacher)")
            try AtomicFile.write(state, to: "\(path)/\(CheckpointFile.state)")
        }
        try CheckpointFolder.keepNewest(keep, in: folder)
        return checkpoint
    }

    /// The same with tensors that training no longer changes.
    func copied() throws -> Snapshot {
        func copies(_ entries: [Parameters.Entry]) throws -> [Parameters.Entry] {
            try entries.map { Parameters.Entry(name: $0.name, tensor: try $0.tensor.detached().clone()) }
        }
        var copy = self
        (copy.weights, copy.optimizer) = (try copies(weights), try copies(optimizer))
        copy.learner = try copies(learner)
        return copy
    }
}

extension Trainer {
    /// Writes a checkpoint on the rank with a folder, with the scores of all; with several ranks beside the training,
    /// since the others would wait.
    func saveCheckpoint() throws {
        ranks.enter("in the checkpoint of step \(position.step)")
        let teacher = try teacher.gatheredState()
        guard let folder else { return }
        try finishCheckpoint()
        let state = RunState(
            position: position, clock: clock, metrics: lastMetrics, dataFingerprint: training.fingerprint)
        let snapshot = Snapshot(
            weights: learner.parameters.trainable.entries, optimizer: optimizer.state, learner: learner.state,
            teacher: teacher, state: try JSONEncoder().encode(state), step: position.step)
        let (path, keep) = (folder.path, recipe.checkpoints.keep)
        guard ranks.rankCount > 1 else { return try announce(snapshot.write(in: path, keep: keep)) }
        let copy = try snapshot.copied()
        writer.begin { try copy.write(in: path, keep: keep) }
    }

    /// Waits until the last checkpoint is there.
    func finishCheckpoint() throws {
        if let checkpoint = try writer.finish() { try announce(checkpoint) }
    }

    private func announce(_ checkpoint: CheckpointFolder) throws {
        try emit(.checkpointed(CheckpointSummary(step: checkpoint.step, path: checkpoint.path)))
    }

    /// Takes the run up from a checkpoint.
    ///
    /// - Throws: what is damaged, or does not belong to this run.
    public func restore(_ checkpoint: CheckpointFolder) throws {
        try checkpoint.verify()
        let state = try readState(checkpoint.file(CheckpointFile.state))
        guard state.dataFingerprint == training.fingerprint else {
            throw TrainingError.mismatch(
                what: "the training data's fingerprint", found: String(training.fingerprint, radix: 16),
                expected:
                    "\(String(state.dataFingerprint, radix: 16)), that of the data \(checkpoint.path) was trained on")
        }
        try load(learner.parameters.trainable.entries, from: checkpoint.file(CheckpointFile.model))
        try load(optimizer.state, from: checkpoint.file(CheckpointFile.optimizer))
        if !learner.state.isEmpty { try load(learner.state, from: checkpoint.file(CheckpointFile.learner)) }
        teacher = try Teacher(
            restoring: TeacherState(contentsOf: checkpoint.file(CheckpointFile.teacher)), ranks: ranks)
        guard teacher.policy == recipe.teacher, teacher.exampleCount == training.count else {
            throw TrainingError.mismatch(
                what: "the teacher in \(checkpoint.path)",
                found: "\(teacher.policy.name) over \(teacher.exampleCount) examples",
                expected: "\(recipe.teacher.name) over \(training.count), with the recipe's settings")
        }
        (position, clock, lastMetrics) = (state.position, state.clock, state.metrics)
    }

    private func readState(_ file: String) throws -> RunState<Position> {
        do {
            return try JSONDecoder().decode(RunState<Position>.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw CheckpointError.malformed(file: file, found: "something else", expected: "the state of a run in JSON")
        }
    }

    private func load(_ entries: [Parameters.Entry], from path: String) throws {
        let file = try SafetensorsFile(path)
        for entry in entries {
            guard let shape = file.shape(of: entry.name), shape == entry.tensor.shape else {
                throw CheckpointError.malformed(
                    file: path,
                    found: file.shape(of: entry.name).map { "\(entry.name) of shape \($0)" } ?? "no \(entry.name)",
                    expected: "the shape \(entry.tensor.shape)")
            }
            try entry.tensor.copy(from: file.tensor(named: entry.name))
        }
    }
}
