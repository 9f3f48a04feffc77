/// Which examples a lesson teaches, given their scores.
///
/// `random`, `hard` and `soft` choose exactly `k = ceil(ratio N)` examples; the others choose by themselves and leave
/// the policy's ratio unused. Those that go by the scores choose an example whose score is unknown before all others
/// (`window` after its random drop), so that every example is seen.
public enum Selection: Sendable, Equatable {
    /// `k` examples, uniformly without replacement.
    case random
    /// The `k` highest scores; ties are broken at random.
    case hard
    /// The `k` highest of `log(p) / temperature + G`, with `G` standard Gumbel noise: successive draws without
    /// replacement, in proportion to `p^(1 / temperature)`.
    case soft(Soft)
    /// Examples below the mean score are dropped at random, and the kept ones of them weigh more (InfoBatch).
    case prune(Prune)
    /// Examples are kept with a probability in proportion to their score, where that is estimated to be worth it.
    case importance(Importance)
    /// A random subset is clustered by score, and a window slides over the clusters from easy to hard (SeTa).
    case window(Window)
    /// Every example is a candidate; each batch of them is admitted in part (Selective-Backprop).
    case admission(Admission)
    /// The lowest scores are hidden, where the learner is right and confident (KAKURENBO).
    case hide(Hide)

    /// Kool et al., "Stochastic Beams and Where to Find Them", ICML 2019, for the Gumbel-top-k trick.
    public struct Soft: Codable, Sendable, Equatable {
        /// Above zero; towards zero the selection becomes `hard`, towards infinity `random`.
        public var temperature: Double
        /// What a score's probability is.
        public var distribution: Distribution

        public init(temperature: Double = 1, distribution: Distribution = .softmax) {
            self.temperature = temperature
            self.distribution = distribution
        }
    }

    /// The probability `p`, up to a factor, of an example with score `s`.
    public enum Distribution: Sendable, Equatable {
        /// `exp(s)`.
        case softmax
        /// `1 / (1 + exp(-s))`.
        case sigmoid
        /// `s^exponent`; a score of zero or below comes last.
        case power(exponent: Double)
    }

    /// Qin et al., "InfoBatch", ICLR 2024, arXiv 2303.04947.
    public struct Prune: Codable, Sendable, Equatable {
        /// Probability `r` that an example below the mean score is dropped, in `[0, 1)`.
        public var probability: Double

        public init(probability: Double = 0.5) {
            self.probability = probability
        }
    }

    /// Zhou et al., "Scale Efficient Training for Large Datasets", CVPR 2025, arXiv 2503.13385.
    public struct Window: Codable, Sendable, Equatable {
        /// Share of the examples dropped at random before clustering, in `[0, 1)`.
        public var pruned: Double
        /// Number of score clusters.
        public var clusters: Int
        /// Share of the clusters inside the window, in `(0, 1]`.
        public var width: Double

        public init(pruned: Double = 0.1, clusters: Int = 5, width: Double = 0.9) {
            self.pruned = pruned
            self.clusters = clusters
            self.width = width
        }
    }

    /// Jiang et al., "Accelerating Deep Learning by Focusing on the Biggest Losers", arXiv 1910.00762.
    public struct Admission: Codable, Sendable, Equatable {
        /// An example is admitted with probability `percentile^beta`.
        public var beta: Double
        /// Number of recent scores that the percentile is taken over.
        public var history: Int
        /// Smallest probability of admission.
        public var floor: Double

        public init(beta: Double = 2, history: Int = 1024, floor: Double = 0) {
            self.beta = beta
            self.history = history
            self.floor = floor
        }
    }

    /// Nguyen et al., "KAKURENBO: Adaptively Hiding Samples in Deep Neural Network Training", NeurIPS 2023, arXiv
    /// 2310.10102.
    public struct Hide: Codable, Sendable, Equatable {
        /// Largest share of the examples that is hidden, in `[0, 1)`.
        public var fraction: Double
        /// An example is hidden only where the learner gives its right answer at least this probability.
        public var confidence: Double

        public init(fraction: Double = 0.3, confidence: Double = 0.7) {
            self.fraction = fraction
            self.confidence = confidence
        }

        /// The largest share hidden at a position of the run: the paper's steps, 1, 0.8, 0.6 and 0.4 of `fraction` from
        /// 0, 30, 60 and 80 % of the run.
        public func fraction(at progress: Double) -> Double {
            switch progress {
            case ..<0.3: fraction
            case ..<0.6: fraction * 0.8
            case ..<0.8: fraction * 0.6
            default: fraction * 0.4
            }
        }
    }
}
