import Testing
import Tokenizers

@testable import Datasets

@Suite("Word problems") struct TextProblemTests {
    /// Works a problem out from its words alone.
    private func solve(_ question: String) -> Int? {
        var value: Int?
        for sentence in question.split(whereSeparator: { ".?".contains($0) }) {
            let words = sentence.split(separator: " ")
            let numbers = words.compactMap { Int($0) }
            switch words[1] {
            case "has" where words.contains("boxes"): value = numbers[0] * numbers[1]
            case "has": value = numbers[0]
            case "shares":
                guard let whole = value, whole % (numbers[0] + 1) == 0 else { return nil }
                value = whole / (numbers[0] + 1)
            case "many": break
            default: value = value.map { words.last == "more" ? $0 + numbers[0] : $0 - numbers[0] }
            }
        }
        return value
    }

    @Test("the answer is what the words say", arguments: WordProblem.levels) func answers(level: Int) {
        for index in 0..<500 {
            let problem = WordProblem(level: level, seed: 7, index: index)
            #expect(solve(problem.question) == problem.answer, "\(problem.question)")
            #expect(problem.answer > 0)
            #expect(problem == WordProblem(level: level, seed: 7, index: index))
        }
    }

    @Test("higher levels take more words and reach larger numbers") func difficulty() {
        let sizes = WordProblem.levels.map { level in
            (0..<300).map { WordProblem(level: level, seed: 1, index: $0).question.count }.reduce(0, +)
        }
        // A product in one sentence, which the second level has, is short and still harder.
        #expect(zip(sizes.dropFirst(), sizes.dropFirst(2)).allSatisfy { $0 < $1 })
        func answers(_ level: Int) -> [Int] { (0..<300).map { WordProblem(level: level, seed: 1, index: $0).answer } }
        #expect(answers(1).allSatisfy { $0 <= 20 })
        #expect(answers(2).contains { $0 > 50 })
    }

    @Test("no held-out problem is one of the training problems") func heldOut() {
        let problems = WordProblemSet(count: 3000, testCount: 500, levels: 1...2)
        let training = Set((0..<3000).map { problems.trainingProblem($0).problem.question })
        #expect((0..<500).allSatisfy { !training.contains(problems.heldOutProblem($0).question) })
    }

    @Test("shares of repetitions and of wrong answers are as asked for") func corruption() {
        var problems = WordProblemSet(count: 4000, testCount: 1, levels: 4...4)
        let distinct = Set((0..<4000).map { problems.trainingProblem($0).problem.question }).count
        #expect(distinct > 3950)
        #expect(
            (0..<4000).allSatisfy { problems.trainingProblem($0).taught == problems.trainingProblem($0).problem.answer }
        )
        (problems.redundancy, problems.labelNoise) = (0.5, 0.1)
        let drawn = (0..<4000).map { problems.trainingProblem($0) }
        #expect(abs(Double(Set(drawn.map(\.problem.question)).count) / 4000 - 0.5) < 0.03)
        #expect(abs(Double(drawn.count { $0.taught != $0.problem.answer }) / 4000 - 0.1) < 0.02)
        #expect(drawn.allSatisfy { $0.taught > 0 })
        #expect(
            (0..<100).allSatisfy { solve(problems.heldOutProblem($0).question) == problems.heldOutProblem($0).answer })
    }

    @Test("its examples learn the answer alone") func examples() throws {
        let problems = WordProblemSet(count: 50, testCount: 5, labelNoise: 0.5, seed: 4)
        let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)
        let (training, validation) = try problems.datasets(tokenizer, context: 256)
        for number in 0..<50 {
            let (problem, taught) = problems.trainingProblem(number)
            let (prompt, response) = training.parts(of: number)
            #expect(try tokenizer.decode(prompt) == problem.question)
            #expect(try tokenizer.decode(response) == " \(taught)")
            #expect(response.last == tokenizer.eosID)
        }
        #expect(validation.count == 5)
        #expect(throws: DatasetError.self) { try problems.datasets(tokenizer, context: 20) }
    }
}
