import Datasets
import Models
import NN
import Teaching
import Torch

extension Trainer {
    /// The content of a micro-batch.
    typealias Contents = ([Int32]) throws -> L.Content

    /// The micro-batches of this rank's share of a batch, which fit into memory one at a time.
    func microBatches(of count: Int) -> [Range<Int>] {
        let share = ranks.share(of: count)
        let size = recipe.training.microBatchSize ?? max(1, share.count)
        return stride(from: share.lowerBound, to: share.upperBound, by: size).map {
            $0..<min($0 + size, share.upperBound)
        }
    }

    /// One optimiser update on `examples`, which are the lesson's from `start` on.
    func step(
        _ examples: [Int32], _ weights: [Float]?, _ lesson: Lesson, from start: Int, content: Contents
    ) throws {
        ranks.enter("in step \(position.step + 1)")
        // Each rank has examples of its own, and so dropout of its own.
        try Engine.seed(
            CounterRandom(seed: recipe.training.seed, stream: 0x6472_6f70 + UInt64(ranks.rank) << 32)
                .word(at: stepsTaken))
        let progress = lesson.progress(after: position.offset)
        let rate = schedule.rate(at: (lesson.progress(after: start) + progress) / 2) * lesson.learningRateScale
        let share = try reportingMemory(batchDescription(examples), lower: memoryAdvice) {
            try gradients(of: examples, weights, lesson, from: start, content)
        }
        if readsLater(in: lesson) {
            try update(by: share, on: examples, lesson, start..<position.offset, learningRate: rate)
            return try keepSchedule(progress)
        }
        let norm = try clock.measure(.optimizer) { () throws(TorchError) in
            let largestNorm = recipe.training.gradientClipping
            return try optimizer.clipGradients(to: largestNorm > 0 ? largestNorm : nil)
        }
        let own = BatchOutcome(
            loss: try share.loss(), gradientNorm: norm, scores: try scores(of: share, examples),
            elementCodes: try elementCodes(of: share))
        let outcome = try agree(on: own, of: examples.count)
        guard outcome.loss.isFinite, outcome.gradientNorm.isFinite else {
            try optimizer.clearGradients()
            try reject(examples, NonFiniteStep(outcome, losses: share.exampleLosses), lesson, from: start)
            return try keepSchedule(progress)
        }
        try clock.measure(.optimizer) { try optimizer.update(learningRate: rate) }
        try adapt(to: share.statistics, of: examples.count)
        try finishStep(on: examples, outcome, lesson, start..<position.offset, learningRate: rate)
        try keepSchedule(progress)
    }

    /// Counts a step that was taken, and tells of it.
    ///
    /// - Parameter places: those of its examples in the lesson.
    func finishStep(
        on examples: [Int32], _ outcome: BatchOutcome, _ lesson: Lesson, _ places: Range<Int>, learningRate: Double
    ) throws {
        rejections = 0
        if lesson.records(from: places.lowerBound) {
            let scores = outcome.scores
            clock.measure(.selection) {
                teacher.record(scores.scores, for: examples, confidences: scores.confidences)
            }
        }
        if !outcome.elementCodes.isEmpty {
            clock.measure(.selection) { elementWorth?.record(outcome.elementCodes, for: examples) }
        }
        position.step += 1
        position.examplesTaught += examples.count
        taught?.add(examples)
        try emit(
            .stepped(
                StepSummary(
                    step: position.step, progress: lesson.progress(after: places.upperBound), loss: outcome.loss,
                    learningRate: learningRate, gradientNorm: outcome.gradientNorm,
                    examplesTaught: position.examplesTaught, examplesScored: teacher.spending.scored,
                    elementShare: lesson.elementShare(after: places.lowerBound), seconds: clock.seconds,
                    examplesPerSecond: Double(position.examplesTaught) / clock.seconds)))
    }

    /// Evaluates and saves where it is time to.
    private func keepSchedule(_ progress: Double) throws {
        let isDue = progress * Double(recipe.evaluation.count) >= Double(position.evaluationCount + 1)
        let interval = recipe.checkpoints.everySteps
        let saves = interval.map { stepsTaken.isMultiple(of: $0) } ?? false
        // Both look at a run whose steps are all counted.
        if isDue || saves { try readStep() }
        if isDue { try evaluate(at: progress) }
        if saves { try saveCheckpoint() }
    }

    /// One that is not counted yet included.
    private var stepsTaken: Int { position.step + (unread == nil ? 0 : 1) }

    /// Whether this step's elements are measured, for later choices among them.
    var recordsElements: Bool {
        elementWorth.map { stepsTaken.isMultiple(of: type(of: $0).recordingInterval) } ?? false
    }

    private var recordsEveryStep: Bool { elementWorth.map { type(of: $0).recordingInterval == 1 } ?? false }

    /// What the passes over this rank's share of a batch come to.
    struct Share {
        /// The micro-batches' shares of the step's loss.
        var losses: [Tensor] = []
        /// [B] a micro-batch, without a graph.
        var exampleLosses: [Tensor] = []
        /// [B] a micro-batch, where the lesson records them.
        var scores: [Tensor] = []
        var confidences: [Tensor] = []
        /// [B, E] a micro-batch, where elements are chosen by them.
        var elementScores: [Tensor] = []
        /// Sums over the examples; nil where the learner does not adapt.
        var statistics: Tensor?

        func loss() throws -> Double { try losses.reduce(0) { try $0 + $1.item() } }
    }

    /// Adds up the gradients of the mean loss over `examples`, micro-batch by micro-batch.
    private func gradients(
        of examples: [Int32], _ weights: [Float]?, _ lesson: Lesson, from start: Int, _ content: Contents
    ) throws -> Share {
        var result = Share(statistics: try learner.freshStatistics())
        let parts = microBatches(of: examples.count)
        // Where some rank has no example, the gradients are averaged afterwards instead.
        let overlaps = examples.count >= ranks.rankCount
        for (index, part) in parts.enumerated() {
            let taught = Array(examples[part])
            let content = try clock.measure(.data) { try content(taught) }
            let isLast = overlaps && index == parts.count - 1
            if isLast { _ = try ranks.together { _ in try averaging?.beforeForward() } }
            let (excerpt, elements) = try excerpt(content, of: taught, lesson, from: start)
            let assessment = try clock.measure(.forward) {
                try learner.assess(
                    excerpt, elements: elements, score: lesson.records(from: start) ? recipe.teacher.score : nil,
                    isTraining: true)
            }
            let share = Double(part.count) / Double(examples.count)
            result.losses.append(
                try backward(assessment.losses, weights.map { Array($0[part]) }, share: share, averages: isLast))
            result.exampleLosses.append(try assessment.losses.detached())
            if let more = assessment.statistics { result.statistics = try result.statistics.map { try $0 + more } }
            if let scores = assessment.scores { result.scores.append(scores) }
            if recipe.teacher.tracksConfidence, let confidences = assessment.confidences {
                result.confidences.append(confidences)
            }
            if recordsElements, let measure = assessment.elementScores {
                result.elementScores.append(try clock.measure(.scoring, measure))
            }
        }
        try clock.measure(.backward) { try overlaps ? averaging?.settle() : averaging?.addUp() }
        return result
    }

    /// What a share's elements were measured at, in the order of its examples.
    private func elementCodes(of share: Share) throws -> [UInt8] {
        guard !share.elementScores.isEmpty else { return [] }
        return try clock.measure(.scoring) {
            ElementTable.codes(of: try share.elementScores.flatMap { try $0.values() })
        }
    }

    /// The scores that a share came with, in the order of its examples.
    private func scores(of share: Share, _ examples: [Int32]) throws -> ExampleScores {
        let own = Array(examples[ranks.share(of: examples.count)])
        return ExampleScores(
            scores: adjusted(try share.scores.flatMap { try $0.values() }, own),
            confidences: recipe.teacher.tracksConfidence ? try share.confidences.flatMap { try $0.values() } : nil)
    }

    /// The weights are those of an unbiased mean over all examples: they are not divided by their sum.
    ///
    /// - Parameters:
    ///   - share: of the step's examples that these are.
    ///   - averages: whether the gradients so far are averaged over the ranks meanwhile.
    private func backward(
        _ losses: Tensor, _ weights: [Float]?, share: Double, averages: Bool
    ) throws -> Tensor {
        var loss = try weights.map { try (losses * Tensor($0, device: losses.device)).mean() } ?? losses.mean()
        if share < 1 { loss = try loss * share }
        let result = try loss.detached()
        try clock.measure(.backward) {
            guard let averaging else { return try loss.backward() }
            _ = try ranks.together { _ in
                if averages { try averaging.beforeBackward() }
                try (loss * averaging.scale).backward()
            }
        }
        return result
    }

    /// What this step shows of its examples.
    func excerpt(
        _ content: L.Content, of examples: [Int32], _ lesson: Lesson, from start: Int
    ) throws -> (L.Content, ElementSubset?) {
        guard teacher.policy.elements?.form == .reduced else {
            return (content, try elementSubset(examples, lesson, from: start))
        }
        let count = lesson.elementCount(of: learner.elementCount, after: start)
        guard count < learner.elementCount else { return (content, nil) }
        return (try clock.measure(.data) { try learner.reduced(content, to: count) }, nil)
    }

    /// The patches or tokens of each example that this step teaches; nil for all.
    private func elementSubset(_ examples: [Int32], _ lesson: Lesson, from start: Int) throws -> ElementSubset? {
        let total = learner.elementCount
        let count = lesson.elementCount(of: total, after: start)
        guard count < total else { return nil }
        // What is measured seldom counts from the next step on, on every device.
        if unread?.elementScores != nil, !recordsEveryStep { try readStep() }
        let indices = clock.measure(.selection) {
            let sampler = ElementSampler(seed: recipe.training.seed)
            guard let elementWorth else {
                return sampler.indices(for: examples, keeping: count, of: total, lesson: lesson.number)
            }
            return sampler.indices(
                for: examples, keeping: count, of: total, lesson: lesson.number,
                importance: elementWorth.importance(of: examples))
        }
        return ElementSubset(
            indices: try Tensor(indices, shape: [examples.count, count], device: recipe.training.place).to(.int64))
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
