import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

/// Trains a learner on what a teacher selects.
///
/// The state of a run is its weights, its optimiser, its teacher and a position. Every random choice is a function of the
/// seed and that position, so a run that was stopped at any step and restored ends with the same bits.
public final class Trainer<L: Learner, Source: Dataset> where Source.Content == L.Content {
    let recipe: Recipe
    let learner: L
    let training: Source
    let validation: Source
    let folder: RunFolder?
    private let observer: (TrainingEvent) throws -> Void
    let ranks: Ranks
    let averaging: GradientAveraging?
    let writer = CheckpointWriter()
    let optimizer: AdamW
    let schedule: LearningRateSchedule
    var teacher: Teacher
    var clock = PhaseClock()
    var position = Position()
    /// What the ranks have agreed on.
    var isStopping = false
    var stop = StopSignal()
    /// Events emitted since the run's start, those before a resume included; nil where they are not known.
    var eventCount: Int? = 0
    /// Where the run stood at its last checkpoint, if a run that is never stopped makes that one too.
    var savedPosition: Position?
    /// Steps in a row that were rejected, up to the last one.
    var rejections = 0
    var taught: TaughtCounts?
    /// What elements are chosen by; nil where that is chance alone.
    var elementWorth: (any ElementWorth)?
    /// The last step, where what it came to has not been read yet.
    var unread: UnreadStep?
    /// Reads outcomes a step late on every device, for tests.
    var forcesLateReading = false
    /// An example's class, or its text, for those who look at it.
    public var caption: ((Int32) throws -> String)?
    /// A frozen learner, for the `reducible` score.
    public var reference: L?
    /// Its losses, one an example, measured before the first lesson.
    var referenceLosses: [Float]?

    typealias Position = RunPosition

    /// - Parameters:
    ///   - folder: where checkpoints go; none are written where nil.
    ///   - ranks: with whom the learner is trained; each makes a trainer with the same settings, and one has a folder.
    ///   - emit: gets every event, on the training thread.
    public init(
        recipe: Recipe, learner: L, training: Source, validation: Source, folder: RunFolder?, ranks: Ranks = .alone,
        emit: @escaping (TrainingEvent) throws -> Void = { _ in }
    ) throws {
        (self.recipe, self.learner, self.training, self.validation) = (recipe, learner, training, validation)
        (self.folder, observer, self.ranks) = (folder, emit, ranks)
        try recipe.check(ranks)
        try ranks.connect(recipe.training.place)
        try recipe.check(exampleCount: training.count)
        let settings = recipe.training
        optimizer = try AdamW(
            learner.parameters.trainable,
            .init(beta1: settings.beta1, beta2: settings.beta2, weightDecay: settings.weightDecay),
            layerDecay: settings.layerDecay < 1
                ? LayerDecay(rate: settings.layerDecay, parameterNames: learner.parameters.entries.map(\.name)) : nil)
        schedule = LearningRateSchedule(peak: settings.learningRate, warmup: settings.warmup)
        teacher = try Teacher(
            policy: recipe.policy(for: learner, exampleCount: training.count), exampleCount: training.count,
            epochs: settings.epochs, budget: settings.budget, seed: settings.seed, ranks: ranks)
        averaging = try GradientAveraging(of: learner.parameters.trainable, among: ranks)
        taught = TaughtCounts(exampleCount: training.count)
        switch teacher.policy.elements?.choice {
        case .loss: elementWorth = ElementTable(exampleCount: training.count, elementCount: learner.elementCount)
        case .attention: elementWorth = PlaceTable(elementCount: learner.elementCount)
        case .uniform, .auto, nil: break
        }
    }

    /// Trains until the budget is spent or `stop` is raised; then saves.
    public func run(until stop: StopSignal = StopSignal()) throws -> RunSummary {
        self.stop = stop
        // Before the start is told, since a rank may have refused to take part.
        try ranks.broadcast(learner.parameters.entries.map(\.tensor))
        // A resumed run starts again, its log does not.
        if eventCount == 0 { try emit(.started(start)) } else { try observer(.started(start)) }
        try measureReference()
        while !shouldStop, let lesson = try currentOrNextLesson() { try teach(lesson) }
        return try finish(isComplete: !shouldStop)
    }

    /// One process stops when it is told to; several, when all know of it.
    private var shouldStop: Bool { ranks.rankCount > 1 ? isStopping : stop.isRaised }

    func emit(_ event: TrainingEvent) throws {
        // What has a file of its own is no line of the log.
        if case .exhibited = event {} else { eventCount? += 1 }
        try observer(event)
    }

    private func currentOrNextLesson() throws -> Lesson? {
        if let lesson = teacher.lesson, position.offset < lesson.examples.count || !position.pending.isEmpty {
            return lesson
        }
        let (selection, scoring) = (clock.seconds(.selection), clock.seconds(.scoring))
        guard let lesson = try nextLesson() else { return nil }
        position.offset = 0
        position.epochCount += 1
        if lesson.isNewSelection {
            try emit(
                .selected(
                    try summary(
                        of: lesson, selection: clock.seconds(.selection) - selection,
                        scoring: clock.seconds(.scoring) - scoring)))
        }
        return lesson
    }

    private func teach(_ taught: Lesson) throws {
        let lesson = arranged(taught)
        try teachLeftOver(lesson)
        let batches = lesson.batches(of: recipe.training.batchSize, from: position.offset)
        let parts = batches.flatMap { batch in microBatches(of: batch.examples.count).map { Array(batch.examples[$0]) }
        }
        // Candidates for admission are scored, so they are seen plainly.
        let loader = BatchLoader(training, batches: parts, view: lesson.needsAdmission ? .plain : view(of: lesson))
        func next(_: [Int32]) throws -> L.Content {
            guard let batch = try loader.next() else { preconditionFailure("a loader makes every batch it was given") }
            return batch.content
        }
        for batch in batches where !shouldStop {
            if lesson.needsAdmission {
                try judge(batch.examples, lesson, content: next)
            } else {
                position.offset = batch.positions.upperBound
                try step(batch.examples, batch.weights, lesson, from: batch.positions.lowerBound, content: next)
            }
        }
        try readStep()
    }

    /// The lesson in the order that suits the data, which its number decides: a resumed run finds its place again.
    private func arranged(_ lesson: Lesson) -> Lesson {
        let order = training.arrangement(
            of: lesson.examples, batchSize: recipe.training.batchSize, seed: recipe.training.seed, visit: lesson.number)
        return order.map(lesson.arranged) ?? lesson
    }

    /// Stops where there is nothing left, else leaves a checkpoint to resume from.
    private func finish(isComplete: Bool) throws -> RunSummary {
        if isComplete, position.evaluationCount < recipe.evaluation.count { try evaluate(at: 1) }
        try saveCheckpoint(isScheduled: isComplete)
        try finishCheckpoint()
        if isComplete { try removeOldCheckpoints() }
        let summary = RunSummary(
            steps: position.step, epochs: position.epochCount, examplesTaught: position.examplesTaught,
            examplesScored: teacher.spending.scored, seconds: clock.seconds, processorSeconds: clock.processorSeconds,
            secondsByPhase: clock.secondsByPhase, metrics: lastMetrics, isComplete: isComplete)
        // The log ends before the summary says that it has: who finds a summary finds a whole log.
        try emit(.finished(summary))
        if isComplete { try folder?.write(summary) }
        try ranks.barrier()
        return summary
    }

    /// The quality at the last evaluation.
    var lastMetrics: [String: Double] = [:]
}
