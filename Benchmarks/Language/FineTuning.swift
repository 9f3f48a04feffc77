import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Torch
import Training

/// A decoder with its optimiser, which takes steps on batches of real text as the trainer does.
final class FineTuning {
    static let learningRate = 1e-4
    static let batchCount = 4

    private let model: any LanguageModel
    private let parameters: Parameters
    private let optimizer: AdamW
    private let batches: [TokenBatch]
    private let network: LanguageNetwork
    private let levers: Set<Lever>
    let precision: Precision

    /// - Parameters:
    ///   - precision: the recipe's setting of that name.
    ///   - levers: what speeds a step up and is on.
    init(_ workload: Workload, data: String, withAdapters: Bool, precision: Precision, levers: Set<Lever>) throws {
        let (network, weights) = try workload.network(data)
        let adapters = withAdapters ? ParameterBuilder.Adapters(Workload.adapters) : nil
        let source = try weights ?? Self.fresh(network)
        let builder = ParameterBuilder(loading: source, adapters: adapters, seed: 0)
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in try network.model(path) }
        optimizer = try AdamW(parameters.trainable, .init(weightDecay: 0))
        let dataset = try workload.dataset(data)
        batches = try (0..<Self.batchCount).map { batch in
            let first = Int32(batch * workload.batchSize)
            return try dataset.collate(Array(first..<first + Int32(workload.batchSize)), view: .plain)
        }
        guard case .llama(let configuration) = network else { throw UsageError(description: "the model is no Llama") }
        self.precision = try precision.resolved(on: .cpu, width: configuration.hiddenSize)
        (self.network, self.levers) = (network, levers)
    }

    /// Weights that adapters can lie beside.
    private static func fresh(_ network: LanguageNetwork) throws -> any TensorSource {
        let (_, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            try network.model(path)
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("llm-bench-\(getpid()).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }  // what is mapped stays
        try SafetensorsFile.write(parameters.entries, to: file.path)
        return try SafetensorsFile(file.path)
    }

    /// Writes model, adapters and batches where the peer reads them.
    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try network.json().write(to: URL(fileURLWithPath: "\(folder)/config.json"))
        let isAdapter = { (entry: Parameters.Entry) in entry.name.contains(".lora_") }
        try SafetensorsFile.write(
            parameters.entries.filter { !isAdapter($0) }, metadata: ["format": "pt"], to: "\(folder)/model.safetensors")
        let adapters = parameters.entries.filter(isAdapter)
        if !adapters.isEmpty { try SafetensorsFile.write(adapters, to: "\(folder)/adapters.safetensors") }
        let text = try batches.enumerated().flatMap { number, batch in
            let shape = [batch.rowCount, batch.width]
            return [
                Parameters.Entry(name: "tokens\(number)", tensor: try Tensor(batch.tokens, shape: shape)),
                Parameters.Entry(name: "labels\(number)", tensor: try Tensor(batch.labels, shape: shape)),
            ]
        }
        try SafetensorsFile.write(text, to: "\(folder)/batches.safetensors")
    }

    /// One step on the mean loss of a batch's labels.
    func step(_ number: Int) throws -> Pass {
        Engine.linearKernels = precision.linearKernels
        let batch = batches[number]
        return try Pass {
            let loss = try Engine.autocast(to: precision.computeType(on: .cpu)) { () throws(TorchError) in
                try model.loss(of: batch, levers)
            }
            try loss.backward()
            _ = try optimizer.step(learningRate: Self.learningRate, clippingTo: 1)
            return try loss.item()
        }
    }
}
