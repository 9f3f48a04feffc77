/// Which share of each example's elements (patches, tokens) is taught as a run goes on: it rises linearly from `start`
/// to 1 at position `until`, in `levels` equal steps so that batch shapes repeat, and stays 1.
///
/// Sources: Yao et al., "Random-LTD", arXiv 2211.11586 (a rising number of random tokens); He et al., "Masked
/// Autoencoders", arXiv 2111.06377 (an encoder that sees a random quarter of the patches); Tan and Le, "EfficientNetV2",
/// arXiv 2104.00298 (images that grow); Li et al., "The Stability-Efficiency Dilemma", arXiv 2108.06084 (texts that grow).
public struct ElementSchedule: Codable, Sendable, Equatable {
    /// Of ``ElementSchedule/form``.
    public enum Form: String, Codable, Sendable, CaseIterable {
        /// Random elements, each as it is.
        case subset
        /// The example made smaller: an image at a lower resolution, or a window of one whose every pixel is judged
        /// or reconstructed; the beginning of a text.
        case reduced
        /// Whichever suits the learner, as whoever trains it knows: the library's trainer shortens the texts from which a
        /// stored language model goes on to learn, takes windows where every pixel is judged or most are reconstructed, and
        /// shows random elements to every other learner.
        case auto
    }

    /// Of ``ElementSchedule/choice``.
    public enum Choice: String, Codable, Sendable, CaseIterable {
        /// All are equally likely.
        case uniform
        /// Those that were hard when their example was last taught are likelier, as ``ElementTable`` has it.
        case loss
        /// Those at places that have mattered more to the learner's attention of late are likelier, as ``PlaceTable`` has it.
        case attention
        /// Whichever pays, as whoever trains knows: the library's trainer takes `attention` for vision transformers, `loss`
        /// for language models that learn from scratch, and `uniform` for every other learner.
        case auto
    }

    /// Share at the run's start, in `(0, 1]`.
    public var start: Double
    /// Share of the run's cost after which all elements are taught, in `[0, 1]`.
    public var until: Double
    /// Number of distinct shares below 1.
    public var levels: Int
    /// What is left of an example that has a part of its elements: random ones of them, or the example made smaller (an
    /// image at a lower resolution or a window of it, the beginning of a text).
    public var form: Form
    /// Which elements a part consists of.
    public var choice: Choice

    public init(
        start: Double = 0.25, until: Double = 0.75, levels: Int = 16, form: Form = .subset, choice: Choice = .uniform
    ) {
        self.start = start
        self.until = until
        self.levels = levels
        self.form = form
        self.choice = choice
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        start = try container.decode(Double.self, forKey: .start)
        until = try container.decode(Double.self, forKey: .until)
        levels = try container.decode(Int.self, forKey: .levels)
        form = try container.decode(Form.self, forKey: .form)
        // Runs of versions without a choice had none.
        choice = try container.decodeIfPresent(Choice.self, forKey: .choice) ?? .uniform
    }

    /// The share of elements taught at a position of the run, in `start...1`.
    public func share(at progress: Double) -> Double {
        share(ofLevel: level(at: progress))
    }

    /// The number of elements out of `count` that are taught at a position of the run, at least one.
    public func elementCount(of count: Int, at progress: Double) -> Int {
        max(1, min(count, Int((share(at: progress) * Double(count)).rounded())))
    }

    /// Steps of equal share, with the position where each ends.
    var steps: [(share: Double, end: Double)] {
        guard until > 0, start < 1 else { return [(1, 1)] }
        let rising = (0..<levels).map { (share(ofLevel: $0), until * Double($0 + 1) / Double(levels)) }
        return until < 1 ? rising + [(1, 1)] : rising
    }

    private func share(ofLevel level: Int) -> Double {
        start + (1 - start) * Double(level) / Double(levels)
    }

    private func level(at progress: Double) -> Int {
        guard progress < until else { return levels }
        return min(levels - 1, max(0, Int(progress / until * Double(levels))))
    }
}
