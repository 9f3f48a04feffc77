import Foundation
import NN
import TestSupport
import Testing
import Torch

/// AdamW of one number, as the paper writes it (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2).
private struct ReferenceAdamW {
    var value: Double
    private var (first, second, step) = (0.0, 0.0, 0)

    init(value: Double) { self.value = value }

    mutating func update(_ gradient: Double, rate: Double, decay: Double, _ settings: AdamW.Configuration) {
        step += 1
        first = settings.beta1 * first + (1 - settings.beta1) * gradient
        second = settings.beta2 * second + (1 - settings.beta2) * gradient * gradient
        let (unbiasedFirst, unbiasedSecond) = (
            first / (1 - pow(settings.beta1, Double(step))), second / (1 - pow(settings.beta2, Double(step)))
        )
        value -= rate * (unbiasedFirst / (unbiasedSecond.squareRoot() + settings.epsilon) + decay * value)
    }
}

@Suite struct AdamWTests {
    private func parameters(_ values: [String: Tensor]) throws -> Parameters {
        Parameters(
            try values.sorted { $0.key < $1.key }.map { .init(name: $0.key, tensor: try $0.value.requiringGradient()) })
    }

    @Test("Twenty updates agree with the paper's, and only matrices decay")
    func reference() throws {
        let settings = AdamW.Configuration(beta1: 0.8, beta2: 0.97, epsilon: 1e-6, weightDecay: 0.3)
        let parameters = try parameters(["matrix": .random([2, 3], seed: 1), "vector": .random([4], seed: 2)])
        let optimizer = try AdamW(parameters, settings)
        var references = try parameters.entries.map { try $0.tensor.doubles.map { ReferenceAdamW(value: $0) } }
        for step in 1...20 {
            let rate = 0.1 / Double(step)
            for (place, entry) in parameters.entries.enumerated() {
                let gradient = try Tensor.random(entry.tensor.shape, seed: UInt64(100 * step + place))
                try entry.tensor.setGradient(gradient)
                for (index, value) in try gradient.doubles.enumerated() {
                    references[place][index].update(
                        value, rate: rate, decay: entry.name == "matrix" ? settings.weightDecay : 0, settings)
                }
            }
            _ = try optimizer.step(learningRate: rate, clippingTo: nil)
            for (place, entry) in parameters.entries.enumerated() {
                let expected = try Tensor(references[place].map(\.value), shape: entry.tensor.shape)
                #expect(try mismatch(entry.tensor, expected, Tolerance(absolute: 1e-12, relative: 1e-12)) == nil)
            }
        }
    }

    @Test("A matrix without a slope shrinks by decay alone, a vector stays")
    func decay() throws {
        let parameters = try parameters(["matrix": .ones([2, 2]), "vector": .ones([2])])
        for entry in parameters.entries { try entry.tensor.setGradient(entry.tensor.zerosLike()) }
        let optimizer = try AdamW(parameters, .init(weightDecay: 0.5))
        _ = try optimizer.step(learningRate: 0.1, clippingTo: nil)
        #expect(try mismatch(parameters.entries[0].tensor, .full([2, 2], 0.95)) == nil)
        #expect(try parameters.entries[1].tensor.floats == [1, 1])
    }

    @Test("A parameter without a gradient is left alone, and its counter too")
    func absentGradient() throws {
        let parameters = try parameters(["seen": .ones([2, 2]), "unseen": .ones([2, 2])])
        try parameters.entries[0].tensor.setGradient(.ones([2, 2]))
        let optimizer = try AdamW(parameters, .init(weightDecay: 0.5))
        _ = try optimizer.step(learningRate: 0.1, clippingTo: nil)
        #expect(try parameters.entries[0].tensor.floats != [1, 1, 1, 1])
        #expect(try parameters.entries[1].tensor.floats == [1, 1, 1, 1])
        let state = try Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, try $0.tensor.floats) })
        #expect(state["seen.step"] == [1] && state["unseen.step"] == [0])
        #expect(
            Set(state.keys) == Set(["seen", "unseen"].flatMap { ["\($0).exp_avg", "\($0).exp_avg_sq", "\($0).step"] }))
    }

    @Test("Clipping scales all gradients together, reports their norm before, and a step clears them")
    func clipping() throws {
        let parameters = try parameters(["a": .zeros([1, 2]), "b": .zeros([2])])
        func setGradients() throws {
            try parameters.entries[0].tensor.setGradient(Tensor([Float(3), 0], shape: [1, 2]))
            try parameters.entries[1].tensor.setGradient(Tensor([Float(0), 4]))
        }
        try setGradients()
        #expect(try parameters.list.clipGradientNorm(to: nil).isNear(5, 1e-6))
        #expect(try parameters.list.clipGradientNorm(to: 6).isNear(5, 1e-6))
        #expect(try parameters.entries[1].tensor.gradient()?.floats == [0, 4])
        #expect(try parameters.list.clipGradientNorm(to: 1).isNear(5, 1e-6))
        let clipped = try parameters.entries.map { try #require(try $0.tensor.gradient()) }
        #expect(try mismatch(clipped[0], Tensor([Float(0.6), 0], shape: [1, 2])) == nil)
        #expect(try mismatch(clipped[1], Tensor([Float(0), 0.8])) == nil)

        try setGradients()
        #expect(try AdamW(parameters, .init()).step(learningRate: 0, clippingTo: 1).isNear(5, 1e-6))
        #expect(try parameters.entries.allSatisfy { try $0.tensor.gradient() == nil })
        #expect(try parameters.list.clipGradientNorm(to: 1) == 0)
    }

    @Test("Equal seeds train to bitwise equal weights")
    func reproducibility() throws {
        func train() throws -> [[Float]] {
            let (learner, parameters) = try TinyLearner.make(seed: 4)
            let optimizer = try AdamW(parameters, .init())
            let (points, quadrants) = try TinyLearner.examples(32)
            for _ in 0..<50 {
                try learner.logits(points).crossEntropy(quadrants).backward()
                _ = try optimizer.step(learningRate: 0.05, clippingTo: 1)
            }
            return try parameters.entries.map { try $0.tensor.floats }
        }
        #expect(try train() == train())
    }
}
