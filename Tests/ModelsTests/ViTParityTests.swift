import Models
import NN
import TestSupport
import Testing
import Torch

/// Element by element against PyTorch, in float32, within 1e-5 + 1e-5 · |expected|.
@Suite struct ViTParityTests {
    let golden: ViTGolden

    init() throws { golden = try ViTGolden() }

    @Test("The logits are PyTorch's")
    func logits() throws {
        let model = try golden.learner().model
        #expect(try mismatch(model.logits(golden.tensor("images")), golden.tensor("logits")) == nil)
    }

    @Test("The logits of the mean of the patches are PyTorch's")
    func meanPooling() throws {
        let model = try golden.learner(pooling: .mean).model
        #expect(try mismatch(model.logits(golden.tensor("images")), golden.tensor("logits.mean")) == nil)
    }

    @Test("The logits of a subset of the patches are PyTorch's on the gathered patches")
    func subset() throws {
        let model = try golden.learner().model
        let elements = ElementSubset(indices: try golden.tensor("subset"))
        let found = try model.logits(golden.tensor("images"), elements: elements)
        #expect(try mismatch(found, golden.tensor("logits.subset")) == nil)
    }

    @Test("Every gradient of the cross-entropy is PyTorch's")
    func gradients() throws {
        let (model, parameters) = try golden.learner()
        try model.logits(golden.tensor("images")).crossEntropy(golden.tensor("labels")).backward()
        #expect(parameters.entries.count == 40)
        #expect(try golden.mismatches("gradient", parameters) { try $0.gradient() } == [])
    }

    @Test("Losses, gradient norms and every weight after five clipped AdamW steps are PyTorch's")
    func training() throws {
        let (model, parameters) = try golden.learner()
        let settings = golden.optimizer
        let optimizer = try AdamW(
            parameters,
            .init(
                beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
                weightDecay: settings.weightDecay))
        var (losses, norms) = ([Double](), [Double]())
        for _ in 0..<settings.steps {
            let loss = try model.logits(golden.tensor("images"), isTraining: true).crossEntropy(golden.tensor("labels"))
            try loss.backward()
            norms.append(try optimizer.step(learningRate: settings.learningRate, clippingTo: settings.maximumNorm))
            losses.append(try loss.item())
        }
        #expect(try mismatch(Tensor(losses), golden.tensor("losses")) == nil)
        #expect(try mismatch(Tensor(norms), golden.tensor("norms")) == nil)
        #expect(try golden.mismatches("trained", parameters) { $0 } == [])
    }
}
