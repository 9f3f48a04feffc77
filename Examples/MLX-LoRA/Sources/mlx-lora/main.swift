// The teacher in a LoRA fine-tuning with mlx-swift-lm. NOT BUILT ON LINUX, and not by the project's tests.
//
//     swift run mlx-lora MODEL DATA ADAPTER
//
// MODEL is a folder from Hugging Face in MLX's format, DATA one with train.jsonl and valid.jsonl of lines {"text": …},
// and ADAPTER a new one, which LoRAContainer.from(directory:) reads.
import Foundation
import MLXHuggingFace
import MLXLLM
import MLXLMCommon
import Teaching
import Tokenizers

let folders = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard folders.count == 3 else {
    print("usage: mlx-lora MODEL DATA ADAPTER")
    exit(2)
}
let (data, adapter) = (folders[1], folders[2])
let (epochs, batchSize, rate, longest) = (3, 4, Float(1e-5), 2048)

let context = try await LLMModelFactory.shared.load(from: folders[0], using: #huggingFaceTokenizerLoader())
let configuration = LoRAConfiguration(numLayers: 16)
_ = try LoRAContainer.from(model: context.model, configuration: configuration)
context.model.train()

let texts = try loadLoRAData(directory: data, name: "train").map { text in
    context.tokenizer.encode(text: text).prefix(longest).map(Int32.init)
}
let learner = AdapterLearner(model: context.model, texts: texts.filter { $0.count > 1 })

// `LoRATrain.train` shuffles and batches by itself. Here the teacher does, so its loop is written out.
var teacher = try Teacher(policy: .attentSimple, exampleCount: learner.textCount, epochs: epochs, seed: 0)
while let lesson = try teacher.next(score: { learner.losses(of: $0) }) {
    for batch in lesson.batches(of: batchSize) {
        let rate = rate * Float(1 - lesson.progress(after: batch.positions.lowerBound))
        teacher.record(learner.train(on: batch, rate: rate), for: batch.examples)
    }
    let loss = LoRATrain.evaluate(
        model: context.model, dataset: try loadLoRAData(directory: data, name: "valid"), tokenizer: context.tokenizer,
        batchSize: batchSize, batchCount: 0)
    print("lesson \(lesson.number + 1): \(lesson.examples.count) texts taught, validation loss \(loss)")
}

try FileManager.default.createDirectory(at: adapter, withIntermediateDirectories: true)
try JSONEncoder().encode(configuration).write(to: adapter.appending(component: "adapter_config.json"))
try LoRATrain.saveLoRAWeights(model: context.model, url: adapter.appending(component: "adapters.safetensors"))
