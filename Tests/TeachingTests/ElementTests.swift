import Foundation
import Testing

@testable import Teaching

@Suite struct ElementTests {
    @Test("the share rises in equal steps from its start to 1, and stays")
    func share() {
        let schedule = ElementSchedule(start: 0.25, until: 0.75, levels: 16)
        #expect(schedule.share(at: 0) == 0.25 && schedule.share(at: 0.75) == 1 && schedule.share(at: 1) == 1)
        let shares = (0..<1000).map { schedule.share(at: Double($0) / 1000) }
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(Set(shares).count == 17)
        for (step, share) in shares.enumerated() {
            let linear = min(1, 0.25 + Double(step) / 1000)
            #expect(share <= linear + 1e-9 && share > linear - 0.75 / 16 - 1e-9)
        }
        #expect(schedule.elementCount(of: 64, at: 0) == 16 && schedule.elementCount(of: 1, at: 0) == 1)
        #expect(ElementSchedule(start: 0.5, until: 0).share(at: 0) == 1)
    }

    @Test("a schedule of a version without a choice chooses by chance")
    func earlier() throws {
        let schedule = ElementSchedule(start: 0.2, form: .reduced, choice: .loss)
        let json = String(decoding: try JSONEncoder().encode(schedule), as: UTF8.self)
        #expect(try JSONDecoder().decode(ElementSchedule.self, from: Data(json.utf8)) == schedule)
        let earlier = json.replacing(/"choice":"loss",?/, with: "").replacing(",}", with: "}")
        var expected = schedule
        expected.choice = .uniform
        #expect(try JSONDecoder().decode(ElementSchedule.self, from: Data(earlier.utf8)) == expected)
    }

    @Test("progress and number of examples are inverse to each other")
    func pace() {
        let pace = Pace(elements: ElementSchedule(), total: 1000, overhead: 0.1)
        for (start, examples) in [(0.0, 10.0), (0.1, 500), (0.7, 100), (0.9, 20)] {
            let end = pace.progress(from: start, after: examples)
            #expect(end < 1 && abs(pace.examples(from: start, to: end) - examples) < 1e-6)
        }
        let total = pace.total(for: 700, from: 0.2)
        let fitted = Pace(elements: pace.elements, total: total, overhead: 0.1)
        #expect(abs(fitted.progress(from: 0.2, after: 700) - 1) < 1e-9)
    }

    @Test("each row holds k distinct elements, rising, as a function of seed, lesson and example alone")
    func rows() {
        let sampler = ElementSampler(seed: 4)
        for (kept, count) in [(1, 1), (1, 5), (16, 64), (64, 64)] {
            let indices = sampler.indices(for: [3, 0, 9], keeping: kept, of: count, lesson: 2)
            #expect(indices.count == 3 * kept)
            for row in 0..<3 {
                let elements = indices[row * kept..<(row + 1) * kept]
                #expect(elements.allSatisfy { $0 >= 0 && $0 < count })
                #expect(zip(elements, elements.dropFirst()).allSatisfy { $0 < $1 })
            }
            #expect(sampler.indices(for: [9], keeping: kept, of: count, lesson: 2) == Array(indices.suffix(kept)))
        }
        let first = sampler.indices(for: [3], keeping: 16, of: 64, lesson: 2)
        #expect(first != sampler.indices(for: [3], keeping: 16, of: 64, lesson: 3))
        #expect(first != sampler.indices(for: [4], keeping: 16, of: 64, lesson: 2))
        #expect(first != ElementSampler(seed: 5).indices(for: [3], keeping: 16, of: 64, lesson: 2))
    }

    @Test("every element is equally likely without importance")
    func uniform() {
        var counts = [Int](repeating: 0, count: 8)
        for element in ElementSampler(seed: 1).indices(for: Array(0..<2000), keeping: 2, of: 8, lesson: 0) {
            counts[Int(element)] += 1
        }
        // Six standard deviations.
        #expect(counts.allSatisfy { abs($0 - 500) < 6 * 20 })
    }

    @Test("important elements are likelier, and weighted means over the kept ones are unbiased")
    func importance() {
        let importance: [Float] = [0.1, 1, 2, 4, 0.5]
        let values: [Double] = [5, -1, 2, 7, 3]
        let examples = Array(0..<Int32(4000))
        let rows = Array(repeating: importance, count: examples.count).flatMap { $0 }
        let (indices, weights) = ElementSampler(seed: 2).sample(
            for: examples, keeping: 3, of: 5, lesson: 1, importance: rows, cap: 1e6)
        let drawn = ElementSampler(seed: 2).indices(for: examples, keeping: 3, of: 5, lesson: 1, importance: rows)
        #expect(drawn.elementsEqual(indices))
        var counts = [Int](repeating: 0, count: 5)
        var sum = 0.0
        for (element, weight) in zip(indices, weights) {
            counts[Int(element)] += 1
            sum += values[Int(element)] * Double(weight) / 3
        }
        let expected = SoftSelectionTests.plackettLuce(importance.map { Double($0) }, 3)
        for element in 0..<5 { #expect(abs(Double(counts[element]) - 4000 * expected[element]) < 190) }
        #expect(abs(sum / 4000 - 3.2) < 0.35)
    }

    @Test("elements of no importance are kept last")
    func zeroImportance() {
        let (indices, weights) = ElementSampler(seed: 3).sample(
            for: [0, 1], keeping: 2, of: 4, lesson: 0, importance: [0, 1, .nan, 1, 1, 0, 1, -2])
        #expect(indices == [1, 3, 0, 2] && weights.allSatisfy { $0 == 0.5 })
        let all = ElementSampler(seed: 3).sample(for: [0], keeping: 2, of: 2, lesson: 0, importance: [0, 1])
        #expect(all.indices == [0, 1] && all.weights == [1, 1])
    }

    @Test("elements of no importance are kept by chance alone where there are too few others, and without bias")
    func tiesOfNoImportance() {
        let examples = Array(0..<Int32(4000))
        for (importance, others) in [([Float(0), 0, 0, 0], Float(1)), ([0, 0, 5, .nan], 1.5)] {
            let kept = importance[2] > 0 ? 2 : 1
            let (indices, weights) = ElementSampler(seed: 3).sample(
                for: examples, keeping: kept, of: 4, lesson: 0,
                importance: Array(repeatElement(importance, count: examples.count).joined()))
            for element in [Int32(0), 1, 3] {
                let places = indices.indices.filter { indices[$0] == element }
                let expected = importance[2] > 0 ? 4000.0 / 3 : 1000
                #expect(abs(Double(places.count) - expected) < 5 * expected.squareRoot())
                #expect(places.allSatisfy { abs(weights[$0] - others) < 1e-6 })
            }
            let sure = indices.indices.filter { indices[$0] == 2 }
            #expect(importance[2] == 0 || (sure.count == 4000 && sure.allSatisfy { weights[$0] == 0.5 }))
        }
    }
}
