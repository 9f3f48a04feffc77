import Tokenizers

/// Word problems in numbers, of which no held-out one occurs in training.
public struct WordProblemSet: Sendable, Equatable {
    /// Training problems.
    public var count: Int
    public var testCount: Int
    public var levels: ClosedRange<Int>
    /// Share of the training problems that repeat an earlier one word for word.
    public var redundancy: Double
    /// Share of the training problems whose answer is wrong.
    public var labelNoise: Double
    public var seed: UInt64

    public init(
        count: Int, testCount: Int, levels: ClosedRange<Int> = WordProblem.levels, redundancy: Double = 0,
        labelNoise: Double = 0, seed: UInt64 = 0
    ) {
        precondition(WordProblem.levels.contains(levels.lowerBound) && WordProblem.levels.contains(levels.upperBound))
        (self.count, self.testCount, self.levels) = (count, testCount, levels)
        (self.redundancy, self.labelNoise, self.seed) = (redundancy, labelNoise, seed)
    }

    /// What a draw decides.
    private enum Purpose: Int { case repetition = 1, original, level, noise, error }

    private enum Part { case training, heldOut }

    /// Held-out problems are numbered from here on.
    private static let testStart = 1 << 40

    private func draw(_ purpose: Purpose, _ index: Int) -> KeyedHash {
        KeyedHash(seed: seed).keyed(by: purpose.rawValue).keyed(by: index)
    }

    private func chance(_ purpose: Purpose, _ index: Int, _ share: Double) -> Bool {
        Double(draw(purpose, index).bits >> 11) * 0x1p-53 < share
    }

    /// The training problem of a number, with the answer that it is taught with.
    public func trainingProblem(_ index: Int) -> (problem: WordProblem, taught: Int) {
        let problem = problem(original(of: index), .training)
        guard chance(.noise, index, labelNoise) else { return (problem, problem.answer) }
        let distance = 1 + draw(.error, index).below(9)
        let isBelow = draw(.error, index).keyed(by: 1).below(2) == 0 && problem.answer > distance
        return (problem, problem.answer + (isBelow ? -distance : distance))
    }

    public func heldOutProblem(_ index: Int) -> WordProblem { problem(Self.testStart + index, .heldOut) }

    /// The first of the problems that this one repeats.
    private func original(of index: Int) -> Int {
        var index = index
        while index > 0, chance(.repetition, index, redundancy) { index = draw(.original, index).below(index) }
        return index
    }

    /// Problems are drawn until one belongs to the part, which its words decide.
    private func problem(_ index: Int, _ part: Part) -> WordProblem {
        let level = levels.lowerBound + draw(.level, index).below(levels.count)
        var attempt = 0
        while true {
            let key = Int(truncatingIfNeeded: KeyedHash(seed: UInt64(index)).keyed(by: attempt).bits)
            let problem = WordProblem(level: level, seed: seed, index: key)
            if Self.part(of: problem) == part { return problem }
            attempt += 1
        }
    }

    /// One in eight is held out.
    private static func part(of problem: WordProblem) -> Part {
        var digest = Fingerprint()
        Array(problem.question.utf8).withUnsafeBytes { digest.combine($0) }
        return digest.value % 8 == 0 ? .heldOut : .training
    }

    /// Every character that a problem of any level and its answer can hold.
    public static let scalars: [Unicode.Scalar] = {
        let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { Unicode.Scalar($0) }
        let capitals = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { Unicode.Scalar($0) }
        return letters + capitals + Array(" .?0123456789".unicodeScalars)
    }()

    /// Both parts as examples that learn the answer alone, after the question and a space.
    public func datasets(
        _ tokenizer: any Tokenizer, context: Int
    ) throws -> (training: TextDataset, validation: TextDataset) {
        func dataset(
            _ name: String, _ indices: Range<Int>, _ exchange: (Int) -> (question: String, answer: Int)
        ) throws -> TextDataset {
            var builder = TextDatasetBuilder(source: "word problems (\(name))", tokenizer: tokenizer, context: context)
            for index in indices {
                let (question, answer) = exchange(index)
                do throws(TextDatasetBuilder.Obstacle) {
                    try builder.append(prompt: question, response: " \(answer)")
                } catch {
                    guard case .promptTooLong(let tokens) = error else { throw error }
                    throw DatasetError.invalidSetting(
                        name: "context", found: "\(context)", expected: "at least a problem's \(tokens) tokens")
                }
            }
            return try builder.finish()
        }
        let training = try dataset("training", 0..<count) { index in
            let (problem, taught) = trainingProblem(index)
            return (problem.question, taught)
        }
        return (
            training,
            try dataset("held out", 0..<testCount) { index in
                let problem = heldOutProblem(index)
                return (problem.question, problem.answer)
            }
        )
    }
}
