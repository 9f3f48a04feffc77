import Datasets
import Foundation
import Teaching
import Torch

extension Trainer {
    /// Asks the teacher for the next lesson, measuring for it what it wants measured.
    func nextLesson() throws -> Lesson? {
        var measured = PhaseClock()
        let lesson = try clock.measure(.selection) {
            try teacher.next { examples in
                try reportingMemory("a scoring pass", lower: "evaluation.batch_size") {
                    try measured.measure(.scoring) { try scoring { try measure(examples, with: learner) } }
                }
            }
        }
        clock.move(measured.seconds, from: .selection, to: .scoring)
        return lesson
    }

    /// A pass without gradients or augmentation.
    func measure(_ examples: [Int32], with learner: L) throws -> ExampleScores {
        let (batches, positions) = training.batches(of: examples, size: recipe.evaluation.batchSize)
        let loader = BatchLoader(training, batches: batches, view: .plain)
        var (scores, confidences): ([Float], [Float]) = ([], [])
        while let batch = try loader.next() {
            let assessment = try withoutGradients {
                try learner.assess(batch.content, elements: nil, score: recipe.teacher.score, isTraining: false)
            }
            scores += try assessment.scores?.values() ?? []
            confidences += try assessment.confidences?.values() ?? []
        }
        func ordered(_ values: [Float]) -> [Float] {
            var ordered = values
            for (value, position) in zip(values, positions) { ordered[position] = value }
            return ordered
        }
        return ExampleScores(
            scores: adjusted(ordered(scores), examples),
            confidences: recipe.teacher.tracksConfidence ? ordered(confidences) : nil)
    }

    /// Runs a scoring pass at its own precision.
    func scoring<Result>(_ pass: () throws -> Result) throws -> Result {
        let settings = recipe.training
        return try (settings.scoringPrecision ?? settings.precision).during(on: settings.place, pass)
    }

    /// Once a process, on the clock: the reference's forward pass over all examples.
    func measureReference() throws {
        guard recipe.teacher.score == .reducible, referenceLosses == nil else { return }
        guard let reference else {
            throw TrainingError.mismatch(
                what: "reference", found: "absent", expected: "a run folder, for the score reducible")
        }
        let shard = Shard(rank: ranks.rank, of: ranks.rankCount, exampleCount: training.count)
        let own = try clock.measure(.scoring) {
            try scoring { try measure(shard.examples.map { Int32($0) }, with: reference).scores }
        }
        referenceLosses = try ranks.gathered(own).flatMap { $0 }
    }

    /// Takes the reference's losses off, where the score is `reducible` and they are measured, which a run begins with.
    func adjusted(_ scores: [Float], _ examples: [Int32]) -> [Float] {
        guard let referenceLosses else { return scores }
        return zip(scores, examples).map { $0 - referenceLosses[Int($1)] }
    }

    func summary(of lesson: Lesson, selection: Double, scoring: Double) throws -> SelectionSummary {
        SelectionSummary(
            step: position.step, cycle: lesson.cycle, epoch: lesson.epoch, ratio: lesson.ratio,
            selectedCount: lesson.examples.count,
            scoreQuantiles: try teacher.scoreQuantiles([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]),
            scoreCounts: ranks.rankCount > 1 ? [] : teacher.table.histogram(buckets: 48), selectionSeconds: selection,
            scoringSeconds: scoring)
    }
}
