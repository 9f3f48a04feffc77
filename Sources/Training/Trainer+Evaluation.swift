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
        let size = recipe.evaluation.batchSize
        lastMetrics = try reportingMemory("\(size) held-out examples", lower: "evaluation.batch_size") {
            try evaluation(of: learner, on: validation, batchSize: size, among: ranks)
        }
        position.evaluationCount = Int(progress * Double(recipe.evaluation.count))
        try emit(
            .evaluated(
                EvaluationSummary(step: position.step, progress: progress, seconds: clock.seconds, metrics: lastMetrics)
            ))
        if folder != nil, let exhibition = try exhibition() { try emit(.exhibited(exhibition)) }
    }
}

/// The mean metrics of a learner over a dataset, seen plainly; several ranks share the batches.
public func evaluation<L: Learner, Source: Dataset>(
    of learner: L, on dataset: Source, batchSize: Int, among ranks: Ranks = .alone
) throws -> [String: Double] where Source.Content == L.Content {
    let (all, _) = dataset.batches(of: Array(0..<Int32(dataset.count)), size: batchSize)
    let batches = ranks.share(of: all.count).map { all[$0] }
    let loader = BatchLoader(dataset, batches: batches, view: .plain)
    var tally = Tally()
    while let batch = try loader.next() { tally.add(try learner.evaluate(batch.content)) }
    return learner.metrics(of: try ranks.total(tally))
}

extension Dataset {
    /// Batches for a pass in which order does not matter.
    ///
    /// - Returns: the batches, and where each of their examples stands in `examples`, one after the other.
    func batches(of examples: [Int32], size: Int) -> (batches: [[Int32]], positions: [Int]) {
        let positions =
            arrangement(of: examples, batchSize: size, seed: 0, visit: 0) ?? Array(examples.indices)
        let batches = stride(from: 0, to: positions.count, by: size).map {
            positions[$0...].prefix(size).map { examples[$0] }
        }
        return (batches, positions)
    }
}
