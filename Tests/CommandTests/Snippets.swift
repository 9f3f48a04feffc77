import Teaching

// The code of the guides, which DocumentationTests compares with them word by word.

/// What the guide's reader is taken to have.
private struct Loop {
    var images = Array(repeating: 0.0, count: 256)

    func losses(of examples: [Int32]) -> [Float] { examples.map { Float($0 % 7) } }
    func train(_ batch: Lesson.Batch) -> [Float] { batch.examples.map { Float($0 % 7) } }

    /// - Returns: examples taught.
    func run() throws -> Int {
        // snippet: own-loop
        var teacher = try Teacher(policy: .attent, exampleCount: images.count, epochs: 10, seed: 0)
        while let lesson = try teacher.next(score: { losses(of: $0) }) {
            for batch in lesson.batches(of: 64) { teacher.record(train(batch), for: batch.examples) }
        }
        // end
        return teacher.spending.taught
    }
}

/// Runs the guides' code.
func runSnippets() throws -> Int { try Loop().run() }
