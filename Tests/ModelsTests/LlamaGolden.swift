import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// A tiny model of transformers and what it computed; `tools/llama_goldens.py` made it.
struct LanguageModelGolden {
    static let families = ["llama", "mistral", "gemma", "qwen2", "gpt2"]

    let folder: ModelFolder
    private let expected: SafetensorsFile

    init(_ family: String) throws {
        let goldens = try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil)).path
        folder = try ModelFolder("\(goldens)/\(family)")
        expected = try SafetensorsFile("\(goldens)/\(family)/expected.safetensors")
    }

    func tensor(_ name: String) throws -> Tensor { try expected.tensor(named: name) }

    func model(
        adapters: ParameterBuilder.Adapters? = nil, dtype: DType = .float32
    ) throws -> (any LanguageModel, Parameters) {
        try languageModel(folder, adapters: adapters, dtype: dtype)
    }
}

func languageModel(
    _ folder: ModelFolder, adapters: ParameterBuilder.Adapters? = nil, dtype: DType = .float32,
    keepsNarrow: Bool = false
) throws -> (any LanguageModel, Parameters) {
    let builder = ParameterBuilder(
        loading: folder.weights, dtype: dtype, adapters: adapters, keepsNarrow: keepsNarrow)
    if try folder.modelType == "gpt2" {
        let configuration = try GPT2.Configuration(json: folder.configuration)
        return try ParameterBuilder.build(builder) { path throws(TorchError) in try GPT2(path, configuration) }
    }
    let configuration = try Llama.Configuration(json: folder.configuration)
    return try ParameterBuilder.build(builder) { path throws(TorchError) in try Llama(path, configuration) }
}

/// The labels that make every next token a target.
func nextTokens(_ tokens: Tensor) throws -> [[Int]] {
    let (values, length) = (try tokens.integers, tokens.size(1))
    return (0..<tokens.size(0)).map { row in Array(values[row * length + 1..<(row + 1) * length]) + [-100] }
}

/// Seeded tokens [B, T].
func randomTokens(_ batch: Int, _ length: Int, vocabulary: Int = 40, seed: UInt64) throws -> Tensor {
    try (Generator(seed: seed).uniform([batch, length]) * Double(vocabulary)).floor().to(.int64)
}
