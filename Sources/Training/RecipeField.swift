import Yams

/// One key of a recipe, as the types that read recipes ask for it.
struct RecipeField: Equatable {
    /// Such as `training.batch_size`.
    var path: String
    /// The type that asks for it, such as `Training.TrainingSettings`.
    var owner: String
    /// The type of what stands there; nil where the recipe read had nothing there.
    var type: String?
    /// What may stand there, where that is one of a few names.
    var choices: [String]
    /// Its default in YAML; nil where it has none, be it optional or demanded.
    var defaultValue: String?
    /// Whether a recipe has to have it.
    var isDemanded: Bool
}

extension Recipe {
    /// The keys that a recipe of the kinds and the policy of `yaml` may have, found by reading it: what the reference is
    /// made of.
    static func fields(of yaml: String, source: String = "recipe") throws -> [RecipeField] {
        guard var root = try Yams.compose(yaml: yaml) else { return [] }
        let policy = try takePreset(from: &root, source)
        let defaults = try defaults(policy, for: root)
        let document = RecipeDecoder.Document(source: source)
        let decoder = RecipeDecoder(document: document, node: root, defaults: defaults, codingPath: [])
        _ = try Recipe(from: decoder)
        return document.askedKeys.flatMap { parent, keys in
            keys.map { key in
                let path = parent.isEmpty ? key : "\(parent).\(key)"
                let names = path.split(separator: ".").map(String.init)
                return RecipeField(
                    path: path, owner: document.owners[path] ?? "", type: document.types[path],
                    choices: document.choices[path] ?? [], defaultValue: defaults.text(at: names[...]),
                    isDemanded: demanded.contains(names))
            }
        }.sorted { $0.path < $1.path }
    }
}

extension Node {
    /// A scalar or list on one line; nil for mappings and for nothing.
    fileprivate func text(at path: ArraySlice<String>) -> String? {
        guard let first = path.first else {
            switch self {
            case .scalar(let scalar): return scalar.string
            case .sequence(let nodes): return "[" + nodes.compactMap { $0.text(at: []) }.joined(separator: ", ") + "]"
            case .mapping, .alias: return nil
            }
        }
        return self[first]?.text(at: path.dropFirst())
    }
}
