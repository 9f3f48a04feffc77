import Checkpoints
import Models
import NN
import TestSupport
import Testing
import Torch

struct LoRATests {
    /// Every linear map of the family.
    static func targets(_ family: String) -> [String] {
        family == "gpt2"
            ? ["c_attn", "c_proj", "c_fc"]
            : ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    }

    private func adapters(_ family: String, _ change: (inout AdapterPolicy) -> Void = { _ in })
        -> ParameterBuilder.Adapters
    {
        var policy = AdapterPolicy(rank: 3, alpha: 6, targetModules: Self.targets(family))
        change(&policy)
        return ParameterBuilder.Adapters(policy)
    }

    /// Random numbers in place of the zeros that B starts with.
    private func train(_ parameters: Parameters) throws {
        let generator = try Generator(seed: 5)
        for entry in parameters.trainable.entries where entry.name.hasSuffix("lora_B.weight") {
            try entry.tensor.copy(from: generator.normal(entry.tensor.shape, deviation: 0.3))
        }
    }

    @Test("a new adapter changes nothing, and only adapters learn", arguments: LanguageModelGolden.families)
    func fresh(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, parameters) = try golden.model(adapters: adapters(family))
        let hidden = try model.hidden(golden.tensor("tokens"))
        #expect(try mismatch(model.logits(hidden), golden.tensor("logits")) == nil)
        try model.logits(hidden).square().mean().backward()
        let trainable = Set(parameters.trainable.entries.map(\.name))
        #expect(trainable.count == 2 * 2 * (family == "gpt2" ? 4 : 7))
        for entry in parameters.entries {
            #expect(trainable.contains(entry.name) == entry.name.hasPrefix("base_model.model."), "\(entry.name)")
            #expect((try entry.tensor.gradient() != nil) == trainable.contains(entry.name), "\(entry.name)")
        }
    }

    @Test("A is drawn within ±1/√in and B is zero")
    func initialisation() throws {
        let (_, parameters) = try LanguageModelGolden("llama").model(adapters: adapters("llama"))
        for entry in parameters.trainable.entries {
            let largest = try entry.tensor.abs().max().item()
            if entry.name.hasSuffix("lora_A.weight") {
                let bound = 1 / Double(entry.tensor.size(1)).squareRoot()
                #expect(largest <= bound && largest > 0.5 * bound, "\(entry.name)")
            } else {
                #expect(largest == 0, "\(entry.name)")
            }
        }
    }

    @Test("merging an adapter gives a plain model with the same logits", arguments: LanguageModelGolden.families)
    func merging(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, parameters) = try golden.model(adapters: adapters(family))
        try train(parameters)
        let expected = try model.logits(model.hidden(golden.tensor("tokens")))
        #expect(try mismatch(expected, golden.tensor("logits")) != nil)
        let merged = try parameters.merged()
        #expect(merged.entries.map(\.name).sorted() == golden.folder.weights.tensorNames)
        try withTemporaryFolder { folder in
            try ModelFolder.write(merged, configuration: golden.folder.configuration, to: folder)
            let (plain, _) = try languageModel(ModelFolder(folder))
            #expect(try mismatch(plain.logits(plain.hidden(golden.tensor("tokens"))), expected) == nil)
        }
    }

    @Test(
        "linear maps beside adapters stay in the 16 bits that they are stored in, and nothing is computed otherwise",
        arguments: ["llama", "gemma", "gpt2"], [DType.bfloat16, .float16])
    func narrow(family: String, type: DType) throws {
        let golden = try LanguageModelGolden(family)
        try withTemporaryFolder { path in
            let (_, whole) = try golden.model()
            try ModelFolder.write(whole, configuration: golden.folder.configuration, as: type, to: path)
            let tokens = try golden.tensor("tokens")
            func results(keepsNarrow: Bool) throws -> (Set<DType>, [Tensor]) {
                let (model, parameters) = try languageModel(
                    ModelFolder(path), adapters: adapters(family), keepsNarrow: keepsNarrow)
                try train(parameters)
                let targets = try LanguageTargets(labels: nextTokens(tokens))
                let losses = try model.losses(model.hidden(tokens), targets).examples
                try losses.mean().backward()
                let types = Set(parameters.entries.map(\.tensor.dtype))
                return (types, [losses] + (try parameters.trainable.entries.compactMap { try $0.tensor.gradient() }))
            }
            let (narrow, wide) = (try results(keepsNarrow: true), try results(keepsNarrow: false))
            #expect(narrow.0 == [type, .float32] && wide.0 == [.float32])
            #expect(narrow.1.count == wide.1.count && wide.1.count > 8)
            for (found, expected) in zip(narrow.1, wide.1) { #expect(try mismatch(found, expected) == nil) }
        }
    }

    @Test("the scaling is α/r, or α/√r where rank-stabilised")
    func scaling() {
        var policy = AdapterPolicy(rank: 4, alpha: 6, targetModules: ["q_proj"])
        #expect(policy.scaling == 1.5)
        policy.isRankStabilized = true
        #expect(policy.scaling == 3)
    }

    @Test("dropout acts in training only")
    func dropout() throws {
        let golden = try LanguageModelGolden("llama")
        let (model, parameters) = try golden.model(adapters: adapters("llama") { $0.dropout = 0.5 })
        try train(parameters)
        let tokens = try golden.tensor("tokens")
        func hidden(_ isTraining: Bool) throws -> Tensor {
            try model.hidden(
                tokens, layout: nil, elements: nil, cache: nil, places: nil, isTraining: isTraining)
        }
        #expect(try mismatch(hidden(false), hidden(false)) == nil)
        #expect(try mismatch(hidden(true), hidden(true)) != nil)
    }

    @Test("an adapter in the head takes part in logits and losses alike", arguments: ["llama", "gemma"])
    func head(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, parameters) = try golden.model(adapters: adapters(family) { $0.targetModules = ["lm_head"] })
        try train(parameters)
        let tokens = try golden.tensor("tokens")
        let hidden = try model.hidden(tokens)
        let targets = try LanguageTargets(labels: nextTokens(tokens))
        let places = try hidden.reshaped(-1, 16).selected(0, targets.places)
        let expected = try model.logits(places).crossEntropy(targets.tokens, reduction: .none)
        let losses = try model.losses(hidden, targets)
        #expect(try mismatch(losses.tokens, expected) == nil)
        try losses.examples.mean().backward()
        for entry in parameters.trainable.entries { #expect(try entry.tensor.gradient() != nil, "\(entry.name)") }
        // Gemma's head is the embedding's table, which a merge would change in both places.
        if family == "gemma" { #expect(throws: ParameterError.self) { try parameters.merged() } }
    }

    @Test("a frozen bfloat16 base keeps its type, with adapters in fp32")
    func halfPrecisionBase() throws {
        let golden = try LanguageModelGolden("llama")
        let (model, parameters) = try golden.model(adapters: adapters("llama"), dtype: .bfloat16)
        let logits = try model.logits(model.hidden(golden.tensor("tokens")))
        #expect(logits.dtype == .bfloat16)
        #expect(try mismatch(logits, golden.tensor("logits"), Tolerance(absolute: 0.15, relative: 0.05)) == nil)
        #expect(parameters.trainable.entries.allSatisfy { $0.tensor.dtype == .float32 })
        let targets = try LanguageTargets(labels: nextTokens(golden.tensor("tokens")))
        try model.losses(model.hidden(golden.tensor("tokens")), targets).examples.mean().backward()
        #expect(try parameters.trainable.entries.allSatisfy { try $0.tensor.gradient() != nil })
    }

    @Test("frozen weights stay in the memory that they are loaded from, and trainable ones do not")
    func memory() throws {
        let stored = try Generator(seed: 1).normal([4, 3])
        let source = MemorySource(["first.weight": stored])
        func weight(_ adapters: ParameterBuilder.Adapters?, isFrozen: Bool = false) throws -> Tensor {
            let builder = ParameterBuilder(loading: source, adapters: adapters, isFrozen: isFrozen)
            return try ParameterBuilder.build(builder) { path throws(TorchError) in
                try Linear(path / "first", from: 3, to: 4, bias: false)
            }.0.weight
        }
        let frozen = try weight(.init(AdapterPolicy(targetModules: ["first"])))
        let used = try weight(nil, isFrozen: true)
        let trainable = try weight(nil)
        try stored.fill(7)
        for tensor in [frozen, used] {
            #expect(try tensor.floats == Array(repeating: 7, count: 12))
            #expect(!tensor.requiresGradient)
        }
        #expect(try !trainable.floats.contains(7))
    }

    @Test("a target that no linear map's path ends in is an error")
    func unmatchedTarget() throws {
        let golden = try LanguageModelGolden("llama")
        #expect {
            try golden.model(adapters: adapters("llama") { $0.targetModules = ["q_proj", "proj", "c_attn"] })
        } throws: {
            ($0 as? ParameterError)?.problems.count == 2
        }
    }

    @Test("a folder holds what is needed to go on from", arguments: ["llama", "gpt2"])
    func folder(_ family: String) throws {
        let golden = try LanguageModelGolden(family)
        let (model, parameters) = try golden.model(adapters: adapters(family) { $0.isRankStabilized = true })
        try train(parameters)
        let expected = try model.hidden(golden.tensor("tokens"))
        try withTemporaryFolder { path in
            try AdapterFolder.write(parameters, adapters(family) { $0.isRankStabilized = true }.policy, to: path)
            let saved = try AdapterFolder(path)
            let (again, _) = try golden.model(adapters: .init(saved.policy, loading: saved.weights))
            #expect(try mismatch(again.hidden(golden.tensor("tokens")), expected) == nil)
        }
    }

    @Test("an adapter file with a name that fits nothing is refused")
    func unknownKey() throws {
        let golden = try LanguageModelGolden("llama")
        let (_, parameters) = try golden.model(adapters: adapters("llama"))
        var tensors = Dictionary(uniqueKeysWithValues: parameters.trainable.entries.map { ($0.name, $0.tensor) })
        tensors["base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"] = try .zeros([3, 16])
        let policy = adapters("llama").policy
        #expect { try golden.model(adapters: .init(policy, loading: MemorySource(tensors))) } throws: {
            ($0 as? ParameterError)?.problems == [
                "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight belongs to no part of this learner"
            ]
        }
    }
}
