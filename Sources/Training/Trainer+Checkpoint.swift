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
    /// Absent for too many examples, and in checkpoints of versions that did not count.
    static let taught = "taught.bin"
    /// An ``ElementWorth``; absent where elements are chosen by chance alone.
    static let elements = "elements.bin"
}

/// Everything a checkpoint holds, as it was at its step.
private struct Snapshot: Sendable {
    var weights: [Parameters.Entry]
    var optimizer: [Parameters.Entry]
    var learner: [Parameters.Entry]
    var teacher: TeacherState
    var taught: TaughtCounts?
    var elements: (any ElementWorth)?
    /// A ``RunState`` in JSON.
    var state: Data
    var step: Int

    /// Writes `step-N` and removes the oldest ones beyond the newest `keep` that are made without a stop too.
    ///
    /// - Parameter ready: called before the folder gets its name.
    func write(in folder: String, keep: Int, ready: () throws -> Void = {}) throws {
        let checkpoint = try CheckpointFolder.write(step: step, in: folder) { path in
            try SafetensorsFile.write(weights, metadata: ["format": "pt"], to: "\(path)/\(CheckpointFile.model)")
            try SafetensorsFile.write(optimizer, to: "\(path)/\(CheckpointFile.optimizer)")
            if !learner.isEmpty { try SafetensorsFile.write(learner, to: "\(path)/\(CheckpointFile.learner)") }
            try teacher.write(to: "\(path)/\(CheckpointFile.teacher)")
            if let taught { try AtomicFile.write(taught.data, to: "\(path)/\(CheckpointFile.taught)") }
            if let elements {
                try AtomicFile.write(Data(elements.bytes), to: "\(path)/\(CheckpointFile.elements)")
            }
            try AtomicFile.write(state, to: "\(path)/\(RunState.fileName)")
            try ready()
        }
        try checkpoint.keepNewest(keep, lasting: \.isScheduled)
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

extension CheckpointFolder {
    /// Whether a run that is never stopped makes this checkpoint too.
    var isScheduled: Bool { (try? RunState(contentsOf: file(RunState.fileName)))?.isScheduled != false }
}

extension Trainer {
    /// Writes a checkpoint on the rank with a folder, where the run has moved on since the last one, with the scores of
    /// all; with several ranks beside the training, since the others would wait.
    ///
    /// The event goes out before the folder has its name: so the log of a run that is killed in between lacks nothing
    /// that its checkpoint counts.
    ///
    /// - Parameter isScheduled: whether a run that is never stopped makes this checkpoint too.
    func saveCheckpoint(isScheduled: Bool = true) throws {
        guard position != savedPosition, folder != nil || ranks.rankCount > 1 else { return }
        ranks.enter("in the checkpoint of step \(position.step)")
        let teacher = try teacher.gatheredState()
        if isScheduled { savedPosition = position }
        guard let folder else { return }
        try finishCheckpoint()
        let snapshot = try snapshot(teacher, isScheduled: isScheduled)
        let event = TrainingEvent.checkpointed(
            CheckpointSummary(step: position.step, path: "\(folder.path)/step-\(position.step)"))
        let (path, keep) = (folder.path, recipe.checkpoints.keep)
        guard ranks.rankCount > 1 else { return try snapshot.write(in: path, keep: keep) { try emit(event) } }
        let copy = try snapshot.copied()
        try emit(event)
        writer.begin { try copy.write(in: path, keep: keep) }
    }

    private func snapshot(_ teacher: TeacherState, isScheduled: Bool) throws -> Snapshot {
        let state = RunState(
            position: position, clock: clock, metrics: lastMetrics,
            eventCount: eventCount.map { $0 + (isScheduled ? 1 : 0) }, isScheduled: isScheduled,
            rejections: rejections, dataFingerprint: training.fingerprint)
        return Snapshot(
            weights: learner.parameters.trainable.entries, optimizer: optimizer.state, learner: learner.state,
            teacher: teacher, taught: taught, elements: elementWorth, state: try JSONEncoder.tolerant.encode(state),
            step: position.step)
    }

    /// Waits until the last checkpoint is there.
    func finishCheckpoint() throws { try writer.finish() }

    /// What a process that was killed after its last checkpoint had still to remove.
    func removeOldCheckpoints() throws {
        guard let folder, position == savedPosition else { return }
        try CheckpointFolder(path: "\(folder.path)/step-\(position.step)", step: position.step).keepNewest(
            recipe.checkpoints.keep, lasting: \.isScheduled)
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
        teacher = try Teacher(
            restoring: TeacherState(contentsOf: checkpoint.file(CheckpointFile.teacher)), ranks: ranks)
        try checkTeacher(of: checkpoint)
        try check(state.position, of: checkpoint)
        taught = FileManager.default.contents(atPath: checkpoint.file(CheckpointFile.taught)).flatMap {
            TaughtCounts($0, exampleCount: training.count)
        }
        elementWorth = try elementWorth.map { try elements(like: $0, of: checkpoint) }
        (position, clock, lastMetrics) = (state.position, state.clock, state.metrics)
        (eventCount, rejections) = (state.eventCount, state.rejections ?? 0)
        savedPosition = state.isScheduled == true ? position : nil
    }

    private func elements<Worth: ElementWorth>(like: Worth, of checkpoint: CheckpointFolder) throws -> Worth {
        let file = checkpoint.file(CheckpointFile.elements)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CheckpointError.unreadable(file: file, reason: "it is missing")
        }
        let (examples, elements) = (training.count, learner.elementCount)
        guard let worth = Worth(bytes: [UInt8](data), exampleCount: examples, elementCount: elements) else {
            throw CheckpointError.malformed(
                file: file, found: "\(data.count) bytes",
                expected: "what is known of \(elements) elements of each of \(examples) examples")
        }
        return worth
    }

    /// Weights, moments and what else the learner keeps, of a checkpoint that was verified.
    func restoreLearner(_ checkpoint: CheckpointFolder) throws {
        try load(learner.parameters.trainable.entries, from: checkpoint.file(CheckpointFile.model))
        try load(optimizer.state, from: checkpoint.file(CheckpointFile.optimizer))
        if !learner.state.isEmpty { try load(learner.state, from: checkpoint.file(CheckpointFile.learner)) }
    }

    /// The restored teacher is that of the recipe, over the same run.
    private func checkTeacher(of checkpoint: CheckpointFolder) throws {
        let policy = try recipe.policy(for: learner, exampleCount: training.count)
        guard teacher.policy == policy, teacher.exampleCount == training.count else {
            let difference = try teacher.policy.difference(from: policy)
            throw TrainingError.mismatch(
                what: "the teacher in \(checkpoint.path)",
                found: "\(teacher.policy.name) over \(teacher.exampleCount) examples\(difference.found)",
                expected: "\(recipe.teacher.name) over \(training.count)\(difference.expected)")
        }
        let settings = recipe.training
        guard teacher.epochs == settings.epochs, teacher.seed == settings.seed, teacher.budget == settings.budget else {
            func text(_ epochs: Int, _ budget: Double?, _ seed: UInt64) -> String {
                "training.epochs \(epochs), training.budget \(budget.map { "\($0)" } ?? "none"), training.seed \(seed)"
            }
            throw TrainingError.mismatch(
                what: "the run in \(checkpoint.path)", found: text(teacher.epochs, teacher.budget, teacher.seed),
                expected: text(settings.epochs, settings.budget, settings.seed))
        }
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
