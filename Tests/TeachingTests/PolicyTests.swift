import Foundation
import Testing

@testable import Teaching

@Suite struct PolicyTests {
    @Test("every preset is valid, found by its name and survives its encoding", arguments: Policy.presets)
    func presets(policy: Policy) throws {
        try policy.validate()
        #expect(try Policy(preset: policy.name) == policy)
        #expect(try JSONDecoder().decode(Policy.self, from: JSONEncoder().encode(policy)) == policy)
    }

    @Test("names are unique, and an unknown one is answered with the known ones")
    func names() {
        #expect(Set(Policy.presetNames).count == Policy.presets.count)
        let error = #expect(throws: TeachingError.unknownPreset(found: "atent")) { try Policy(preset: "atent") }
        #expect(error?.description.contains("attent-simple") == true)
    }

    @Test("a choice is a mapping with its kind and its settings in snake_case")
    func encoding() throws {
        let data = try JSONEncoder().encode(Policy.attent)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((object["source"] as? [String: Any])?["stale_after"] as? Int == 0)
        let selection = try #require(object["selection"] as? [String: Any])
        #expect(selection["kind"] as? String == "soft" && selection["temperature"] as? Double == 1)
        #expect(object["scoring_cost"] as? Double == 0.3 && object["warm_up"] as? Int == 0)
    }

    typealias Change = @Sendable (inout Policy) -> Void

    static let mistakes: [(String, Change)] = [
        ("ratio.start", { $0.ratio = .incremental(from: 0, to: 1) }),
        ("ratio.end", { $0.ratio = .incremental(from: 0.5, to: 1.5) }),
        ("ratio.start", { $0.ratio = .constant(.nan) }),
        ("interval.start", { $0.interval = .constant(0.5) }),
        ("interval.end", { $0.interval = .incremental(from: 2, to: 0) }),
        ("warm_up", { $0.warmUp = -1 }),
        ("annealing", { $0.annealing = 1 }),
        ("annealing", { $0.annealing = -0.1 }),
        ("ceiling", { $0.ceiling = 0 }),
        ("scoring_cost", { $0.scoringCost = -1 }),
        ("source.stale_after", { $0.source = .refreshed(staleAfter: -1) }),
        ("selection.temperature", { $0.selection = .soft(Selection.Soft(temperature: 0)) }),
        ("selection.temperature", { $0.selection = .soft(Selection.Soft(temperature: .infinity)) }),
        ("selection.distribution.exponent", { $0.selection = .soft(.init(distribution: .power(exponent: -1))) }),
        ("selection.probability", { $0.selection = .prune(Selection.Prune(probability: 1)) }),
        ("selection.pruned", { $0.selection = .window(Selection.Window(pruned: 1)) }),
        ("selection.clusters", { $0.selection = .window(Selection.Window(clusters: 0)) }),
        ("selection.width", { $0.selection = .window(Selection.Window(width: 0)) }),
        ("selection.beta", { $0.selection = .admission(Selection.Admission(beta: -1)) }),
        ("selection.history", { $0.selection = .admission(Selection.Admission(history: 0)) }),
        ("selection.floor", { $0.selection = .admission(Selection.Admission(floor: 2)) }),
        ("selection.fraction", { $0.selection = .hide(Selection.Hide(fraction: 1)) }),
        ("selection.confidence", { $0.selection = .hide(Selection.Hide(confidence: 1.1)) }),
        ("selection.confidence", { $0.selection = .hide(Selection.Hide(confidence: 0)) }),
        ("warm_up", { $0.warmUp = 1_000_000 }),
        (
            "source.kind",
            {
                $0.selection = .admission(Selection.Admission()); $0.source = .refreshed(staleAfter: 0)
            }
        ),
        ("weights.cap", { $0.weights = .unbiased(cap: 0.5) }),
        (
            "weights.kind",
            {
                $0.selection = .hard; $0.weights = .unbiased(cap: 5)
            }
        ),
        ("elements.start", { $0.elements = ElementSchedule(start: 0) }),
        ("elements.until", { $0.elements = ElementSchedule(until: 2) }),
        ("elements.levels", { $0.elements = ElementSchedule(levels: 0) }),
        (
            "interval.start",
            {
                $0.selection = .prune(Selection.Prune()); $0.interval = .constant(2)
            }
        ),
        (
            "ratio.start",
            {
                $0.selection = .importance(Selection.Importance()); $0.ratio = .constant(0.1)
            }
        ),
        (
            "ratio.end",
            {
                $0.selection = .hide(Selection.Hide()); $0.ratio = .incremental(from: 1, to: 0.7)
            }
        ),
        ("ceiling", { $0.ceiling = 0.5 }),
    ]

    @Test("each setting out of range is named, with what was found and expected", arguments: mistakes)
    func validation(key: String, change: Change) {
        var policy = Policy.standard
        change(&policy)
        let error = #expect(throws: TeachingError.self) { try policy.validate() }
        guard case .invalidSetting(let named, let found, let expected) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(named == key && !found.isEmpty && !expected.isEmpty)
        #expect(throws: TeachingError.self) { try Teacher(policy: policy, exampleCount: 5, epochs: 1, seed: 0) }
    }

    @Test("the end of a ratio that does not move has no meaning")
    func leastCount() throws {
        var policy = Policy.random
        policy.ratio.start = 0.95
        #expect(policy.ratio.end == 0.7 && policy.leastCount(of: 100) == 95)
        policy = .infobatch
        policy.ratio.end = 0.7
        try policy.validate()
    }

    @Test("a teacher needs examples, epochs and a budget above zero")
    func teacher() {
        for (count, epochs, budget) in [(0, 1, 1.0), (1, 0, 1), (1, 1, 0), (1, 1, .nan), (1, 1, .infinity)] {
            #expect(throws: TeachingError.self) {
                try Teacher(policy: .standard, exampleCount: count, epochs: epochs, budget: budget, seed: 0)
            }
        }
    }
}
