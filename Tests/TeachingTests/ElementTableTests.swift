import Testing

@testable import Teaching

@Suite struct ElementTableTests {
    @Test("losses are kept in sixteenths, and what is no loss is unknown")
    func codes() {
        let losses: [Float] = [0, 1 / 16, 0.5, 15.875, 15.9, 1e9, .infinity, -1, .nan, 0.03, 0.04]
        #expect(ElementTable.codes(of: losses) == [1, 2, 9, 255, 255, 255, 255, 0, 0, 1, 2])
    }

    @Test("importance is the square of how far an element is beyond half of its example's mean")
    func importance() {
        var table = ElementTable(exampleCount: 3, elementCount: 4)
        #expect(table.importance(of: [2, 0]) == Array(repeating: 1, count: 8))
        table.record(ElementTable.codes(of: [1, 3, 0, -1, 0, 0, -1, 0]), for: [2, 1])
        let mean: Float = 4 / 3
        let expected = [1, 3, 0].map { loss in ((loss + mean) / (2 * mean)) * ((loss + mean) / (2 * mean)) }
        let found = table.importance(of: [0, 2])
        #expect(Array(found[..<4]) == [1, 1, 1, 1])
        #expect(zip(found[4...], expected + [1]).allSatisfy { abs($0 - $1) < 1e-6 })
        // Where everything is known to be easy nothing stands out.
        #expect(table.importance(of: [1]) == [1, 1, 1, 1])
        table.record([17, 17, 17, 17], for: [2])
        #expect(table.importance(of: [2]) == [1, 1, 1, 1])
    }

    @Test("a table comes back from its bytes, if they are of as many elements")
    func restored() {
        var table = ElementTable(exampleCount: 2, elementCount: 3)
        table.record([3, 4, 5], for: [1])
        #expect(table.codes == [0, 0, 0, 3, 4, 5])
        #expect(ElementTable(bytes: table.bytes, exampleCount: 2, elementCount: 3) == table)
        #expect(ElementTable(bytes: table.bytes, exampleCount: 2, elementCount: 4) == nil)
    }

    @Test("a hard element is drawn as often as its share of the importance says, one drawn at a time")
    func frequencies() {
        var table = ElementTable(exampleCount: 4000, elementCount: 3)
        let examples = Array<Int32>(0..<4000)
        table.record(examples.flatMap { _ in ElementTable.codes(of: [0, 1, 2]) }, for: examples)
        let drawn = ElementSampler(seed: 3).sample(
            for: examples, keeping: 1, of: 3, lesson: 0, importance: table.importance(of: examples)
        ).indices
        // ((loss + 1) / 2)^2 of 0, 1 and 2: 1/4, 1 and 9/4 of 3.5.
        for (element, probability) in [1.0 / 14, 4.0 / 14, 9.0 / 14].enumerated() {
            let count = Double(drawn.count { $0 == Int32(element) })
            let deviation = (4000 * probability * (1 - probability)).squareRoot()
            #expect(abs(count - 4000 * probability) < 5 * deviation)
        }
    }
}
