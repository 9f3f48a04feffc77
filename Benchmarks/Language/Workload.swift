import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Tokenizers
import Torch
import Training

/// A decoder and real text to fine-tune it on.
enum Workload: String, CaseIterable {
    /// The pretrained model of 260,000 parameters (karpathy/tinyllamas) on Shakespeare's plays, in blocks.
    case stories
    /// A fresh Llama of 8.8 million parameters with Llama 2's vocabulary on instructions; the loss is on the responses.
    case small

    var context: Int { self == .stories ? 256 : 512 }
    var batchSize: Int { self == .stories ? 16 : 8 }

    func tokenizer(_ data: String) throws -> any Tokenizer {
        switch self {
        case .stories: try loadTokenizer(at: "\(data)/stories260k/tok512.bin")
        case .small: try loadTokenizer(at: "\(data)/tokenizers/llama2-tokenizer.model")
        }
    }

    func dataset(_ data: String) throws -> TextDataset {
        let tokenizer = try tokenizer(data)
        return switch self {
        case .stories:
            try TextFile("\(data)/tinyshakespeare/input.txt")
                .blocks(tokenizer, context: context, testShare: 0.1).training
        case .small:
            try TextRecords("\(data)/instruct/alpaca_en_demo.json").dataset(tokenizer, context: context)
        }
    }

    /// The network and its weights; fresh ones are drawn where there are none.
    func network(_ data: String) throws -> (network: LanguageNetwork, weights: (any TensorSource)?) {
        guard self == .small else {
            let file = try Llama2CFile("\(data)/stories260k/stories260K.bin")
            return (try LanguageNetwork(json: file.configuration()), file)
        }
        var configuration = Llama.Configuration()
        (configuration.hiddenSize, configuration.intermediateSize, configuration.layerCount) = (192, 512, 6)
        (configuration.headCount, configuration.keyValueHeadCount, configuration.headSize) = (6, 6, 32)
        (configuration.contextLength, configuration.tiesWordEmbeddings) = (context, true)
        configuration.windows = Array(repeating: nil, count: configuration.layerCount)
        return (.llama(configuration), nil)
    }

    /// What LoRA adapts: every linear map of a block.
    static let adapters = AdapterPolicy(
        rank: 8, alpha: 16,
        targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
}
