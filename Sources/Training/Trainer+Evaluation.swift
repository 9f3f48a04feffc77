import Datasets
import Models
import NN
import Torch

extension Trainer {
    var start: RunStart {
        RunStart(
            recipe: recipe.name, policy: recipe.teacher.name, seed: recipe.training.seed, exampleCount: training.count,
            parameterCount: learner.parameters.count, firstStep: position.step)
    }

    /// Measures quality on the held-out data; its time is nobody's training time.
    func evaluate(at progress: Double) throws {
        lastMetrics = try evaluation(of: learner, on: validation, batchSize: recipe.evaluation.batchSize)
        position.evaluationCount = Int(progress * Double(recipe.evaluation.count))
        try emit(
            .evaluated(
                EvaluationSummary(step: position.step, progress: progress, seconds: clock.seconds, metrics: lastMetrics)
            ))
    }
}

/// The mean metrics of a learner over a dataset, seen plainly.
public func evaluation<L: Learner, Source: Dataset>(
    of learner: L, on dataset: Source, batchSize: Int
) throws -> [String: Double] where Source.Content == L.Content {
    let numbers = Array(0..<Int32(dataset.count))
    let batches = stride(from: 0, to: numbers.count, by: batchSize).map {
        Array(numbers[$0..<min($0 + batchSize, numbers.count)])
    }
    let loader = BatchLoader(dataset, batches: batches, view: .plain)
    var tally = Tally()
    while let batch = try loader.next() { tally.add(try learner.evaluate(batch.content)) }
    return learner.metrics(of: tally)
}
