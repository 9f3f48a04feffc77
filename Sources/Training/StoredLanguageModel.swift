import Checkpoints
import Foundation
import Models
import NN
import Tokenizers
import Torch

/// A language model's configuration and all its weights, as they lie on disk.
struct StoredLanguageModel {
    let path: String
    let network: LanguageNetwork
    /// `config.json`
    let configuration: Data
    let weights: any TensorSource
    /// `generation_config.json` and where it lies; nil where there is none.
    let generation: (file: String, json: Data)?

    /// - Parameters:
    ///   - path: a Hugging Face folder, a llama2.c `.bin` file, or a run's folder.
    ///   - step: that of a run's checkpoint; the newest where nil.
    /// - Throws: also where adapters alone lie there.
    init(_ path: String, step: Int? = nil) throws {
        self.path = path
        if path.hasSuffix(".bin") {
            let file = try Llama2CFile(path)
            (configuration, weights, generation) = (try file.configuration(), file, nil)
        } else if try StoredAdapter.exists(at: path) {
            throw TrainingError.mismatch(
                what: "the model", found: "\(path), an adapter", expected: "a whole model; attent merge makes one of it"
            )
        } else if let run = try? RunFolder.open(path) {
            let checkpoint = try run.checkpoint(step)
            try checkpoint.verify()
            configuration = try run.networkConfiguration()
            weights = try SafetensorsFile(checkpoint.file("model.safetensors"))
            generation = try run.generationConfiguration()
        } else {
            let folder = try ModelFolder(path)
            (configuration, weights) = (folder.configuration, folder.weights)
            generation = folder.generationConfiguration.map { (file: "\(path)/generation_config.json", json: $0) }
        }
        network = try LanguageNetwork(json: configuration)
    }

    /// Where the tokenizer of the model at a path lies, if it has one: a run knows, any other has it in its folder.
    static func tokenizerPath(_ path: String) throws -> String {
        if let run = try? RunFolder.open(path) { return try run.tokenizerPath() }
        return path.hasSuffix(".bin") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : path
    }

    /// The type of all weights; float32 where they have several.
    var dtype: DType {
        get throws {
            let types = try Set(weights.tensorNames.map { try weights.tensor(named: $0).dtype })
            return types.count == 1 ? types.first ?? .float32 : .float32
        }
    }

    /// The tokens that end a sequence by `generation_config.json`, or by `config.json` where that names none.
    var endIDs: Set<Int32> {
        get throws {
            let named = try generation.flatMap { try EndTokens($0.json, file: $0.file).ids }
            return try named ?? EndTokens(configuration, file: "\(path)/config.json").ids ?? []
        }
    }
}

/// `eos_token_id` as model folders have it: a token, or a list of them where one ends a turn and another the text.
private struct EndTokens: Decodable {
    /// Nil where the file names none.
    let ids: Set<Int32>?

    enum CodingKeys: String, CodingKey { case ids = "eos_token_id" }

    init(_ json: Data, file: String) throws(CheckpointError) {
        guard (try? JSONSerialization.jsonObject(with: json)) is [String: Any] else {
            throw .malformed(file: file, found: "something else", expected: "a JSON object")
        }
        guard let read = try? JSONDecoder().decode(EndTokens.self, from: json),
            read.ids?.allSatisfy({ $0 >= 0 }) != false
        else {
            throw .malformed(
                file: file, found: "an eos_token_id that is no token", expected: "a token's id or a list of them")
        }
        self = read
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard container.contains(.ids), try !container.decodeNil(forKey: .ids) else {
            ids = nil
            return
        }
        if let single = try? container.decode(Int32.self, forKey: .ids) {
            ids = [single]
        } else {
            ids = Set(try container.decode([Int32].self, forKey: .ids))
        }
    }
}

/// A low-rank adapter on disk and the model that it belongs to.
struct StoredAdapter {
    let policy: AdapterPolicy
    let weights: any TensorSource
    let base: StoredLanguageModel

    /// Whether adapters alone lie at a path, as PEFT or a run leaves them.
    static func exists(at path: String) throws -> Bool {
        if AdapterFolder.exists(at: path) { return true }
        guard let run = try? RunFolder.open(path) else { return false }
        return try run.language().settings.lora != nil
    }

    /// - Parameters:
    ///   - path: PEFT's folder, or that of a run that trained adapters.
    ///   - base: the whole model; where nil, the one that the adapter names.
    ///   - step: that of a run's checkpoint; the newest where nil.
    init(_ path: String, base: String? = nil, step: Int? = nil) throws {
        if AdapterFolder.exists(at: path) {
            let folder = try AdapterFolder(path)
            guard let base = base ?? folder.baseModel else {
                throw TrainingError.mismatch(
                    what: "the base model", found: "not named by \(path)", expected: "the path of one")
            }
            (policy, weights, self.base) = (folder.policy, folder.weights, try StoredLanguageModel(base))
            return
        }
        let run = try RunFolder.open(path)
        let settings = try run.language().settings
        guard let lora = settings.lora, case .stored(let origin) = settings.origin else {
            throw TrainingError.notARun(path: path, reason: "it trained no adapter")
        }
        let checkpoint = try run.checkpoint(step)
        try checkpoint.verify()
        policy = lora
        weights = try SafetensorsFile(checkpoint.file("model.safetensors"))
        self.base = try StoredLanguageModel(base ?? origin)
    }
}

/// A model on disk with whatever it takes to go on with it: its adapters and its tokenizer's place.
struct StoredLearner {
    let network: LanguageNetwork
    let device: Device
    /// What to compute in: a bfloat16 model as it is, any other in float32.
    let dtype: DType
    /// A tokenizer's folder or file.
    let tokenizerPath: String
    private let model: StoredLanguageModel
    private let adapters: ParameterBuilder.Adapters?

    /// - Parameters:
    ///   - path: a run's folder, a Hugging Face folder, PEFT's folder or a llama2.c `.bin` file.
    ///   - base: the model that an adapter belongs to; where nil, the one that it names.
    ///   - step: that of a run's checkpoint; the newest where nil.
    ///   - device: where to compute; where nil, where the run trained, or on the CPU.
    init(_ path: String, base: String? = nil, step: Int? = nil, on device: Device? = nil) throws {
        // Before anything is read, which may take long.
        _ = try device?.required(by: "the device")
        let model: StoredLanguageModel
        if try StoredAdapter.exists(at: path) {
            let adapter = try StoredAdapter(path, base: base, step: step)
            (model, adapters) = (adapter.base, .init(adapter.policy, loading: adapter.weights))
        } else {
            (model, adapters) = (try StoredLanguageModel(path, step: step), nil)
        }
        (self.model, network) = (model, model.network)
        dtype = try model.dtype == .bfloat16 ? .bfloat16 : .float32
        let run = try? RunFolder.open(path)
        self.device = try device ?? run?.language().recipe.training.place ?? .cpu
        tokenizerPath = try run?.tokenizerPath() ?? Self.tokenizerPath(path, base: model.path)
    }

    /// The tokenizer at a path, or where nil at ``tokenizerPath``.
    ///
    /// - Throws: also where the model has fewer tokens than that.
    func tokenizer(_ path: String?) throws -> any Tokenizer {
        let tokenizer = try loadTokenizer(at: path ?? tokenizerPath)
        try network.require(tokenizer)
        return tokenizer
    }

    /// The tokens that end a sequence beside the tokenizer's.
    var endIDs: Set<Int32> { get throws { try model.endIDs } }

    /// For use, not for training: weights stay where they are mapped, and so in memory once.
    ///
    /// - Throws: where the device of the run is not one of this machine's.
    func builder() throws -> ParameterBuilder {
        ParameterBuilder(
            loading: model.weights, device: try device.required(by: "training.device of the run"), dtype: dtype,
            adapters: adapters, isFrozen: true, keepsNarrow: true)
    }

    /// - Parameter dtype: that of all weights but the adapters'.
    func builder(dtype: DType) -> ParameterBuilder {
        ParameterBuilder(loading: model.weights, dtype: dtype, adapters: adapters, isFrozen: true)
    }

    func parameters(dtype: DType = .float32) throws -> Parameters {
        try ParameterBuilder.build(builder(dtype: dtype)) { path throws(TorchError) in try network.model(path) }.1
    }

    /// An adapter's folder may hold the tokenizer or leave that to its base.
    private static func tokenizerPath(_ path: String, base: String) throws -> String {
        try StoredLanguageModel.tokenizerPath(path == base || holdsTokenizer(path) ? path : base)
    }
}

extension RunFolder {
    /// The recipe of a language model's run.
    func language() throws -> (recipe: Recipe, settings: LanguageModelSettings) {
        let recipe = try Recipe(file: self.recipe)
        guard case .language(let settings) = recipe.model else {
            throw TrainingError.notARun(
                path: path, reason: "its model \(recipe.model.kind.rawValue) is no language model")
        }
        return (recipe, settings)
    }

    /// The model that a run started from, the one that that started from where it is a run too, and so on.
    private func origins() throws -> [String] {
        var (origins, next): ([String], RunFolder?) = ([], self)
        // Folders that were moved about may name each other in a circle.
        while let run = next, case .stored(let origin) = try run.language().settings.origin, !origins.contains(origin) {
            origins.append(origin)
            next = try? RunFolder.open(origin)
        }
        return origins
    }

    /// `generation_config.json` of the model that a run goes back to, which an export of the run takes over too.
    func generationConfiguration() throws -> (file: String, json: Data)? {
        for origin in try origins() {
            let file = "\(origin)/generation_config.json"
            if let json = FileManager.default.contents(atPath: file) { return (file: file, json: json) }
        }
        return nil
    }

    /// Where the tokenizer lies that a run's model was trained with: in its folder, where its recipe says, or where that of
    /// the model that it started from does.
    func tokenizerPath() throws -> String {
        for place in try [path] + origins() {
            guard let run = try? RunFolder.open(place) else { return try StoredLanguageModel.tokenizerPath(place) }
            let characters = "\(place)/\(CharacterTokenizer.fileName)"
            if FileManager.default.fileExists(atPath: characters) { return characters }
            if let named = try run.language().recipe.data.tokenizerPath { return named }
        }
        return path
    }
}
