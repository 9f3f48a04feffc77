import Datasets
import Models
import Torch

/// What makes a step of fine-tuning fast and can be switched off without it, to see what it is worth. The kernels of
/// linear maps are no lever, since the recipe's `precision` decides them.
///
/// Our attention, norms, rotation, gated activation and optimiser have no such switch.
enum Lever: String, CaseIterable {
    /// The head, and the last layer after its attention, are computed only where a label is. Without it, everywhere; the
    /// fused head's backward pass still leaves out rows that have no gradient.
    case places = "head-places"
    /// The head and its cross-entropy in chunks, without a graph between them. Without it all logits, then libtorch's
    /// cross-entropy of them.
    case fusion = "head-fusion"
    /// ``Engine/keepFreedMemory()``
    case memory
}

extension LanguageModel {
    /// The losses of a batch, as a training step has them.
    func losses(of batch: TokenBatch) throws(TorchError) -> LanguageLosses {
        let targets = try LanguageTargets(
            labels: rows(of: batch.labels, batch), owners: batch.owners, exampleCount: batch.count)
        return try losses(states(of: batch, at: targets.places), targets)
    }

    /// The mean loss of a batch's labels, by the levers that are on; its rows hold one example each.
    func loss(of batch: TokenBatch, _ levers: Set<Lever>) throws(TorchError) -> Tensor {
        let labelled = try LanguageTargets(labels: rows(of: batch.labels, batch))
        let states = try states(of: batch, at: levers.contains(.places) ? labelled.places : nil)
        switch (levers.contains(.places), levers.contains(.fusion)) {
        case (true, true): return try losses(states, labelled).tokens.mean()
        case (false, true):
            let everywhere = try LanguageTargets(labels: rows(of: batch.labels.map { max($0, 0) }, batch))
            return try losses(states, everywhere).tokens.selected(0, labelled.places).mean()
        case (true, false): return try logits(states).crossEntropy(labelled.tokens)
        case (false, false):
            let labels = try Tensor(batch.labels).to(.int64)
            return try logits(states).reshaped(-1, vocabularySize).crossEntropy(labels)
        }
    }

    private func rows(of values: [Int32], _ batch: TokenBatch) -> [[Int]] {
        (0..<batch.rowCount).map { row in values[row * batch.width..<(row + 1) * batch.width].map(Int.init) }
    }

    private func states(of batch: TokenBatch, at places: Tensor?) throws(TorchError) -> Tensor {
        let tokens = try Tensor(batch.tokens, shape: [batch.rowCount, batch.width]).to(.int64)
        let layout = try batch.isPacked ? TokenLayout(segments: batch.owners, device: .cpu) : nil
        return try hidden(tokens, layout: layout, elements: nil, cache: nil, places: places, isTraining: true)
    }
}
