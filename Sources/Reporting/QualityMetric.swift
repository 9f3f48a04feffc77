/// A number that tells how good a learner is, and how to read it.
public struct QualityMetric: Sendable, Equatable {
    /// The metric's name in events, such as `test/accuracy`.
    public var name: String

    public init(name: String) {
        self.name = name
    }

    /// The name in words: `test accuracy`, `validation loss`.
    public var title: String {
        let words = name.replacing("/", with: " ").replacing("_", with: " ")
        return words.hasPrefix("val ") ? "validation " + words.dropFirst(4) : words
    }

    /// Losses, errors and perplexities are better when lower.
    public var higherIsBetter: Bool {
        !["loss", "perplexity", "error", "rmse"].contains { name.hasSuffix($0) }
    }

    /// Shares of `0...1` are shown in per cent.
    public var isShare: Bool { ["accuracy", "iou", "f1", "delta1"].contains { name.hasSuffix($0) } }

    /// A value with its unit.
    func text(_ value: Double) -> String { isShare ? Format.percent(value) : Format.short(value) }

    /// The metric that stands for a run's quality among those it has: accuracy before others, test before validation.
    static func shown(of names: some Collection<String>) -> QualityMetric? {
        let preferred = ["test/accuracy", "val/accuracy", "test/loss", "val/loss"]
        return (preferred.first(where: names.contains) ?? names.min()).map(QualityMetric.init)
    }
}
