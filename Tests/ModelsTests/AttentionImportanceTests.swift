import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import Models

@Suite("How much attention depends on an element") struct AttentionImportanceTests {
    private static func model() throws -> ViT {
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (8, 2, 1)
        (configuration.hiddenSize, configuration.headCount, configuration.intermediateSize) = (8, 2, 16)
        (configuration.layerCount, configuration.initializerRange) = (2, 0.5)
        return try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try ViT(path, configuration)
        }.0
    }

    @Test("it is the size of the paper's ω, written out for each head, output and pair")
    func writtenOut() throws {
        let attention = try Self.model().layers[1].attention
        let x = try Generator(seed: 2).normal([2, 5, 8])
        let (q, k, v) = (try attention.query(x).floats, try attention.key(x).floats, try attention.value(x).floats)
        func number(_ numbers: [Float], _ example: Int, _ element: Int, _ feature: Int) -> Double {
            Double(numbers[(example * 5 + element) * 8 + feature])
        }
        var expected: [Float] = []
        for example in 0..<2 {
            var sums = [Double](repeating: 0, count: 5)
            for head in [0..<4, 4..<8] {
                for i in 0..<5 {
                    let scores = (0..<5).map { j in
                        head.reduce(0) { $0 + number(q, example, i, $1) * number(k, example, j, $1) } / 2
                    }
                    let weights = softmax(scores)
                    for j in 0..<5 {
                        let omegas = head.map { a in
                            let output = (0..<5).reduce(0) { $0 + weights[$1] * number(v, example, $1, a) }
                            return weights[j] * (number(v, example, j, a) - output)
                        }
                        sums[j] += omegas.reduce(0) { $0 + $1 * $1 }.squareRoot() / 2
                    }
                }
            }
            expected += sums.map { Float($0) }
        }
        let found = try attention.importance(of: x)
        #expect(found.shape == [2, 5])
        #expect(zip(try found.floats, expected).allSatisfy { abs($0 - $1) < 1e-5 * max(1, $1) })
    }

    @Test("it is of the last block and of the patches shown; where all values agree it is nothing")
    func ofReading() throws {
        let model = try Self.model()
        let images = try Generator(seed: 3).normal([2, 1, 8, 8])
        let shown = ElementSubset(indices: try Tensor([0, 3, 9, 1, 2, 15] as [Int64], shape: [2, 3]))
        let found = try model.importance(of: model.reading(images, elements: shown))
        #expect(found.shape == [2, 3])
        // Of an image by itself it is the same.
        let alone = try model.importance(
            of: model.reading(images.sliced(0, 1..<2), elements: ElementSubset(indices: shown.indices.sliced(0, 1..<2)))
        )
        #expect(try mismatch(alone, found.sliced(0, 1..<2)) == nil)
        #expect(try found.min().item() > 0)
        let alike = try Generator(seed: 4).normal([1, 1, 8]).expanded(2, 5, 8)
        #expect(try model.layers[1].attention.importance(of: alike).max().item() < 1e-3)
    }

    private func softmax(_ scores: [Double]) -> [Double] {
        let largest = scores.max() ?? 0
        let powers = scores.map { exp($0 - largest) }
        return powers.map { $0 / powers.reduce(0, +) }
    }
}
