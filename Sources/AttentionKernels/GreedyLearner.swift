import NN
import Teaching
import Torch
import Training

/// A classifier as the trainer has it, with what a teacher could know of each example.
struct GreedyLearner {
    let classifier: ImageClassifier
    let data: TheoryData
    private let all: [Int]

    init(_ data: TheoryData, width: Int, seed: UInt64) throws {
        self.data = data
        all = Array(0..<data.count)
        classifier = try ImageClassifier(ParameterBuilder(seed: seed), data.configuration(width: width))
    }

    /// AdamW on random batches of 32.
    func train(steps: Int, seed: UInt64) throws {
        let optimizer = try AdamW(classifier.parameters, .init(weightDecay: 0.01))
        let generator = try Generator(seed: seed)
        for _ in 0..<steps {
            let picked = try generator.uniform([32]).values(as: Double.self).map { Int($0 * Double(data.count)) }
            let content = try data.batch(picked)
            try classifier.assess(content, elements: nil, score: nil, isTraining: true).losses.mean().backward()
            _ = try optimizer.step(learningRate: 1e-3, clippingTo: 1)
        }
    }

    func losses(on data: TheoryData) throws -> [Double] {
        let content = try data.batch(Array(0..<data.count))
        return try withoutGradients {
            try classifier.assess(content, elements: nil, score: nil, isTraining: false).losses.values(as: Double.self)
        }
    }

    func meanLoss() throws -> Double { try losses(on: data).reduce(0, +) / Double(data.count) }

    /// The mean loss after a step, which is taken back.
    func meanLoss(after direction: [Tensor], rate: Double) throws -> Double {
        let snapshot = try classifier.parameters.snapshot()
        try classifier.parameters.descend(direction, rate: rate)
        let loss = try meanLoss()
        try classifier.parameters.restore(snapshot)
        return loss
    }

    /// The largest rate, out of halvings, at which a step along the mean gradient decreases the loss by at least half of
    /// what its slope promises (Armijo, 1966).
    func payingRate(_ mean: [Tensor], from loss: Double) throws -> Double {
        let slope = try squaredNorm(mean)
        var rate = 1.0
        while rate > 1e-9, try loss - meanLoss(after: mean, rate: rate) < rate * slope / 2 { rate /= 2 }
        return rate
    }

    /// The scores as the trainer computes them, one an example.
    func scores() throws -> [String: [Double]] {
        let content = try data.batch(all)
        var scores: [String: [Double]] = [:]
        for kind in [Policy.ScoreKind.loss, .residual, .ntk] {
            let assessment = try withoutGradients {
                try classifier.assess(content, elements: nil, score: kind, isTraining: false)
            }
            scores[kind.rawValue] = try assessment.scores?.values(as: Double.self)
        }
        return scores
    }

    /// ∇_θ ℓ_i of each example.
    func exampleGradients() throws -> [[Tensor]] {
        try all.map { example in
            let content = try data.batch([example])
            let loss = try classifier.assess(content, elements: nil, score: nil, isTraining: false).losses.mean()
            return try classifier.parameters.gradients(of: loss)
        }
    }

    func meanGradient(_ gradients: [[Tensor]]) throws -> [Tensor] {
        guard let first = gradients.first else { return [] }
        return try first.indices.map { index in
            try Tensor.stacked(gradients.map { $0[index] }).mean(0)
        }
    }
}

/// Numbers for shuffling (SplitMix64; Steele, Lea and Flood, 2014).
struct PickGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
