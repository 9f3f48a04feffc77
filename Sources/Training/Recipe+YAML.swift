import Foundation
import Models
import Teaching
import Torch
import Yams

extension Recipe {
    /// Reads a recipe and overrides some of its settings.
    ///
    /// - Parameters:
    ///   - source: the file or name, for errors.
    ///   - overrides: `key.path=value`, such as `training.epochs=3`; the values are YAML.
    /// - Throws: ``RecipeError`` naming the line for unknown, missing or ill-typed keys; what is out of range too.
    public init(yaml: String, source: String, overrides: [String] = []) throws {
        try refuseManyAliases(yaml, source)
        var root: Node
        do {
            root = try Yams.compose(yaml: yaml) ?? .mapping([:])
        } catch let error as YamlError {
            throw RecipeError(source: source, line: nil, message: "not valid YAML: \(error.sentence)")
        }
        guard root.mapping != nil else {
            throw RecipeError(
                source: source, line: root.mark?.line, message: "found \(root.summary), expected keys and values")
        }
        for override in overrides { try root.apply(override: override) }
        let policy = try Self.takePreset(from: &root, source)
        self = try RecipeDecoder.decode(
            Recipe.self, from: root, defaults: Self.defaults(policy, for: root), source: source)
        try validate(source: source)
    }

    public init(file: String, overrides: [String] = []) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw RecipeError(source: file, line: nil, message: "the file cannot be read, expected a recipe in YAML")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw RecipeError(source: file, line: nil, message: "the file is not UTF-8 text, expected a recipe in YAML")
        }
        try self.init(yaml: text, source: file, overrides: overrides)
    }

    /// The whole recipe, every setting spelled out.
    public func yaml() throws -> String { try exactYAML() }

    /// The preset that `teacher: NAME` or `teacher: {policy: NAME}` names, taken out of the document.
    static func takePreset(from root: inout Node, _ source: String) throws -> Policy {
        guard let teacher = root["teacher"] else { return .standard }
        let named = teacher.scalar == nil ? teacher["policy"] : teacher
        root["teacher"] = .mapping((teacher.mapping ?? [:]).without("policy"))
        guard let named else { return .standard }
        guard let name = named.string, let policy = Policy.presets.first(where: { $0.name == name }) else {
            let hint = named.string?.nearest(among: Policy.presetNames).map { "did you mean \($0)?" }
            let all = "known: \(Policy.presetNames.joined(separator: ", "))"
            throw RecipeError(
                source: source, line: named.mark?.line, message: "unknown policy \(named.summary); \(hint ?? all)")
        }
        return policy
    }

    /// What every recipe has to say itself, where its kinds ask for it.
    static let demanded = [
        ["name"], ["data", "kind"], ["data", "path"], ["data", "count"], ["training", "epochs"],
        ["model", "num_labels"],
    ]

    /// What a recipe of the kinds that `root` names need not say.
    static func defaults(_ policy: Policy, for root: Node) throws -> Node {
        let data: DataSettings =
            switch root["data"]?["kind"]?.string {
            case SceneData.Kind.scenes.rawValue: .scenes(SceneData(count: 0))
            case MultimodalData.Kind.multimodal.rawValue: .multimodal(MultimodalData(path: ""))
            case WordProblemData.Kind.wordProblems.rawValue: .wordProblems(WordProblemData(count: 0))
            case let kind?:
                TextData.Kind(rawValue: kind).map { .text(TextData(kind: $0, path: "")) }
                    ?? .images(ImageData(kind: .digits, path: ""))
            case nil: .images(ImageData(kind: .digits, path: ""))
            }
        let model: ModelSettings =
            switch root["model"]?["kind"]?.string.flatMap(ModelSettings.Kind.init) {
            case .multimae: .multimae(MultiMAESettings())
            case .llama: .language(.template(.llama))
            case .gpt2: .language(.template(.gpt2))
            case .vit, nil: .vit(ViT.Configuration())
            }
        let template = Recipe(
            name: "", data: data, model: model, training: TrainingSettings(epochs: 1), evaluation: EvaluationSettings(),
            checkpoints: CheckpointSettings(), teacher: policy)
        var node = try YAMLEncoder().encode(template).asNode()
        for required in demanded {
            node.remove(required[...])
        }
        return node
    }

    /// Checks what only shows beside the data: a batch larger than what is selected would never be full.
    public func check(exampleCount: Int) throws(TrainingError) {
        let selection = teacher.leastCount(of: exampleCount)
        guard training.batchSize <= selection else {
            throw .batchLargerThanSelection(batch: training.batchSize, selection: selection, policy: teacher.name)
        }
    }

    /// What only vision transformers have, and what only whole classes can be mixed for.
    private func requireRegularization(_ require: (Bool, String, Any, String) throws -> Void) throws {
        let (mixup, decay, drop) = (training.mixup, training.layerDecay, training.dropPath)
        let smoothing = training.labelSmoothing
        try require((0..<1).contains(smoothing), "training.label_smoothing", smoothing, "at least 0 and below 1")
        try require(
            smoothing == 0 || model.predictsClasses, "training.label_smoothing", smoothing,
            "0 for a task other than classes of images or pixels")
        try require(mixup >= 0 && mixup.isFinite, "training.mixup", mixup, "0 (none) or more")
        try require(decay > 0 && decay <= 1, "training.layer_decay", decay, "above 0 and at most 1")
        try require((0..<1).contains(drop), "training.drop_path", drop, "at least 0 and below 1")
        try require(
            mixup == 0 || model.classifiesImages, "training.mixup", mixup, "0 for a task other than classes of images")
        guard case .language = model else { return }
        try require(decay == 1, "training.layer_decay", decay, "1 for the model \(model.kind.rawValue)")
        try require(drop == 0, "training.drop_path", drop, "0 for the model \(model.kind.rawValue)")
    }

    private func requireTraining(_ require: (Bool, String, Any, String) throws -> Void) throws {
        let longest = 1 << 24 - 1
        try require((1...longest).contains(training.epochs), "training.epochs", training.epochs, "1 to \(longest)")
        try require(training.batchSize >= 1, "training.batch_size", training.batchSize, "at least 1")
        try require(
            training.microBatchSize ?? 1 >= 1, "training.micro_batch_size", training.microBatchSize ?? 1, "at least 1")
        try require(
            training.learningRate > 0 && training.learningRate.isFinite, "training.learning_rate",
            training.learningRate, "above 0")
        for (name, beta) in [("beta1", training.beta1), ("beta2", training.beta2)] {
            try require((0..<1).contains(beta), "training.\(name)", beta, "at least 0 and below 1")
        }
        try require(
            training.weightDecay >= 0 && training.weightDecay.isFinite, "training.weight_decay", training.weightDecay,
            "0 (none) or more")
        try require((0..<1).contains(training.warmup), "training.warmup", training.warmup, "at least 0 and below 1")
        let budget = training.budget ?? 1
        try require(budget > 0 && budget <= 1000, "training.budget", budget, "above 0 and at most 1000")
        try require(
            training.gradientClipping >= 0, "training.gradient_clipping", training.gradientClipping, "0 (none) or more")
        try require(Device(training.device) != nil, "training.device", training.device, "cpu, cuda, cuda:N or mps")
        try require(training.threads ?? 1 >= 1, "training.threads", training.threads ?? 1, "at least 1")
    }

    private func requireTeacher(_ require: (Bool, String, Any, String) throws -> Void) throws {
        try require(
            teacher.score != .reducible || reference != nil, "reference", "absent",
            "a run folder, for the score reducible")
        try require(
            teacher.tokens?.measure != .reducible || reference != nil, "reference", "absent",
            "a run folder, for teacher.tokens.by reducible")
        if case .language = model { return }
        let kind = model.kind.rawValue
        try require(teacher.tokens == nil, "teacher.tokens", "set", "none for the model \(kind)")
        try require(
            !training.activationCheckpointing, "training.activation_checkpointing", true, "false for the model \(kind)")
    }

    private func requireKeeping(_ require: (Bool, String, Any, String) throws -> Void) throws {
        try require(evaluation.count >= 1, "evaluation.count", evaluation.count, "at least 1")
        try require(evaluation.batchSize >= 1, "evaluation.batch_size", evaluation.batchSize, "at least 1")
        try require(
            checkpoints.everySteps ?? 1 >= 1, "checkpoints.every_steps", checkpoints.everySteps ?? 1, "at least 1")
        try require(
            training.nonFinite != .rollback || checkpoints.everySteps != nil, "checkpoints.every_steps", "absent",
            "a number, for training.non_finite rollback")
        try require(checkpoints.keep >= 1, "checkpoints.keep", checkpoints.keep, "at least 1")
    }

    func validate(source: String) throws {
        func require(_ holds: Bool, _ key: String, _ found: Any, _ expected: String) throws {
            guard holds else {
                throw RecipeError(source: source, line: nil, message: "\(key) is \(found), expected \(expected)")
            }
        }
        try requireTraining(require)
        try requireRegularization(require)
        try requireTeacher(require)
        try requireKeeping(require)
        do { try data.validate() } catch { throw RecipeError(source: source, line: nil, message: "data.\(error)") }
        do { try model.validate() } catch { throw RecipeError(source: source, line: nil, message: "model.\(error)") }
        do { try teacher.validate() } catch { throw RecipeError(source: source, line: nil, message: "\(error)") }
    }
}

/// Aliases of aliases make a small text stand for any amount of nodes, all of which are walked where one is a key: a few
/// aliases cannot.
private func refuseManyAliases(_ yaml: String, _ source: String) throws(RecipeError) {
    let (limit, before) = (16, Set(" \t\r\n[{,:?-".utf8))
    let (text, star) = (Array(yaml.utf8), UInt8(ascii: "*"))
    let count = text.indices.dropLast().count { index in
        text[index] == star && (index == 0 || before.contains(text[index - 1]))
            && text[index + 1] > UInt8(ascii: " ") && text[index + 1] != star
    }
    guard count <= limit else {
        throw RecipeError(source: source, line: nil, message: "found \(count) aliases, expected at most \(limit)")
    }
}

extension YamlError {
    /// What is wrong and where, without the lines of text that it quotes.
    fileprivate var sentence: String {
        let lines = "\(self)".split(separator: "\n")
        let count = lines.firstIndex { $0.hasSuffix(":") }.map { $0 + 1 } ?? 1
        let text = lines.prefix(count).joined(separator: " ")
        return text.hasSuffix(":") ? String(text.dropLast()) : text
    }
}

extension String {
    fileprivate func asNode() throws -> Node { try Yams.compose(yaml: self) ?? .mapping([:]) }
}

extension Node {
    fileprivate mutating func remove(_ path: ArraySlice<String>) {
        guard let first = path.first, let mapping else { return }
        if path.count == 1 { self = .mapping(mapping.without(first)) } else { self[first]?.remove(path.dropFirst()) }
    }

    /// Sets `a.b.c=value`, making mappings on the way.
    fileprivate mutating func apply(override: String) throws {
        guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
            throw RecipeError(source: "--set \(override)", line: nil, message: "found no key, expected key.path=value")
        }
        let keys = override[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let text = String(override[override.index(after: equals)...])
        guard let value = try? Yams.compose(yaml: text.isEmpty ? "null" : text), let plain = value.withoutMarks() else {
            throw RecipeError(source: "--set \(override)", line: nil, message: "found \(text), expected a YAML value")
        }
        set(keys[...], to: plain)
    }

    private mutating func set(_ keys: ArraySlice<String>, to value: Node) {
        guard let first = keys.first else {
            self = value
            return
        }
        // `teacher: NAME` is short for `teacher: {policy: NAME}`.
        if let name = scalar { self = name.string.isEmpty ? [:] : ["policy": Node(name.string)] }
        var child = self[first] ?? Node.mapping([:])
        child.set(keys.dropFirst(), to: value)
        self[first] = child
    }

    /// The same without line numbers, which would point into the wrong text.
    private func withoutMarks() -> Node? {
        switch self {
        case .scalar(let scalar): return Node(scalar.string, scalar.tag, scalar.style)
        case .mapping(let mapping):
            var plain = Node.Mapping([])
            for (key, value) in mapping { plain[key.string ?? ""] = value.withoutMarks() }
            return .mapping(plain)
        case .sequence(let sequence): return .sequence(Sequence(sequence.compactMap { $0.withoutMarks() }))
        case .alias: return nil
        }
    }
}

extension Node.Mapping {
    fileprivate func without(_ key: String) -> Node.Mapping {
        Node.Mapping(filter { $0.key.string != key }.map { ($0.key, $0.value) }, tag, style, mark)
    }
}
