import Foundation
import Models
import NN
import Tokenizers
import Torch

/// Which decoder a language model is, and of what size.
public enum LanguageNetwork: Sendable, Equatable {
    case llama(Llama.Configuration)
    case gpt2(GPT2.Configuration)

    /// Reads a `config.json`.
    ///
    /// - Throws: ``SettingError``
    public init(json: Data) throws {
        let type = (try? JSONSerialization.jsonObject(with: json) as? [String: Any])?["model_type"] as? String
        self = try type == "gpt2" ? .gpt2(.init(json: json)) : .llama(.init(json: json))
    }

    /// A `config.json`.
    public func json() throws -> Data {
        switch self {
        case .llama(let configuration): try configuration.json()
        case .gpt2(let configuration): try configuration.json()
        }
    }

    /// - Throws: the first setting that makes no network, under its name in `config.json`; a vocabulary of 0 may stand open.
    func validate() throws(SettingError) {
        var complete = self
        if vocabularySize == 0 { complete.vocabularySize = 1 }
        do { _ = try LanguageNetwork(json: complete.json()) } catch let error as SettingError { throw error } catch {
            throw SettingError(key: "model", found: "\(error)", expected: "numbers that JSON can hold")
        }
        if case .llama(let configuration) = self, configuration.hiddenSize % configuration.headCount != 0 {
            throw SettingError(
                key: "num_attention_heads", found: "\(configuration.headCount)",
                expected: "a divisor of hidden_size \(configuration.hiddenSize)")
        }
    }

    /// - Throws: where the tokenizer has more tokens than the network.
    func require(_ tokenizer: any Tokenizer) throws(TrainingError) {
        guard tokenizer.vocabularySize > vocabularySize else { return }
        throw .mismatch(
            what: "the model's vocab_size", found: "\(vocabularySize)",
            expected: "at least the tokenizer's \(tokenizer.vocabularySize)")
    }

    public func model(_ path: Path) throws(TorchError) -> any LanguageModel {
        switch self {
        case .llama(let configuration): try Llama(path, configuration)
        case .gpt2(let configuration): try GPT2(path, configuration)
        }
    }

    var kind: LanguageModelSettings.Kind {
        switch self {
        case .llama: .llama
        case .gpt2: .gpt2
        }
    }

    var width: Int {
        switch self {
        case .llama(let configuration): configuration.hiddenSize
        case .gpt2(let configuration): configuration.hiddenSize
        }
    }

    var contextLength: Int {
        switch self {
        case .llama(let configuration): configuration.contextLength
        case .gpt2(let configuration): configuration.contextLength
        }
    }

    var vocabularySize: Int {
        get {
            switch self {
            case .llama(let configuration): configuration.vocabularySize
            case .gpt2(let configuration): configuration.vocabularySize
            }
        }
        set {
            switch self {
            case .llama(var configuration):
                configuration.vocabularySize = newValue
                self = .llama(configuration)
            case .gpt2(var configuration):
                configuration.vocabularySize = newValue
                self = .gpt2(configuration)
            }
        }
    }
}

extension RunFolder {
    var configuration: String { "\(path)/config.json" }

    /// The `config.json` that a run of a language model leaves.
    func networkConfiguration() throws -> Data {
        guard let data = FileManager.default.contents(atPath: configuration) else {
            throw TrainingError.notARun(path: path, reason: "it holds no config.json, so it is no language model's")
        }
        return data
    }
}
