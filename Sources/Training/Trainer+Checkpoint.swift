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
    /// Absent for too many examples, and in checkpoints of versions that did not count.
    static let taught = "taught.bin"
    static let state = "state.json"
}

extension Trainer {
    /// Writes `step-N` and removes the oldest ones beyond what the recipe keeps.
    func saveCheckpoint() throws {
        guard let folder else { return }
        let checkpoint = try CheckpointFolder.write(step: position.step, in: folder.path) { path in
            try SafetensorsFile.write(
                learner.parameters.trainable.entries, metadata: ["format": "pt"], to: "\(path)/\(CheckpointFile.model)")
            try SafetensorsFile.write(optimizer.state, to: "\(path)/\(CheckpointFile.optimizer)")
            if !learner.state.isEmpty {
                try SafetensorsFile.write(learner.state, to: "\(path)/\(CheckpointFile.learner)")
            }
            try teacher.state.write(to: "\(path)/\(CheckpointFile.teacher)")
            if let taught { try AtomicFile.write(taught.data, to: "\(path)/\(CheckpointFile.taught)") }
            let state = RunState(
                position: position, clock: clock, metrics: lastMetrics, dataFingerprint: training.fingerprint)
            try AtomicFile.write(JSONEncoder().encode(state), to: "\(path)/\(CheckpointFile.state)")
        }
        try CheckpointFolder.keepNewest(recipe.checkpoints.keep, in: folder.path)
        try emit(.checkpointed(CheckpointSummary(step: position.step, path: checkpoint.path)))
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
        teacher = try Teacher(restoring: TeacherState(contentsOf: checkpoint.file(CheckpointFile.teacher)))
        guard teacher.policy == recipe.teacher, teacher.exampleCount == training.count else {
            throw TrainingError.mismatch(
                what: "the teacher in \(checkpoint.path)",
                found: "\(teacher.policy.name) over \(teacher.exampleCount) examples",
                expected: "\(recipe.teacher.name) over \(training.count), with the recipe's settings")
        }
        taught = FileManager.default.contents(atPath: checkpoint.file(CheckpointFile.taught)).flatMap {
            TaughtCounts($0, exampleCount: training.count)
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
