import Datasets
import NN
import Torch

/// What a classifier is asked for: one class an image, or two in shares where images are mixed.
struct ClassTargets {
    /// [B]
    let labels: Tensor
    /// The partners' classes [B] and what each image keeps of itself [B].
    private let mixed: (labels: Tensor, shares: Tensor)?

    init(_ labels: [Int64], _ mixing: Mixing?, device: Device) throws(TorchError) {
        self.labels = try Tensor(labels, device: device)
        guard let mixing else {
            mixed = nil
            return
        }
        mixed = (
            try Tensor(mixing.partners.map { labels[$0] }, device: device), try Tensor(mixing.shares, device: device)
        )
    }

    /// The cross-entropy of logits [B, classes], one value an image: where it is mixed λ CE(y) + (1 − λ) CE(y′).
    func losses(_ logits: Tensor, labelSmoothing: Double) throws(TorchError) -> Tensor {
        func losses(_ labels: Tensor) throws(TorchError) -> Tensor {
            try logits.crossEntropy(labels, reduction: .none, labelSmoothing: labelSmoothing)
        }
        guard let mixed else { return try losses(labels) }
        return try mixed.shares * losses(labels) + (1 - mixed.shares) * losses(mixed.labels)
    }

    /// What held-out logits [B, classes] are worth for the labels: `val/loss`, nats, and `val/accuracy`.
    func tally(_ logits: Tensor) throws(TorchError) -> Tally {
        var tally = Tally()
        let weight = Double(logits.shape[0])
        tally.add(try logits.crossEntropy(labels, reduction: .sum).item(), weight: weight, to: "val/loss")
        let hits = try logits.argmax(-1).equal(labels).to(.float32).sum().item()
        tally.add(hits, weight: weight, to: "val/accuracy")
        return tally
    }

    /// ‖softmax(f) − target‖ (one-hot, unless images are mixed), which is the norm of the loss's gradient with respect to
    /// the logits, [B].
    ///
    /// - Parameter probabilities: softmax(f), [B, classes].
    func residuals(_ probabilities: Tensor) throws(TorchError) -> Tensor {
        try (probabilities - self.probabilities(classes: probabilities.size(-1))).norm(-1)
    }

    /// What the likeliest class was given where it is the right one, 0 elsewhere, [B].
    func confidences(_ probabilities: Tensor) throws(TorchError) -> Tensor {
        try probabilities.argmax(-1).equal(labels).to(.float32) * probabilities.max(-1)
    }

    /// The probability of each class that would be right, [B, classes].
    private func probabilities(classes: Int) throws(TorchError) -> Tensor {
        let own = try labels.oneHot(classes: classes).to(.float32)
        guard let mixed else { return own }
        let shares = try mixed.shares.unsqueezed(-1)
        return try shares * own + (1 - shares) * mixed.labels.oneHot(classes: classes).to(.float32)
    }
}

extension Tensor {
    fileprivate static func - (value: Double, x: Tensor) throws(TorchError) -> Tensor { try -x + value }
}
