/// An arithmetic problem in words, with its exact answer.
public struct WordProblem: Sendable, Equatable {
    public let question: String
    public let answer: Int

    /// The levels of difficulty, from one step with small numbers to three steps that end in a division.
    public static let levels = 1...5

    /// The problem that `seed` and `index` draw.
    ///
    /// - Parameter level: one of `levels`.
    public init(level: Int, seed: UInt64, index: Int) {
        precondition(Self.levels.contains(level), "a level that exists")
        var story = Story(level: level, draws: Draws(KeyedHash(seed: seed).keyed(by: level).keyed(by: index)))
        (question, answer) = story.told()
    }
}

/// Numbers drawn one after the other.
private struct Draws {
    private let hash: KeyedHash
    private var count = 0

    init(_ hash: KeyedHash) { self.hash = hash }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        count += 1
        return range.lowerBound + hash.keyed(by: count).below(range.count)
    }

    mutating func element<Element>(of list: [Element]) -> Element { list[number(0...list.count - 1)] }
}

/// Somebody has things, and their number changes.
private struct Story {
    private static let names = ["Ana", "Ben", "Ida", "Leo", "Mia", "Noa", "Sam", "Tom", "Uma", "Zoe"]
    private static let things = ["apples", "books", "coins", "eggs", "figs", "keys", "nuts", "pens", "plums", "stamps"]
    private static let gains = ["buys", "finds", "gets", "wins"]
    private static let losses = ["loses", "sells", "gives away", "drops"]

    let level: Int
    var draws: Draws

    mutating func told() -> (question: String, answer: Int) {
        let (name, things) = (draws.element(of: Self.names), draws.element(of: Self.things))
        let largest = [10, 30, 30, 60, 60][level - 1]
        var (sentences, value) = opening(name, things, largest)
        for _ in 0..<[1, 1, 2, 3, 2][level - 1] where level != 2 || !sentences[0].contains("boxes") {
            sentences.append(change(of: &value, name, largest))
        }
        guard level == 5 else {
            return (sentences.joined(separator: " ") + " How many \(things) does \(name) have?", value)
        }
        let people = draws.number(3...6)
        // What makes the division exact.
        let extra = people - value % people
        sentences.append("\(name) \(draws.element(of: Self.gains)) \(extra) more.")
        sentences.append("\(name) shares all with \(people - 1) friends.")
        return (sentences.joined(separator: " ") + " How many \(things) does each have?", (value + extra) / people)
    }

    /// From the second level on, the things may come in boxes.
    private mutating func opening(_ name: String, _ things: String, _ largest: Int) -> ([String], Int) {
        guard level > 1, draws.number(0...1) == 0 else {
            let count = draws.number(2...largest)
            return (["\(name) has \(count) \(things)."], count)
        }
        let (boxes, each) = (draws.number(2...9), draws.number(2...9))
        return (["\(name) has \(boxes) boxes of \(each) \(things)."], boxes * each)
    }

    private mutating func change(of value: inout Int, _ name: String, _ largest: Int) -> String {
        if value > 1, draws.number(0...1) == 0 {
            let count = draws.number(1...min(value - 1, largest))
            value -= count
            return "\(name) \(draws.element(of: Self.losses)) \(count)."
        }
        let count = draws.number(1...largest)
        value += count
        return "\(name) \(draws.element(of: Self.gains)) \(count) more."
    }
}
