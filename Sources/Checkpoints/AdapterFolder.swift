import Foundation
import NN
import Torch

/// A low-rank adapter as Hugging Face's PEFT lays it out: `adapter_config.json` and `adapter_model.safetensors`.
public struct AdapterFolder {
    public let path: String
    public let policy: AdapterPolicy
    /// `base_model_name_or_path`, if it is named.
    public let baseModel: String?
    /// Named as PEFT names them; loading a learner with it refuses names that it does not know.
    public let weights: SafetensorsFile

    static let configurationFile = "adapter_config.json"
    static let weightsFile = "adapter_model.safetensors"

    /// Keys that say nothing of what is computed from the stored weights.
    private static let descriptive: Set<String> = [
        "auto_mapping", "base_model_name_or_path", "fan_in_fan_out", "inference_mode", "megatron_core", "peft_type",
        "peft_version", "qalora_group_size", "revision", "runtime_config", "task_type",
    ]
    private static let read: Set<String> = [
        "bias", "init_lora_weights", "lora_alpha", "lora_dropout", "r", "target_modules", "use_rslora",
    ]

    /// Whether a folder holds an adapter's settings.
    public static func exists(at path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(configurationFile)")
    }

    /// - Throws: ``CheckpointError`` with every setting that is not supported here.
    public init(_ path: String) throws(CheckpointError) {
        let file = "\(path)/\(Self.configurationFile)"
        let root = try JSONObject.read(file)
        (self.path, policy) = (path, try Self.policy(root, file))
        baseModel = root["base_model_name_or_path"] as? String
        weights = try SafetensorsFile("\(path)/\(Self.weightsFile)")
    }

    private static func policy(_ root: [String: Any], _ file: String) throws(CheckpointError) -> AdapterPolicy {
        func malformed(_ found: String, _ expected: String) -> CheckpointError {
            .malformed(file: file, found: found, expected: expected)
        }
        guard root["peft_type"] as? String == "LORA" else {
            throw malformed("peft_type \(root["peft_type"] ?? "missing")", "LORA")
        }
        // What is switched off changes nothing; anything else that is not known would be lost in silence.
        let foreign = root.filter { !descriptive.contains($0.key) && !read.contains($0.key) && !isOff($0.value) }.keys
            .sorted()
        guard foreign.isEmpty else {
            throw malformed("\(foreign.joined(separator: ", ")) in use", "a plain LoRA adapter without them")
        }
        guard root["bias"] as? String ?? "none" == "none" else {
            throw malformed("bias \(root["bias"] ?? "")", "none")
        }
        // Named initialisers other than these two change the base weights.
        if let start = root["init_lora_weights"] as? String, start != "gaussian" {
            throw malformed("init_lora_weights \(start)", "true, false or gaussian")
        }
        guard let targets = root["target_modules"] as? [String], !targets.isEmpty else {
            throw malformed("target_modules \(root["target_modules"] ?? "missing")", "a list of module names")
        }
        guard let rank = root["r"] as? Int, rank > 0 else {
            throw malformed("r \(root["r"] ?? "missing")", "a rank of at least 1")
        }
        guard let alpha = root["lora_alpha"] as? Double else {
            throw malformed("lora_alpha \(root["lora_alpha"] ?? "missing")", "a number")
        }
        guard let dropout = (root["lora_dropout"] ?? 0.0) as? Double, (0..<1).contains(dropout) else {
            throw malformed("lora_dropout \(root["lora_dropout"] ?? "")", "a number of at least 0 and below 1")
        }
        return AdapterPolicy(
            rank: rank, alpha: alpha, dropout: dropout, targetModules: targets.sorted(),
            isRankStabilized: root["use_rslora"] as? Bool ?? false)
    }

    /// null, false, 0, an empty text, list or object, or an object of nothing else.
    private static func isOff(_ value: Any) -> Bool {
        switch value {
        case is NSNull: true
        case let number as NSNumber: number.doubleValue == 0
        case let text as String: text.isEmpty
        case let list as [Any]: list.isEmpty
        case let object as [String: Any]: object.values.allSatisfy(isOff)
        default: false
        }
    }

    /// Writes the adapters among `parameters`, such that `peft` loads them onto the base model.
    public static func write(
        _ parameters: Parameters, _ policy: AdapterPolicy, baseModel: String? = nil, taskType: String = "CAUSAL_LM",
        to path: String
    ) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw CheckpointError.unwritable(file: path, reason: (error as NSError).localizedDescription)
        }
        let root: [String: Any] = [
            "peft_type": "LORA", "task_type": taskType, "base_model_name_or_path": baseModel ?? NSNull(),
            "r": policy.rank, "lora_alpha": policy.alpha, "lora_dropout": policy.dropout,
            "target_modules": policy.targetModules.sorted(), "use_rslora": policy.isRankStabilized, "bias": "none",
            "fan_in_fan_out": parameters.adapted.contains { $0.layout == .inputsFirst }, "inference_mode": true,
        ]
        let entries = parameters.trainable.entries.map {
            Parameters.Entry(name: LowRankAdapter.nameInPEFT($0.name), tensor: $0.tensor)
        }
        try SafetensorsFile.write(entries, metadata: ["format": "pt"], to: "\(path)/\(weightsFile)")
        try JSONObject.write(root, to: "\(path)/\(configurationFile)")
    }
}
