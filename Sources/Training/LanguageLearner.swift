import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

/// A decoder that learns to predict the next token where a batch has labels.
public struct LanguageLearner: Learner {
    public let model: any LanguageModel
    public let parameters: Parameters
    /// The tokens of the longest example.
    public let elementCount: Int
    let device: Device
    /// The type of matrix products under autocast; nil for fp32.
    let computeType: DType?
    /// What a learner measures only where somebody asks for it.
    let options: Options

    public struct Options: Sendable, Equatable {
        /// Whether an assessment tells how sure the learner was of what it got right.
        public var givesConfidences = false
        /// Whether an evaluation tells for how many examples every token is right.
        public var measuresAccuracy = false

        public init(givesConfidences: Bool = false, measuresAccuracy: Bool = false) {
            (self.givesConfidences, self.measuresAccuracy) = (givesConfidences, measuresAccuracy)
        }
    }

    /// - Parameter context: the most tokens of an example; the model's own where nil.
    public init(
        _ builder: ParameterBuilder, _ network: LanguageNetwork, context: Int? = nil, computeType: DType? = nil,
        options: Options = .init()
    ) throws {
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in try network.model(path) }
        elementCount = context ?? network.contextLength
        (self.computeType, self.options, device) = (computeType, options, builder.device)
    }

    /// The loss of an example is the mean over its labels.
    public func assess(
        _ content: TokenBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let targets = try targets(of: content)
        let wantsConfidences = score != nil && options.givesConfidences
        let losses = try losses(
            content, targets, elements: elements, detailed: score == .residual || wantsConfidences,
            isTraining: isTraining)
        guard let score else { return Assessment(losses: losses.examples) }
        return try withoutGradients {
            let residuals = try score == .residual ? losses.residuals() : nil
            return Assessment(
                losses: losses.examples,
                scores: try residuals.map { try targets.means($0) } ?? losses.examples.detached(),
                confidences: wantsConfidences ? try confidences(losses, targets) : nil)
        }
    }

    /// Teacher forcing shows whether greedy generation would give an answer: it does where, after every right beginning,
    /// the likeliest token is the right one.
    public func evaluate(_ content: TokenBatch) throws -> Tally {
        try withoutGradients {
            let targets = try targets(of: content)
            let losses = try losses(
                content, targets, elements: nil, detailed: options.measuresAccuracy, isTraining: false)
            var tally = Tally()
            tally.add(try losses.tokens.sum().item(), weight: Double(losses.tokens.count), to: "val/loss")
            if let details = losses.details {
                let shares: [Float] = try targets.means(details.hits).values()
                let right = shares.count { $0 > 1 - 1e-4 }
                tally.add(Double(right), weight: Double(content.count), to: "val/accuracy")
            }
            return tally
        }
    }

    public func metrics(of tally: Tally) -> [String: Double] {
        var metrics = tally.means
        metrics["val/perplexity"] = metrics["val/loss"].map(exp)
        return metrics
    }

    private func targets(of content: TokenBatch) throws(TorchError) -> LanguageTargets {
        let width = content.width
        let rows = (0..<content.count).map { row in content.labels[row * width..<(row + 1) * width].map(Int.init) }
        return try LanguageTargets(labels: rows, device: device)
    }

    private func losses(
        _ content: TokenBatch, _ targets: LanguageTargets, elements: ElementSubset?, detailed: Bool, isTraining: Bool
    ) throws -> LanguageLosses {
        let tokens = try Tensor(content.tokens, shape: [content.count, content.width], device: device).to(.int64)
        let elements = try elements.map { try fitted($0, to: content.width) }
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            let hidden = try model.hidden(tokens, layout: nil, elements: elements, cache: nil, isTraining: isTraining)
            return try model.losses(hidden, targets, detailed: detailed)
        }
    }

    /// The probability of the right tokens where they are the likeliest, 0 elsewhere: the mean over an example.
    private func confidences(_ losses: LanguageLosses, _ targets: LanguageTargets) throws -> Tensor? {
        guard let details = losses.details else { return nil }
        return try targets.means(details.hits * (-losses.tokens).exp())
    }

    /// Elements are drawn from the longest example's places. Those beyond a shorter batch's end give way to places at its
    /// end that were not drawn, which are padding in most rows and so are seen by nobody.
    private func fitted(_ elements: ElementSubset, to width: Int) throws -> ElementSubset {
        guard width < elementCount else { return elements }
        let (rows, kept) = (elements.indices.size(0), elements.indices.size(1))
        let drawn = try elements.indices.values(as: Int64.self)
        let within = (0..<rows).map { row in drawn[row * kept..<(row + 1) * kept].filter { $0 < Int64(width) } }
        let count = max(1, within.map(\.count).max() ?? 1)
        let filled = within.map { places in
            let free = (0..<Int64(width)).reversed().lazy.filter { !places.contains($0) }
            return (places + free.prefix(count - places.count)).sorted()
        }
        return ElementSubset(indices: try Tensor(Array(filled.joined()), shape: [rows, count], device: device))
    }
}
