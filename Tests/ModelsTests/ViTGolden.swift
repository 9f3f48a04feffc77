import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// What PyTorch computed with a tiny vision transformer; `tools/vit_goldens.py` made it.
struct ViTGolden {
    struct Optimizer: Decodable {
        let steps: Int
        let learningRate, beta1, beta2, epsilon, weightDecay, maximumNorm: Double

        enum CodingKeys: String, CodingKey {
            case steps, beta1, beta2, epsilon
            case learningRate = "learning_rate"
            case weightDecay = "weight_decay"
            case maximumNorm = "maximum_norm"
        }
    }

    private struct Description: Decodable {
        let configuration: ViT.Configuration
        let optimizer: Optimizer
    }

    let configuration: ViT.Configuration
    let optimizer: Optimizer
    private let file: SafetensorsFile

    init() throws {
        let url = try #require(
            Bundle.module.url(forResource: "vit", withExtension: "safetensors", subdirectory: "Goldens"))
        file = try SafetensorsFile(url.path)
        let json = Data(try #require(file.metadata["golden"]).utf8)
        let description = try JSONDecoder().decode(Description.self, from: json)
        (configuration, optimizer) = (description.configuration, description.optimizer)
    }

    func tensor(_ name: String) throws -> Tensor { try file.tensor(named: name) }

    /// The learner with the golden's weights; a name or shape that differs from Hugging Face's throws.
    func learner(pooling: ViT.Configuration.Pooling = .cls) throws -> (model: ViT, parameters: Parameters) {
        var configuration = configuration
        configuration.pooling = pooling
        let builder = ParameterBuilder(loading: PrefixedSource(file, prefix: "weight:"))
        return try ParameterBuilder.build(builder) { path throws(TorchError) in try ViT(path, configuration) }
    }

    /// A sentence for each parameter whose `value` is not the golden's tensor of that kind.
    func mismatches(
        _ kind: String, _ parameters: Parameters, _ value: (Tensor) throws -> Tensor?
    ) throws -> [String] {
        try parameters.entries.compactMap { entry in
            guard let found = try value(entry.tensor) else { return "\(entry.name): nothing" }
            return try mismatch(found, tensor("\(kind):\(entry.name)")).map { "\(entry.name): \($0)" }
        }
    }
}
