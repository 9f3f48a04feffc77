import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// A real pretrained model: the 260 K-parameter one of Karpathy's tinyllamas, at $ATTENT_DATA/stories260k.
@Suite(.enabled(if: stories != nil, "$ATTENT_DATA holds no stories260k/stories260K.bin"))
struct LlamaStoriesTests {
    private func load() throws -> (Llama, Parameters) {
        let file = try Llama2CFile(try #require(stories))
        let configuration = try Llama.Configuration(json: file.configuration())
        return try ParameterBuilder.build(ParameterBuilder(loading: file)) { path throws(TorchError) in
            try Llama(path, configuration)
        }
    }

    @Test("it tells its story greedily, one token at a time")
    func story() throws {
        let (model, parameters) = try load()
        #expect(parameters.count == 260_032)
        let told = try withoutGradients {
            let cache = KeyValueCache()
            var tokens: [Int64] = [1]
            while tokens.count < 24 {
                let hidden = try model.hidden(Tensor([tokens[tokens.count - 1]], shape: [1, 1]), cache: cache)
                tokens.append(Int64(try model.logits(hidden).argmax(-1).item()))
            }
            return tokens
        }
        // " Once upon a time, there was a little girl named Lily. She loved to play outs", as llama2.c tells it.
        #expect(told.map(Int.init) == opening)
    }
}

private let opening = [
    1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267, 337, 410, 408,
    419,
]

private let stories: String? = {
    guard let folder = ProcessInfo.processInfo.environment["ATTENT_DATA"] else { return nil }
    let path = "\(folder)/stories260k/stories260K.bin"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}()
