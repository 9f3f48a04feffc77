import Teaching
import Torch

/// Selective-Backprop: candidates are judged batch by batch, and what is admitted is taught in full batches.
extension Trainer {
    /// Judges a batch of candidates and teaches as soon as a full batch has been admitted.
    func judge(_ candidates: [Int32], _ lesson: Lesson, content: Contents) throws {
        let start = position.offset
        position.offset += candidates.count
        var scores: [Float] = []
        for part in microBatches(of: candidates.count) {
            let judged = Array(candidates[part])
            let content = try clock.measure(.data) { try content(judged) }
            scores += try clock.measure(.scoring) {
                try scoring {
                    let assessment = try withoutGradients {
                        try learner.assess(content, elements: nil, score: recipe.teacher.score, isTraining: false)
                    }
                    return try adjusted(assessment.scores?.values() ?? [], judged)
                }
            }
        }
        scores = try agree(on: BatchOutcome(scores: ExampleScores(scores: scores)), of: candidates.count).scores.scores
        let admitted = clock.measure(.selection) { teacher.admit(scores, for: candidates) }
        position.pending += admitted.map { candidates[$0] }
        try teachAdmitted(lesson, from: start)
    }

    /// Teaches what a run that was taken up between a lesson's last two steps had still to teach.
    func teachLeftOver(_ lesson: Lesson) throws {
        let batchSize = recipe.training.batchSize
        guard position.offset == lesson.examples.count, !position.pending.isEmpty else { return }
        try teachAdmitted(lesson, from: (lesson.examples.count - 1) / batchSize * batchSize)
    }

    /// - Parameter start: of the last candidates in the lesson.
    private func teachAdmitted(_ lesson: Lesson, from start: Int) throws {
        let isLast = position.offset == lesson.examples.count
        while position.pending.count >= recipe.training.batchSize || (isLast && !position.pending.isEmpty) {
            let batch = Array(position.pending.prefix(recipe.training.batchSize))
            position.pending.removeFirst(batch.count)
            try step(batch, nil, lesson, from: start) { try training.collate($0, view: view(of: lesson)) }
        }
    }
}
