extension Policy {
    public static let presets: [Policy] = [
        standard, random, attent, attentSimple, attentPlus, infobatch, seta, selectiveBackprop, kakurenbo,
        randomElements,
    ]

    /// The names accepted by ``init(preset:)``.
    public static var presetNames: [String] { presets.map(\.name) }

    /// - Throws: ``TeachingError/unknownPreset(found:)``.
    public init(preset name: String) throws(TeachingError) {
        guard let preset = Policy.presets.first(where: { $0.name == name }) else {
            throw .unknownPreset(found: name)
        }
        self = preset
    }

    /// Every example in every lesson: plain training. Spends the full cost.
    public static let standard = Policy(name: "standard")

    /// A new random subset each lesson. Spends 70 % of the standard cost in as many lessons.
    ///
    /// Source: Okanovic et al., "Repeated Random Sampling for Minimizing the Time-to-Accuracy of Learning" (RS2), ICLR
    /// 2024, arXiv 2305.18424.
    public static let random = Policy(name: "random", ratio: .constant(0.7))

    /// The paper's procedure for vision transformers: ratio and interval rise, selection is soft, and every example is
    /// scored anew for each selection. Corrected: the temperature does not divide the noise. The end points
    /// are ours: over many epochs they spend about 80 % of the standard cost, which is the saving of time the paper
    /// reports.
    ///
    /// Source: "Nonparametric Teaching of Attention Learners", arXiv 2602.20461, the ablation's best row
    /// (incremental ratio, incremental interval, soft selection).
    public static let attent = Policy(
        name: "attent", source: .refreshed(staleAfter: 0), ratio: .incremental(from: 0.2, to: 1),
        interval: .incremental(from: 1, to: 5), selection: .soft(Selection.Soft()))

    /// The paper's procedure for language models: losses are recorded during a first full epoch, then the hardest 70 %
    /// are taught. Spends 1 + 0.7 (E - 1) epochs.
    ///
    /// Source: "Nonparametric Teaching of Attention Learners", arXiv 2602.20461.
    public static let attentSimple = Policy(
        name: "attent-simple", ratio: .constant(0.7), selection: .hard, warmUp: 1)

    /// Elements and examples together: a rising share of random elements of the examples that an importance sample with
    /// unbiased weights keeps, where keeping fewer is worth it. Scores are the norms of output minus target, recorded in
    /// training, so there is no scoring pass at all.
    ///
    /// Sources: ``randomElements``; ``Selection/Importance``.
    public static let attentPlus = Policy(
        name: "attent-plus", score: .residual, selection: .importance(Selection.Importance()),
        weights: .unbiased(cap: 10), elements: ElementSchedule(start: 0.2, form: .auto, choice: .auto))

    /// Examples below the mean loss are dropped with probability 0.5 and the kept ones of them weigh 2; the last eighth
    /// of the run is taught in full. Its spend depends on the losses' distribution: about 78 % where half are below the
    /// mean, 70 % where two thirds are.
    ///
    /// Source: Qin et al., "InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning", ICLR 2024,
    /// arXiv 2303.04947: r = 0.5, delta = 0.875.
    public static let infobatch = Policy(
        name: "infobatch", selection: .prune(Selection.Prune(probability: 0.5)), weights: .unbiased(cap: 10),
        annealing: 0.125)

    /// 10 % of the examples are dropped at random, the others are clustered by loss, and a window over 90 % of the
    /// clusters slides from easy to hard, again and again; in the last eighth only the random drop stays.
    ///
    /// Source: Zhou et al., "Scale Efficient Training for Large Datasets" (SeTa), CVPR 2025, arXiv 2503.13385; the
    /// numbers are those of the authors' example script.
    public static let seta = Policy(name: "seta", selection: .window(Selection.Window()), annealing: 0.125)

    /// Every example is scored in its batch and trained on with probability `percentile^2`, over the last 1,024 losses.
    /// Spends about 0.3 + 1/3 of the standard cost.
    ///
    /// Source: Jiang et al., "Accelerating Deep Learning by Focusing on the Biggest Losers", arXiv 1910.00762: P =
    /// CDF^beta, beta = 2 keeps a third.
    public static let selectiveBackprop = Policy(
        name: "selective-backprop", selection: .admission(Selection.Admission()))

    /// Up to 30 % of the examples, those of lowest loss, are hidden where the learner is right with probability 0.7 or
    /// more; hidden ones are scored after each lesson; the learning rate is scaled by 1 / (1 - hidden share).
    ///
    /// Source: Nguyen et al., "KAKURENBO", NeurIPS 2023, arXiv 2310.10102: F = 0.3, tau = 0.7.
    public static let kakurenbo = Policy(
        name: "kakurenbo", source: .refreshed(staleAfter: 1), selection: .hide(Selection.Hide()))

    /// Every example, with a random share of its elements that rises from 0.25 to 1 over the first 75 % of the cost.
    /// Spends about 59 % of the standard cost in as many lessons.
    ///
    /// Source: Yao et al., "Random-LTD", arXiv 2211.11586, for the linearly rising share.
    public static let randomElements = Policy(name: "random-elements", elements: ElementSchedule())
}
