import Datasets
import Models
import NN
import Teaching
import Torch

extension Trainer {
    /// One optimiser update on `examples`, which are the lesson's from `start` on.
    func step(
        _ examples: [Int32], _ content: L.Content, _ weights: [Float]?, _ lesson: Lesson, from start: Int
    ) throws {
        try Engine.seed(CounterRandom(seed: recipe.training.seed, stream: 0x6472_6f70).word(at: position.step))
        let elements = try elementSubset(examples, lesson, from: start)
        let progress = lesson.progress(after: position.offset)
        let rate = schedule.rate(at: (lesson.progress(after: start) + progress) / 2) * lesson.learningRateScale
        let assessment = try clock.measure(.forward) {
            try learner.assess(content, elements: elements, score: recordedScore(lesson), isTraining: true)
        }
        let (loss, norm) = try update(assessment.losses, weights, rate)
        guard loss.isFinite else { throw TrainingError.diverged(step: position.step, loss: loss, examples: examples) }
        if lesson.recordsScores { try record(assessment, examples) }
        position.step += 1
        position.examplesTaught += examples.count
        try emit(
            .stepped(
                StepSummary(
                    step: position.step, progress: progress, loss: loss, learningRate: rate, gradientNorm: norm,
                    examplesTaught: position.examplesTaught, examplesScored: teacher.spending.scored,
                    elementShare: lesson.elementShare(after: start), seconds: clock.seconds,
                    examplesPerSecond: Double(position.examplesTaught) / clock.seconds)))
        if progress * Double(recipe.evaluation.count) >= Double(position.evaluationCount + 1) {
            try evaluate(at: progress)
        }
        if let interval = recipe.checkpoints.everySteps, position.step.isMultiple(of: interval) { try saveCheckpoint() }
    }

    /// The weights are those of an unbiased mean over all examples: they are not divided by their sum.
    private func update(_ losses: Tensor, _ weights: [Float]?, _ rate: Double) throws -> (loss: Double, norm: Double) {
        let loss = try weights.map { try (losses * Tensor($0, device: losses.device)).mean() } ?? losses.mean()
        try clock.measure(.backward) { () throws(TorchError) in try loss.backward() }
        let largestNorm = recipe.training.gradientClipping
        let norm = try clock.measure(.optimizer) { () throws(TorchError) in
            try optimizer.step(learningRate: rate, clippingTo: largestNorm > 0 ? largestNorm : nil)
        }
        return (try loss.item(), norm)
    }

    /// The patches or tokens of each example that this step teaches; nil for all.
    private func elementSubset(_ examples: [Int32], _ lesson: Lesson, from start: Int) throws -> ElementSubset? {
        let total = learner.elementCount
        let count = max(1, Int((lesson.elementShare(after: start) * Double(total)).rounded()))
        guard count < total else { return nil }
        let indices = clock.measure(.selection) {
            ElementSampler(seed: recipe.training.seed).indices(
                for: examples, keeping: count, of: total, lesson: lesson.number)
        }
        return ElementSubset(
            indices: try Tensor(indices, shape: [examples.count, count], device: recipe.training.place).to(.int64))
    }

    private func recordedScore(_ lesson: Lesson) -> Policy.ScoreKind? {
        lesson.recordsScores ? recipe.teacher.score : nil
    }

    private func record(_ assessment: Assessment, _ examples: [Int32]) throws {
        let scores = try adjusted(assessment.scores?.values() ?? [], examples)
        let confidences = try recipe.teacher.tracksConfidence ? assessment.confidences?.values(as: Float.self) : nil
        clock.measure(.selection) { teacher.record(scores, for: examples, confidences: confidences) }
    }

    /// Judges a batch of candidates and teaches as soon as a full batch has been admitted (Selective-Backprop).
    func judge(_ candidates: [Int32], _ content: L.Content, _ lesson: Lesson) throws {
        let start = position.offset
        position.offset += candidates.count
        let scores = try clock.measure(.scoring) {
            try withoutGradients {
                try adjusted(
                    learner.assess(content, elements: nil, score: recipe.teacher.score, isTraining: false).scores?
                        .values()
                        ?? [], candidates)
            }
        }
        let admitted = clock.measure(.selection) { teacher.admit(scores, for: candidates) }
        position.pending += admitted.map { candidates[$0] }
        let isLast = position.offset == lesson.examples.count
        while position.pending.count >= recipe.training.batchSize || (isLast && !position.pending.isEmpty) {
            let batch = Array(position.pending.prefix(recipe.training.batchSize))
            position.pending.removeFirst(batch.count)
            let content = try clock.measure(.data) { try training.collate(batch, view: view(of: lesson)) }
            try step(batch, content, nil, lesson, from: start)
        }
    }

    /// Augmentation is a function of seed, lesson and example.
    func view(of lesson: Lesson) -> View { .augmented(seed: recipe.training.seed, visit: lesson.number) }
}

extension CounterRandom {
    /// 64 random bits.
    fileprivate func word(at index: Int) -> UInt64 {
        let words = block(UInt64(index))
        return UInt64(words[0]) << 32 | UInt64(words[1])
    }
}
