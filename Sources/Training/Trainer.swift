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
    let emit: (TrainingEvent) throws -> Void
    let optimizer: AdamW
    let schedule: LearningRateSchedule
    var teacher: Teacher
    var clock = PhaseClock()
    var position = Position()
    var taught: TaughtCounts?
    /// An example's class, or its text, for those who look at it.
    public var caption: ((Int32) throws -> String)?
    /// A frozen learner, for the `reducible` score.
    public var reference: L?
    /// Its losses, one an example, measured before the first lesson.
    var referenceLosses: [Float]?

    /// How far a run has come.
    struct Position: Codable, Equatable {
        var step = 0
        /// Examples of the current lesson that have been taught, or judged as candidates.
        var offset = 0
        /// Candidates admitted and not yet taught.
        var pending: [Int32] = []
        var evaluationCount = 0
        var examplesTaught = 0
        var epochCount = 0
    }

    /// - Parameters:
    ///   - folder: where checkpoints go; none are written where nil.
    ///   - emit: gets every event, on the training thread.
    public init(
        recipe: Recipe, learner: L, training: Source, validation: Source, folder: RunFolder?,
        emit: @escaping (TrainingEvent) throws -> Void = { _ in }
    ) throws {
        (self.recipe, self.learner, self.training, self.validation) = (recipe, learner, training, validation)
        (self.folder, self.emit) = (folder, emit)
        try recipe.check(exampleCount: training.count)
        let settings = recipe.training
        optimizer = try AdamW(
            learner.parameters.trainable,
            .init(beta1: settings.beta1, beta2: settings.beta2, weightDecay: settings.weightDecay),
            layerDecay: settings.layerDecay < 1
                ? LayerDecay(rate: settings.layerDecay, parameterNames: learner.parameters.entries.map(\.name)) : nil)
        schedule = LearningRateSchedule(peak: settings.learningRate, warmup: settings.warmup)
        teacher = try Teacher(
            policy: recipe.teacher, exampleCount: training.count, epochs: settings.epochs, budget: settings.budget,
            seed: settings.seed)
        taught = TaughtCounts(exampleCount: training.count)
    }

    /// Trains until the budget is spent or `stop` is raised; then saves.
    public func run(until stop: StopSignal = StopSignal()) throws -> RunSummary {
        try emit(.started(start))
        while !stop.isRaised, let lesson = try currentOrNextLesson() {
            try teach(lesson, until: stop)
        }
        return try finish(isComplete: !stop.isRaised)
    }

    private func currentOrNextLesson() throws -> Lesson? {
        if let lesson = teacher.lesson, position.offset < lesson.examples.count { return lesson }
        let (selection, scoring) = (clock.seconds(.selection), clock.seconds(.scoring))
        guard let lesson = try nextLesson() else { return nil }
        position.offset = 0
        position.epochCount += 1
        if lesson.isNewSelection {
            try emit(
                .selected(
                    summary(
                        of: lesson, selection: clock.seconds(.selection) - selection,
                        scoring: clock.seconds(.scoring) - scoring)))
        }
        return lesson
    }

    private func teach(_ taught: Lesson, until stop: StopSignal) throws {
        let lesson = arranged(taught)
        let batches = lesson.batches(of: recipe.training.batchSize, from: position.offset)
        let parts = batches.flatMap { batch in microBatches(of: batch.examples.count).map { Array(batch.examples[$0]) }
        }
        // Candidates for admission are scored, so they are seen plainly.
        let loader = BatchLoader(training, batches: parts, view: lesson.needsAdmission ? .plain : view(of: lesson))
        func next(_: [Int32]) throws -> L.Content {
            guard let batch = try loader.next() else { preconditionFailure("a loader makes every batch it was given") }
            return batch.content
        }
        for batch in batches where !stop.isRaised {
            if lesson.needsAdmission {
                try judge(batch.examples, lesson, content: next)
            } else {
                position.offset = batch.positions.upperBound
                try step(batch.examples, batch.weights, lesson, from: batch.positions.lowerBound, content: next)
            }
        }
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
        try saveCheckpoint()
        let summary = RunSummary(
            steps: position.step, epochs: position.epochCount, examplesTaught: position.examplesTaught,
            examplesScored: teacher.spending.scored, seconds: clock.seconds, processorSeconds: clock.processorSeconds,
            secondsByPhase: clock.secondsByPhase, metrics: lastMetrics, isComplete: isComplete)
        if isComplete { try folder?.write(summary) }
        try emit(.finished(summary))
        return summary
    }

    /// The quality at the last evaluation.
    var lastMetrics: [String: Double] = [:]
}
