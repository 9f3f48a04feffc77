import Testing
import Tokenizers

@testable import Datasets

@Suite("Rows of a batch") struct PackingTests {
    /// Texts of 1 to `longest` + 1 tokens, each an example.
    private func dataset(_ count: Int, longest: Int, seed: UInt64) throws -> TextDataset {
        var generator = SeededGenerator(seed: seed)
        let tokenizer = CharacterTokenizer(of: "abcdefghijklmnopqrstuvwxyz".unicodeScalars)
        var builder = TextDatasetBuilder(source: "random", tokenizer: tokenizer, context: longest)
        for _ in 0..<count {
            let length = Int.random(in: 2...longest + 1, using: &generator)
            builder.append(text: (0..<length).map { _ in Int32.random(in: 2..<28, using: &generator) })
        }
        return try builder.finish()
    }

    @Test("sequences share rows without touching, and waste little", arguments: 1...6)
    func rows(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let lengths = (0..<200).map { _ in Int.random(in: 1...60, using: &generator) }
        let spans = RowLayout.spans(of: lengths, limit: 64)
        #expect(spans.map(\.count) == lengths)
        let rowCount = spans.map(\.row).max()! + 1
        for row in 0..<rowCount {
            let inside = spans.filter { $0.row == row }.sorted { $0.start < $1.start }
            #expect(zip(inside, inside.dropFirst()).allSatisfy { $0.end == $1.start })
            #expect(inside[0].start == 0 && inside[inside.count - 1].end <= 64)
        }
        let fewest = (lengths.reduce(0, +) + 63) / 64
        #expect(Double(rowCount) <= 11.0 / 9 * Double(fewest) + 1)
    }

    @Test("a sequence longer than a row gets one of its own") func long() {
        let spans = RowLayout.spans(of: [9, 2, 3], limit: 5)
        #expect(spans.map(\.row) == [0, 1, 1])
        #expect(spans.map(\.start) == [0, 3, 0])
    }

    @Test("a packed example has the tokens and labels that it has alone") func content() throws {
        let data = try dataset(40, longest: 30, seed: 3)
        let numbers = (0..<40).map { Int32($0 * 7 % 40) }
        let packed = try data.packed(intoRowsOf: 32).collate(numbers, view: .plain)
        #expect(packed.isPacked && packed.count == 40 && packed.width <= 32)
        #expect(packed.tokens.count == packed.rowCount * packed.width)
        let owners = packed.owners
        for (index, number) in numbers.enumerated() {
            let alone = try data.collate([number], view: .plain)
            let span = packed.spans[index]
            let places = span.row * packed.width + span.start..<span.row * packed.width + span.end
            #expect(Array(packed.tokens[places]) == alone.tokens)
            #expect(Array(packed.labels[places]) == alone.labels)
            #expect(owners[span.row][span.start..<span.end].allSatisfy { $0 == index })
        }
        let owned = packed.lengths.reduce(0, +)
        #expect(owners.joined().count { $0 >= 0 } == owned)
        let labelled = try numbers.reduce(0) { try $0 + data.collate([$1], view: .plain).labels.count { $0 >= 0 } }
        #expect(packed.labels.count { $0 >= 0 } == labelled)
        #expect(
            try data.packed(intoRowsOf: 32).split(testShare: 0.5).training.collate([0, 1], view: .plain).count == 2)
    }

    @Test("examples of similar length are batched together, the same way for the same lesson") func buckets() throws {
        let data = try dataset(500, longest: 60, seed: 4)
        let numbers = (0..<500).map { Int32($0 * 37 % 500) }
        func arrangement(_ visit: Int) throws -> [Int] {
            try #require(data.arrangement(of: numbers, batchSize: 8, seed: 1, visit: visit))
        }
        let order = try arrangement(3)
        #expect(order.sorted() == Array(0..<500))
        #expect(try order == arrangement(3))
        #expect(try order != arrangement(4))
        func places(_ positions: [Int]) throws -> Int {
            try stride(from: 0, to: 500, by: 8).reduce(0) { sum, start in
                let batch = positions[start..<min(start + 8, 500)].map { numbers[$0] }
                return try sum + data.collate(batch, view: .plain).tokens.count
            }
        }
        let tokens = try data.collate(numbers, view: .plain).lengths.reduce(0, +)
        #expect(try Double(places(order)) < 1.05 * Double(tokens))
        #expect(try Double(places(Array(0..<500))) > 1.4 * Double(tokens))
    }

    @Test("rows of one length, and packed ones, keep the teacher's order") func unchanged() throws {
        let data = try dataset(20, longest: 30, seed: 5)
        #expect(
            data.packed(intoRowsOf: 30).arrangement(of: Array(0..<20), batchSize: 4, seed: 1, visit: 1) == nil)
        #expect(data.arrangement(of: [3, 3, 3], batchSize: 2, seed: 1, visit: 1) == nil)
        #expect(data.arrangement(of: [], batchSize: 2, seed: 1, visit: 1) == nil)
    }
}
