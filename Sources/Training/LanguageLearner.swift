import Datasets
import Foundation
import Models
import NN
import Teaching
import Torch

/// A decoder that learns to predict the next token where a batch has labels.
public struct LanguageLearner: Learner {
    public let model: any LanguageModel
    /// A frozen model whose losses are taken off where tokens are chosen by what is reducible.
    public var reference: (any LanguageModel)?
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
        /// Which of an example's tokens are taught; all where nil.
        public var tokens: TokenSelection?
        /// Whether several examples share a row, which cannot be cut then.
        public var isPacked = false
        /// Whether training starts from stored weights.
        public var isPretrained = false
        /// Whether examples may begin with a prompt, which nothing is learnt from: their beginnings alone teach nothing.
        public var hasPrompts = true
        /// Whether activations are made again for the backward pass.
        public var recomputesActivations = false

        /// Stored weights, which know whole texts, are served badly by texts with holes and well by short ones.
        var preferredElementForm: ElementSchedule.Form? {
            guard isPretrained, !hasPrompts else { return .subset }
            return isPacked ? nil : .reduced
        }

        /// That hard tokens are worth more has been measured for learners from scratch.
        var preferredElementChoice: ElementSchedule.Choice { isPretrained ? .uniform : .loss }

        public init(givesConfidences: Bool = false, measuresAccuracy: Bool = false) {
            (self.givesConfidences, self.measuresAccuracy) = (givesConfidences, measuresAccuracy)
        }
    }

    /// - Parameter context: the most tokens of an example; the model's own where nil.
    public init(
        _ builder: ParameterBuilder, _ network: LanguageNetwork, context: Int? = nil, computeType: DType? = nil,
        options: Options = .init()
    ) throws {
        var model: any LanguageModel
        (model, parameters) = try ParameterBuilder.build(builder) { path throws(TorchError) in try network.model(path) }
        model.recomputesActivations = options.recomputesActivations
        self.model = model
        elementCount = context ?? network.contextLength
        (self.computeType, self.options, device) = (computeType, options, builder.device)
    }

    public var elementForms: Set<ElementSchedule.Form> {
        options.isPacked || options.hasPrompts ? [.subset] : [.subset, .reduced]
    }

    public var preferredElementForm: ElementSchedule.Form? { options.preferredElementForm }

    public var elementChoices: Set<ElementSchedule.Choice> { [.uniform, .loss] }

    public var preferredElementChoice: ElementSchedule.Choice { options.preferredElementChoice }

    public func reduced(_ content: TokenBatch, to count: Int) -> TokenBatch { content.beginning(count) }

    /// The loss of an example is the mean over its labels, or over those that are taught; its scores are those of all.
    public func assess(
        _ content: TokenBatch, elements: ElementSubset?, score: Policy.ScoreKind?, isTraining: Bool
    ) throws -> Assessment {
        let targets = try targets(of: content)
        let wantsConfidences = score != nil && options.givesConfidences
        let losses = try losses(
            model, content, targets, elements: elements, detailed: score == .residual || wantsConfidences,
            isTraining: isTraining)
        let taught = try isTraining ? taught(losses, content, targets) : losses.examples
        let elementScores = elements.map { _ in { try lossesByElement(losses, content) } }
        guard let score else { return Assessment(losses: taught, elementScores: elementScores) }
        return try withoutGradients {
            let residuals = try score == .residual ? losses.residuals() : nil
            return Assessment(
                losses: taught,
                scores: try residuals.map { try targets.means($0) } ?? losses.examples.detached(),
                confidences: wantsConfidences ? try confidences(losses, targets) : nil, elementScores: elementScores)
        }
    }

    /// The loss of what each place predicts, [B, elementCount]; −1 where nothing is to be predicted.
    private func lossesByElement(_ losses: LanguageLosses, _ content: TokenBatch) throws -> Tensor {
        let places = try Tensor(content.labelledElements(of: elementCount).map(Int64.init), device: device)
        let (found, count) = (try losses.tokens.detached() + 1, content.count * elementCount)
        return try (found.summed(by: places, count: count) - 1).reshaped(content.count, elementCount)
    }

    /// Teacher forcing shows whether greedy generation would give an answer: it does where, after every right beginning,
    /// the likeliest token is the right one.
    public func evaluate(_ content: TokenBatch) throws -> Tally {
        try withoutGradients {
            let targets = try targets(of: content)
            let losses = try losses(
                model, content, targets, elements: nil, detailed: options.measuresAccuracy, isTraining: false)
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
        let rows = (0..<content.rowCount).map { row in
            content.labels[row * width..<(row + 1) * width].map(Int.init)
        }
        return try LanguageTargets(
            labels: rows, owners: content.owners, exampleCount: content.count, device: device)
    }

    /// The losses that are learnt from, one an example. The head's backward pass leaves out the tokens without a gradient;
    /// its forward pass, which tells the hard ones, takes all of them.
    private func taught(
        _ losses: LanguageLosses, _ content: TokenBatch, _ targets: LanguageTargets
    ) throws -> Tensor {
        guard let selection = options.tokens, selection.share < 1 else { return losses.examples }
        var hardness = try losses.tokens.detached()
        if let reference, selection.measure == .reducible {
            hardness = try withoutGradients {
                try hardness
                    - self.losses(reference, content, targets, elements: nil, detailed: false, isTraining: false).tokens
            }
        }
        let owners = try targets.owners.values(as: Int64.self).map(Int.init)
        let isChosen = selection.choose(try hardness.values(), owners: owners, exampleCount: targets.exampleCount)
        return try targets.means(losses.tokens, over: Tensor(isChosen.map { $0 ? Float(1) : 0 }, device: device))
    }

    private func losses(
        _ model: any LanguageModel, _ content: TokenBatch, _ targets: LanguageTargets, elements: ElementSubset?,
        detailed: Bool, isTraining: Bool
    ) throws -> LanguageLosses {
        let tokens = try Tensor(content.tokens, shape: [content.rowCount, content.width], device: device).to(.int64)
        let layout = try content.isPacked ? TokenLayout(segments: content.owners, device: device) : nil
        let elements = try elements.flatMap { try fitted($0, to: content) }
        return try Engine.autocast(to: computeType, on: device) { () throws(TorchError) in
            let hidden = try model.hidden(
                tokens, layout: layout, elements: elements, cache: nil, places: targets.places, isTraining: isTraining)
            return try model.losses(hidden, targets, detailed: detailed)
        }
    }

    /// The probability of the right tokens where they are the likeliest, 0 elsewhere: the mean over an example.
    private func confidences(_ losses: LanguageLosses, _ targets: LanguageTargets) throws -> Tensor? {
        guard let details = losses.details else { return nil }
        return try targets.means(details.hits * (-losses.tokens).exp())
    }

    /// Elements are drawn from the longest example's places, an example a row. Those beyond an example's end are none, and
    /// the rows that have fewer than others get places at their end besides, which are padding in most.
    ///
    /// - Returns: nil where every place is taken.
    private func fitted(_ elements: ElementSubset, to content: TokenBatch) throws -> ElementSubset? {
        let kept = elements.indices.size(1)
        let drawn = try elements.indices.values(as: Int64.self)
        var rows = Array(repeating: [Int64](), count: content.rowCount)
        for (number, span) in content.spans.enumerated() {
            for place in drawn[number * kept..<(number + 1) * kept] where place < Int64(span.count) {
                rows[span.row].append(Int64(span.start) + place)
            }
        }
        let count = max(1, rows.map(\.count).max() ?? 1)
        guard count < content.width else { return nil }
        let filled = rows.map { places in
            let taken = Set(places)
            let free = (0..<Int64(content.width)).reversed().lazy.filter { !taken.contains($0) }
            return (places + free.prefix(count - places.count)).sorted()
        }
        return ElementSubset(
            indices: try Tensor(Array(filled.joined()), shape: [content.rowCount, count], device: device))
    }
}
