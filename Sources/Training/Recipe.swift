import Models
import NN
import Teaching
import Torch

/// Everything that decides a run, as one value; on disk a YAML file.
public struct Recipe: Codable, Sendable, Equatable {
    /// What runs and reports are called.
    public var name: String
    /// What is learnt from.
    public var data: DataSettings
    /// What learns.
    public var model: ModelSettings
    /// How it is optimised, and for how long.
    public var training: TrainingSettings
    /// When and how it is judged on held-out data.
    public var evaluation: EvaluationSettings
    /// When a run saves its state.
    public var checkpoints: CheckpointSettings
    /// The data-selecting teacher's policy: in YAML `policy: NAME` and any setting that differs from that preset.
    public var teacher: Policy
    /// The run whose final weights are the frozen reference of the `reducible` score.
    public var reference: String?
}

/// The optimisation: AdamW under a cosine schedule with warm-up.
public struct TrainingSettings: Codable, Sendable, Equatable {
    /// Passes over all examples that standard training makes.
    public var epochs: Int
    /// Share of standard training's cost to spend; the policy's own spend where absent.
    public var budget: Double?
    /// Examples of a step.
    public var batchSize = 64
    /// Examples of one forward and backward pass, whose gradients a step adds up; all of them where absent.
    public var microBatchSize: Int?
    /// Whether the backward pass of a language model makes each block's activations again instead of keeping them.
    public var activationCheckpointing = false
    /// The highest learning rate, at the end of the warm-up; it falls to 0 along a cosine.
    public var learningRate = 1e-3
    /// Share of the budget over which the learning rate rises.
    public var warmup = 0.05
    /// AdamW's, of matrices alone.
    public var weightDecay = 0.05
    /// AdamW's decay of the gradient's mean.
    public var beta1 = 0.9
    /// AdamW's decay of the gradient's mean square.
    public var beta2 = 0.999
    /// The largest norm of a step's gradient; 0 for no clipping.
    public var gradientClipping = 1.0
    /// What becomes of a step whose loss or gradient is not a number: `stop`, `skip` or `rollback`.
    public var nonFinite = NonFinitePolicy.stop
    /// Share of a class's probability that is spread over all classes, of classifiers.
    public var labelSmoothing = 0.0
    /// α by which the images of a batch, and what a classifier is asked for, are mixed with each other (arXiv
    /// 1710.09412); 0 for none. Scores that are recorded while training are those of the mixed images.
    public var mixup = 0.0
    /// What each of an encoder's layers keeps of the learning rate of the layer after it; 1 for no decay.
    public var layerDecay = 1.0
    /// How often an example goes round an encoder's last block, less often round those before it; 0 for never.
    public var dropPath = 0.0
    /// Equal seeds give equal runs.
    public var seed: UInt64 = 0
    /// How numbers are computed; `auto` measures what is fastest without being less exact.
    public var precision = Precision.auto
    /// That of passes that only score; `precision` where absent. Where bfloat16 products take half the time, `bf16` takes a
    /// third off a scoring pass while the learner itself keeps learning in fp32.
    public var scoringPrecision: Precision?
    /// Threads within an operation; as many as the machine has where absent.
    public var threads: Int?
    /// `cpu`, `cuda`, `cuda:N` or `mps`. Of several ranks on a machine, `cuda` gives each a device of its own.
    public var device = "cpu"
    /// This rank's device, where `device` leaves it to the rank. No part of the recipe, which is the same for all ranks.
    var rankDevice: Device?

    public init(epochs: Int) { self.epochs = epochs }

    /// Where the learner lives; the recipe's validation has seen to it that the name is one.
    var place: Device { rankDevice ?? Device(device) ?? .cpu }

    enum CodingKeys: String, CodingKey {
        case epochs, budget, warmup, seed, precision, threads, device, beta1, beta2, mixup
        case batchSize = "batch_size"
        case microBatchSize = "micro_batch_size"
        case activationCheckpointing = "activation_checkpointing"
        case learningRate = "learning_rate"
        case weightDecay = "weight_decay"
        case gradientClipping = "gradient_clipping"
        case nonFinite = "non_finite"
        case labelSmoothing = "label_smoothing"
        case scoringPrecision = "scoring_precision"
        case layerDecay = "layer_decay"
        case dropPath = "drop_path"
    }
}

public struct EvaluationSettings: Codable, Sendable, Equatable {
    /// How often the held-out data is evaluated over a run, evenly by budget spent, the last time at its end.
    public var count = 10
    /// Examples of one forward pass, of evaluations and scoring alike.
    public var batchSize = 256

    public init() {}

    enum CodingKeys: String, CodingKey {
        case count
        case batchSize = "batch_size"
    }
}

public struct CheckpointSettings: Codable, Sendable, Equatable {
    /// Optimiser steps between checkpoints; only the final one where absent.
    public var everySteps: Int?
    /// How many to keep.
    public var keep = 2

    public init() {}

    enum CodingKeys: String, CodingKey {
        case everySteps = "every_steps"
        case keep
    }
}
