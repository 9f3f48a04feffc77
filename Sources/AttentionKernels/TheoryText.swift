import Torch

/// Windows of a text, of which a learner tells the next character: real sequences of tokens.
public struct TheoryText: Sendable {
    public let name: String
    /// Characters of a window.
    let length = 24
    private let characters: [Character]
    private let vocabulary: [Character]
    private let starts: [Int]

    private static let mostWindows = 240
    private static let mostCharacters = 20_000
    private static let mostKinds = 256

    /// - Parameter text: its first 20,000 characters are read.
    /// - Throws: ``AntkError/setting(name:found:expected:)`` where it is too short, or of too many different characters.
    public init(_ text: String, name: String) throws(AntkError) {
        self.name = name
        characters = Array(text.prefix(Self.mostCharacters))
        let least = 4 * length
        guard characters.count >= least else {
            throw .setting(
                name: "the text \(name)", found: "\(characters.count) characters long", expected: "at least \(least)")
        }
        vocabulary = Set(characters).sorted()
        guard vocabulary.count <= Self.mostKinds else {
            throw .setting(
                name: "the text \(name)", found: "of \(vocabulary.count) different characters",
                expected: "at most \(Self.mostKinds)")
        }
        let room = characters.count - length
        let count = min(Self.mostWindows, room)
        starts = (0..<count).map { $0 * room / count }
    }

    /// The importance of the characters of some windows for the one that comes next, and how often a learner of one layer
    /// is right about it.
    func importanceMaps(_ count: Int, seed: UInt64) throws -> (maps: [TheoryResult.HeatMap], accuracy: Double) {
        let numbers = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, Int64($0)) })
        let tokens = starts.map { start in characters[start..<start + length].map { numbers[$0] ?? 0 } }
        let elements = try Tensor(tokens.flatMap { $0 }, shape: [starts.count, length]).oneHot(
            classes: vocabulary.count)
        // What the loss curves by at the start, where all elements are attended to alike.
        let curvature = try elements.to(.float64).mean(1).square().sum(-1).mean().item() + 1 / Double(length)
        let learner = try SequenceAttention(
            elements, labels: starts.map { numbers[characters[$0 + length]] ?? 0 }, classCount: vocabulary.count,
            reading: .last, seed: seed, steps: 250, rate: 1 / curvature)
        let chosen = (0..<count).map { $0 * starts.count / max(count, 1) }
        let maps = try chosen.map { window in
            let start = starts[window]
            return TheoryResult.HeatMap(
                title: "ω of the characters before “\(Self.visible(characters[start + length]))”", columns: length / 2,
                values: try learner.importance(window),
                labels: characters[start..<start + length].map(Self.visible))
        }
        return (maps, try learner.accuracy())
    }

    /// Different characters.
    var kinds: Int { vocabulary.count }

    /// Windows as numbers, of which a learner tells which of the commonest characters comes next: int64 [count, length], the
    /// characters' numbers, and for each window and character 1 where it does, else 0, with the mean taken off.
    ///
    /// - Throws: ``AntkError/setting(name:found:expected:)`` where there are not so many.
    func windows(_ count: Int, commonest: Int) throws -> (tokens: Tensor, choices: [Int], targets: Tensor) {
        guard count <= starts.count else {
            throw AntkError.setting(
                name: "the number of examples", found: "\(count)", expected: "at most the text's \(starts.count)")
        }
        let numbers = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
        let all = characters.map { numbers[$0] ?? 0 }
        let frequencies = all.reduce(into: [Int](repeating: 0, count: kinds)) { $0[$1] += 1 }
        let choices = (0..<kinds).sorted { (frequencies[$0], $1) > (frequencies[$1], $0) }.prefix(commonest).sorted()
        // Spread over the text.
        let chosen = (0..<count).map { starts[$0 * starts.count / count] }
        let tokens = chosen.flatMap { all[$0..<$0 + length].map(Int64.init) }
        let targets = chosen.flatMap { start in
            choices.map { ($0 == all[start + length] ? 1 : 0) - 1 / Double(choices.count) }
        }
        return (try Tensor(tokens, shape: [count, length]), choices, try Tensor(targets))
    }

    private static func visible(_ character: Character) -> String {
        character.isNewline ? "↵" : character.isWhitespace ? "␣" : String(character)
    }
}

extension TheoryText {
    /// From Shakespeare's Hamlet, act 3, scene 1.
    public static let soliloquy = """
        To be, or not to be, that is the question:
        Whether 'tis nobler in the mind to suffer
        The slings and arrows of outrageous fortune,
        Or to take arms against a sea of troubles
        And by opposing end them. To die: to sleep,
        No more; and by a sleep to say we end
        The heart-ache and the thousand natural shocks
        That flesh is heir to: 'tis a consummation
        Devoutly to be wish'd. To die, to sleep;
        To sleep, perchance to dream. Ay, there's the rub:
        For in that sleep of death what dreams may come,
        When we have shuffled off this mortal coil,
        Must give us pause. There's the respect
        That makes calamity of so long life.
        """
}
