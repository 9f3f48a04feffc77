import Foundation
import Synchronization
import Testing

@testable import Datasets

@Suite struct BatchLoaderTests {
    /// Counts how often it is asked, and fails on one example number.
    private final class CountingDataset: Dataset {
        struct Failure: Error, Equatable { let example: Int32 }

        let count = 1000
        let fingerprint: UInt64 = 0
        let poison: Int32?
        let collated = Atomic<Int>(0)

        init(poison: Int32? = nil) { self.poison = poison }

        func collate(_ examples: [Int32], view: View) throws(Failure) -> [Int32] {
            collated.add(1, ordering: .sequentiallyConsistent)
            if let poison, examples.contains(poison) { throw Failure(example: poison) }
            return examples
        }
    }

    private let batches = (0..<50).map { [Int32($0), Int32($0 + 100)] }

    /// Whether the condition comes true within five seconds.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<1000 {
            if condition() { return true }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return false
    }

    @Test("batches come in the order asked for, each the same as collated directly", arguments: [1, 2, 7])
    func order(depth: Int) throws {
        let dataset = try randomDataset().augmented(by: Augmentation(cropPadding: 1, flip: true))
        let batches: [[Int32]] = (0..<30).map { (start: Int32) in [start % 12, (start * 5 + 7) % 12, 3] }
        let view = View.augmented(seed: 2, visit: 4)
        let loader = BatchLoader(dataset, batches: batches, view: view, depth: depth)
        for (index, examples) in batches.enumerated() {
            let batch = try #require(try loader.next())
            #expect(batch.index == index)
            #expect(try batch.content == dataset.collate(examples, view: view))
        }
        #expect(try loader.next() == nil)
        #expect(try loader.next() == nil)
    }

    @Test("no batches end at once")
    func empty() throws {
        #expect(try BatchLoader(CountingDataset(), batches: [], view: .plain).next() == nil)
    }

    @Test("an error comes in place of its batch, after all batches before it, and stays")
    func failure() throws {
        let loader = BatchLoader(CountingDataset(poison: 105), batches: batches, view: .plain)
        for index in 0..<5 { #expect(try loader.next()?.index == index) }
        for _ in 0..<2 { #expect(throws: CountingDataset.Failure(example: 105)) { try loader.next() } }
    }

    @Test("the loader works ahead by its depth and one batch in hand, no further")
    func lookAhead() throws {
        let dataset = CountingDataset()
        let loader = BatchLoader(dataset, batches: batches, view: .plain, depth: 3)
        #expect(eventually { dataset.collated.load(ordering: .sequentiallyConsistent) == 4 })
        _ = try loader.next()
        #expect(eventually { dataset.collated.load(ordering: .sequentiallyConsistent) == 5 })
        Thread.sleep(forTimeInterval: 0.05)
        #expect(dataset.collated.load(ordering: .sequentiallyConsistent) == 5)
        withExtendedLifetime(loader) {}
    }

    @Test("a released loader ends its thread and lets go of the dataset")
    func release() throws {
        weak var dataset: CountingDataset?
        do {
            let strong = CountingDataset()
            dataset = strong
            let loader = BatchLoader(strong, batches: batches, view: .plain)
            _ = try loader.next()
        }
        #expect(eventually { dataset == nil })
    }
}
