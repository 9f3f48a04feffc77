import Testing

@testable import Teaching

@Suite("Token selection") struct TokenSelectionTests {
    @Test("the hardest share of each example's tokens is chosen", arguments: [0.05, 0.3, 0.6, 0.95, 1])
    func share(share: Double) {
        let random = CounterRandom(seed: 4)
        let owners = (0..<300).map { Int(random.uniform(at: UInt64($0)) * 7) }
        let hardness = (0..<300).map { Float(random.uniform(at: UInt64(1000 + $0))) }
        let selection = TokenSelection(share: share)
        let isChosen = selection.choose(hardness, owners: owners, exampleCount: 8)
        for owner in 0..<8 {
            let tokens = owners.indices.filter { owners[$0] == owner }
            let taught = tokens.filter { isChosen[$0] }
            #expect(taught.count == Int((share * Double(tokens.count)).rounded(.up)))
            guard let easiest = taught.map({ hardness[$0] }).min() else { continue }
            #expect(tokens.allSatisfy { isChosen[$0] || hardness[$0] < easiest })
            let alone = selection.choose(
                tokens.map { hardness[$0] }, owners: tokens.map { _ in 0 }, exampleCount: 1)
            #expect(alone == tokens.map { isChosen[$0] })
        }
    }

    @Test("of equals the first come first, and what is no number comes last") func ties() {
        let selection = TokenSelection(share: 0.5)
        #expect(
            selection.choose([1, 1, 1, 1], owners: [0, 0, 0, 0], exampleCount: 1) == [true, true, false, false])
        #expect(
            selection.choose([.nan, -5, 2, .nan], owners: [0, 0, 0, 0], exampleCount: 1) == [false, true, true, false])
        // A share whose product with the count is whole is not rounded up.
        #expect((1...100).allSatisfy { TokenSelection(share: 0.6).size(of: 5 * $0) == 3 * $0 })
    }

    @Test("a share that teaches nothing, or more than all, is refused", arguments: [0, -0.1, 1.01, .nan])
    func range(share: Double) {
        var policy = Policy.standard
        policy.tokens = TokenSelection(share: share)
        #expect(throws: TeachingError.self) { try policy.validate() }
    }

    @Test("a lesson in another order keeps its weights with their examples") func arranged() throws {
        let policy = Policy(
            name: "soft", ratio: .constant(0.5), selection: .soft(Selection.Soft()), weights: .unbiased(cap: 10))
        var teacher = try Teacher(policy: policy, exampleCount: 20, epochs: 3, seed: 1)
        let lesson = try #require(try teacher.next { $0.map { Float($0) } })
        teacher.record(lesson.examples.map { Float($0) / 10 }, for: lesson.examples)
        let next = try #require(try teacher.next { $0.map { Float($0) } })
        let order = Array(next.examples.indices.reversed())
        let arranged = next.arranged(order)
        #expect(arranged.examples == next.examples.reversed())
        #expect(try Array(#require(next.weights).reversed()) == arranged.weights)
        #expect(arranged.progress == next.progress && arranged.number == next.number)
    }
}
