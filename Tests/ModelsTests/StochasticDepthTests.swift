import NN
import TestSupport
import Testing
import Torch

@testable import Models

@Suite struct StochasticDepthTests {
    private func layer(dropPath: Double) throws -> ViTLayer {
        var configuration = ViT.Configuration()
        (configuration.hiddenSize, configuration.headCount, configuration.intermediateSize) = (8, 2, 16)
        configuration.initializerRange = 0.3
        return try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try ViTLayer(path, configuration, dropPath: dropPath)
        }.0
    }

    @Test("Probabilities rise linearly from none for the first block to the last one's")
    func probabilities() throws {
        let found = StochasticDepth.probabilities(upTo: 0.4, layerCount: 5)
        #expect(zip(found, [0, 0.1, 0.2, 0.3, 0.4]).allSatisfy { $0.isNear($1, 1e-12) })
        #expect(StochasticDepth.probabilities(upTo: 0.4, layerCount: 1) == [0.4])
        var configuration = MultiMAE.Configuration()
        (configuration.dropPath, configuration.layerCount) = (0.2, 3)
        let (model, _) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try MultiMAE(path, configuration)
        }
        #expect(model.encoder.layers.map(\.dropPath) == [0, 0.1, 0.2])
        #expect(model.decoders.allSatisfy { $0.layers.allSatisfy { $0.dropPath == 0 } })
    }

    @Test("Each example either goes round a branch or gets it divided by the chance of that; about as many as should")
    func branches() throws {
        let share = 0.25
        let layer = try layer(dropPath: share)
        let x = try Generator(seed: 2).normal([400, 3, 8])
        let found = try withoutGradients { try layer(x, true) }
        // What the four outcomes of the two branches would be, of all examples.
        var outcomes: [[Float]] = []
        for first in [0, 1 / (1 - share)] {
            let h = try withoutGradients { try x + layer.attention(layer.normBefore(x)) * first }
            let branch = try withoutGradients {
                try layer.intermediate.perceptron(layer.normAfter(h), into: layer.output)
            }
            for second in [0, 1 / (1 - share)] { outcomes.append(try (h + branch * second).floats) }
        }
        let values = try found.floats
        var counts = [0, 0, 0, 0]
        for example in 0..<400 {
            let range = example * 24..<(example + 1) * 24
            let matching = outcomes.indices.filter { outcome in
                range.allSatisfy { abs(values[$0] - outcomes[outcome][$0]) < 1e-4 }
            }
            #expect(matching.count == 1)
            for outcome in matching { counts[outcome] += 1 }
        }
        // 25, 75, 75 and 225 expected.
        #expect((8...45).contains(counts[0]) && (45...110).contains(counts[1]) && (185...265).contains(counts[3]))
    }

    @Test("Outside training every block counts in full")
    func evaluation() throws {
        let x = try Generator(seed: 2).normal([4, 3, 8])
        #expect(try layer(dropPath: 0.9)(x, false).floats == layer(dropPath: 0)(x, false).floats)
        #expect(try layer(dropPath: 0)(x, true).floats == layer(dropPath: 0)(x, false).floats)
    }

    @Test("A share that leaves no block is refused")
    func refused() {
        var configuration = ViT.Configuration()
        configuration.dropPath = 1
        let error = #expect(throws: SettingError.self) { try configuration.validate() }
        #expect(error?.description == "drop_path is 1.0, expected at least 0 and below 1")
    }
}
