import Foundation
import Teaching
import TestSupport
import Testing

@testable import Training

@Suite struct ExhibitionTests {
    @Test("Counts add up, end at the largest and survive being stored") func counts() throws {
        var taught = try #require(TaughtCounts(exampleCount: 3))
        taught.add([0, 2, 2])
        for _ in 0..<70_000 { taught.add([1]) }
        #expect(taught.counts == [1, .max, 2])
        #expect(TaughtCounts(taught.data, exampleCount: 3) == taught)
        #expect(TaughtCounts(taught.data, exampleCount: 4) == nil)
        #expect(TaughtCounts(exampleCount: TaughtCounts.mostExamples + 1) == nil)
    }

    @Test("The first few of many are those that sorting would put first") func first() throws {
        var taught = try #require(TaughtCounts(exampleCount: 500))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 { taught.add([Int32.random(in: 0..<500, using: &generator)]) }
        func precedes(_ a: Int, _ b: Int) -> Bool { (taught.counts[a], a) > (taught.counts[b], b) }
        #expect(taught.first(7, by: precedes) == Array((0..<500).sorted(by: precedes).prefix(7)))
        #expect(taught.first(0, by: precedes).isEmpty)
    }
}

extension ExhibitionTests {
    /// The exhibitions of a run, with a folder or without.
    private func exhibitions(_ recipe: Recipe, inFolder: Bool = true) throws -> (shown: [Exhibition], counts: [UInt16])
    {
        try withTemporaryFolder { path in
            let recorder = Recorder()
            let trainer = try TinyRun(recipe).trainer(
                folder: inFolder ? RunFolder(path: path) : nil, emit: recorder.observe)
            trainer.caption = { "number \($0)" }
            _ = try trainer.run()
            let shown = recorder.events.compactMap {
                if case .exhibited(let exhibition) = $0 { exhibition } else { nil }
            }
            return (shown, try #require(trainer.taught).counts)
        }
    }

    @Test("Every evaluation shows the examples taught most and least, with pictures") func run() throws {
        let (shown, counts) = try exhibitions(tinyRecipe(.attentSimple))
        #expect(shown.count == 3)
        let last = try #require(shown.last)
        #expect(last.most.count == 8 && last.least.count == 8 && last.isUneven)
        #expect(last.most.map(\.timesTaught) == counts.sorted(by: >).prefix(8).map(Int.init))
        #expect(last.least.map(\.timesTaught) == counts.sorted().prefix(8).map(Int.init))
        #expect(last.meanTimesTaught == Double(counts.reduce(0) { $0 + Int($1) }) / 48)
        for example in last.most + last.least {
            #expect(example.caption == "number \(example.number)" && example.score != nil)
            #expect(example.picture?.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
            #expect(Int(counts[Int(example.number)]) == example.timesTaught)
        }
    }

    @Test("Standard training teaches all alike; a run without a folder shows nothing") func even() throws {
        #expect(try exhibitions(tinyRecipe(.standard)).shown.allSatisfy { !$0.isUneven })
        #expect(try exhibitions(tinyRecipe(.standard), inFolder: false).shown.isEmpty)
    }
}
