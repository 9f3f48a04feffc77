import Checkpoints
import Datasets
import Foundation
import NN
import Teaching

private enum CheckpointFile {
    static let model = "model.safetensors"
    static let optimizer = "optimizer.safetensors"
    /// What a learner keeps beside its weights; absent where it keeps nothing.
    static let learner = "learner.safetensors"
    static let teacher = "teacher.bin"
}

extension Trainer {
    /// Writes `step-N`, where the run has moved on since the last one, and removes the oldest ones beyond what the recipe
    /// keeps.
    ///
    /// The event goes out before the folder has its name: so the log of a run that is killed in between lacks nothing
    /// that its checkpoint counts.
    ///
    /// - Parameter isScheduled: whether a run that is never stopped makes this checkpoint too.
    func saveCheckpoint(isScheduled: Bool = true) throws {
        guard let folder, position != savedPosition else { return }
        let checkpoint = try CheckpointFolder.write(step: position.step, in: folder.path) { path in
            try SafetensorsFile.write(
                learner.parameters.trainable.entries, metadata: ["format": "pt"], to: "\(path)/\(CheckpointFile.model)")
            try SafetensorsFile.write(optimizer.state, to: "\(path)/\(CheckpointFile.optimizer)")
            if !learner.state.isEmpty {
                try SafetensorsFile.write(learner.state, to: "\(path)/\(CheckpointFile.learner)")
            }
            try teacher.state.write(to: "\(path)/\(CheckpointFile.teacher)")
            let state = RunState(
                position: position, clock: clock, metrics: lastMetrics,
                eventCount: eventCount.map { $0 + (isScheduled ? 1 : 0) }, isScheduled: isScheduled,
                rejections: rejections, dataFingerprint: training.fingerprint)
            try AtomicFile.write(JSONEncoder.tolerant.encode(state), to: "\(path)/\(RunState.fileName)")
            try emit(
                .checkpointed(CheckpointSummary(step: position.step, path: "\(folder.path)/step-\(position.step)")))
        }
        if isScheduled { savedPosition = position }
        try checkpoint.keepNewest(recipe.checkpoints.keep)
    }

    /// Takes the run up from a checkpoint.
    ///
    /// - Throws: what is damaged, or does not belong to this run.
    public func restore(_ checkpoint: CheckpointFolder) throws {
        try checkpoint.verify()
        let state = try RunState(contentsOf: checkpoint.file(RunState.fileName))
        guard state.dataFingerprint == training.fingerprint else {
            throw TrainingError.mismatch(
                what: "the training data's fingerprint", found: String(training.fingerprint, radix: 16),
                expected:
                    "\(String(state.dataFingerprint, radix: 16)), that of the data \(checkpoint.path) was trained on")
        }
        try restoreLearner(checkpoint)
        teacher = try Teacher(restoring: TeacherState(contentsOf: checkpoint.file(CheckpointFile.teacher)))
        guard teacher.policy == recipe.teacher, teacher.exampleCount == training.count else {
            throw TrainingError.mismatch(
                what: "the teacher in \(checkpoint.path)",
                found: "\(teacher.policy.name) over \(teacher.exampleCount) examples",
                expected: "\(recipe.teacher.name) over \(training.count), with the recipe's settings")
        }
        try check(state.position, of: checkpoint)
        (position, clock, lastMetrics) = (state.position, state.clock, state.metrics)
        (eventCount, rejections) = (state.eventCount, state.rejections ?? 0)
        savedPosition = state.isScheduled == true ? position : nil
    }

    /// Weights, moments and what else the learner keeps, of a checkpoint that was verified.
    func restoreLearner(_ checkpoint: CheckpointFolder) throws {
        try load(learner.parameters.trainable.entries, from: checkpoint.file(CheckpointFile.model))
        try load(optimizer.state, from: checkpoint.file(CheckpointFile.optimizer))
        if !learner.state.isEmpty { try load(learner.state, from: checkpoint.file(CheckpointFile.learner)) }
    }

    /// What the state alone cannot tell: that it belongs to this teacher and this data.
    private func check(_ position: Position, of checkpoint: CheckpointFolder) throws(CheckpointError) {
        let limit = teacher.lesson?.examples.count ?? 0
        guard position.offset <= limit || teacher.lesson == nil,
            position.pending.allSatisfy({ $0 >= 0 && $0 < training.count })
        else {
            throw .malformed(
                file: checkpoint.file(RunState.fileName), found: "a place beyond its lesson of \(limit) examples",
                expected: "one within it")
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
