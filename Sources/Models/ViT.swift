import NN
import Torch

/// The vision transformer (Dosovitskiy et al., arXiv 2010.11929) with a classifier, under Hugging Face's key names.
public struct ViT: Sendable {
    /// Hugging Face's `ViTConfig`, with a choice of pooling.
    public struct Configuration: Sendable, Equatable, Codable {
        public enum Pooling: String, Sendable, Codable, CaseIterable { case cls, mean }

        /// Pixels a side of an image.
        public var imageSize = 32
        /// Pixels a side of a patch; divides the image's.
        public var patchSize = 4
        /// Colours of an image: 3, or 1 where it is grey.
        public var channelCount = 3
        /// Classes to tell apart.
        public var classCount = 10
        /// Width of the residual stream.
        public var hiddenSize = 192
        /// Transformer blocks.
        public var layerCount = 6
        /// Attention heads of a block; a divisor of the width.
        public var headCount = 3
        /// Width of a block's inner layer.
        public var intermediateSize = 768
        /// Probability with which elements of the embeddings and of what a block adds are dropped while training.
        public var dropout = 0.0
        /// What layer normalisation adds to the variance.
        public var layerNormEpsilon = 1e-6
        /// Standard deviation of fresh weights; narrow learners want more than the customary 0.02.
        public var initializerRange = 0.02
        /// What the classifier reads: the class token, or the mean of the patches.
        public var pooling = Pooling.cls
        /// How often an example goes round the last block while training; no part of the model on disk.
        public var dropPath = 0.0

        public init() {}

        enum CodingKeys: String, CodingKey {
            case imageSize = "image_size"
            case patchSize = "patch_size"
            case channelCount = "num_channels"
            case classCount = "num_labels"
            case hiddenSize = "hidden_size"
            case layerCount = "num_hidden_layers"
            case headCount = "num_attention_heads"
            case intermediateSize = "intermediate_size"
            case dropout = "hidden_dropout_prob"
            case layerNormEpsilon = "layer_norm_eps"
            case initializerRange = "initializer_range"
            case pooling
        }

        /// - Throws: a sentence naming the first setting that does not fit.
        public func validate() throws(SettingError) {
            let counts = [
                ("image_size", imageSize), ("patch_size", patchSize), ("num_channels", channelCount),
                ("num_labels", classCount), ("hidden_size", hiddenSize), ("num_hidden_layers", layerCount),
                ("num_attention_heads", headCount), ("intermediate_size", intermediateSize),
            ]
            for (key, value) in counts where value < 1 {
                throw SettingError(key: key, found: "\(value)", expected: "at least 1")
            }
            guard imageSize % patchSize == 0 else {
                throw SettingError(
                    key: "patch_size", found: "\(patchSize)", expected: "a divisor of image_size \(imageSize)")
            }
            guard hiddenSize % headCount == 0 else {
                throw SettingError(
                    key: "num_attention_heads", found: "\(headCount)",
                    expected: "a divisor of hidden_size \(hiddenSize)")
            }
            guard dropout >= 0, dropout < 1 else {
                throw SettingError(key: "hidden_dropout_prob", found: "\(dropout)", expected: "at least 0 and below 1")
            }
            guard dropPath >= 0, dropPath < 1 else {
                throw SettingError(key: "drop_path", found: "\(dropPath)", expected: "at least 0 and below 1")
            }
            guard layerNormEpsilon > 0, layerNormEpsilon.isFinite else {
                throw SettingError(key: "layer_norm_eps", found: "\(layerNormEpsilon)", expected: "a positive number")
            }
        }

        var initializer: Initializer { .truncatedNormal(deviation: initializerRange) }

        public var patchesPerSide: Int { imageSize / patchSize }
        public var patchCount: Int { patchesPerSide * patchesPerSide }
    }

    public let configuration: Configuration
    let embeddings: PatchEmbeddings
    let layers: [ViTLayer]
    let norm: LayerNorm
    public let classifier: Linear

    public init(_ path: Path, _ configuration: Configuration) throws(TorchError) {
        self.configuration = configuration
        let vit = path / "vit"
        embeddings = try PatchEmbeddings(vit / "embeddings", configuration)
        layers = try ViTLayer.stack(vit / "encoder" / "layer", configuration)
        norm = try LayerNorm(
            vit / "layernorm", features: configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
        classifier = try Linear(
            path / "classifier", from: configuration.hiddenSize, to: configuration.classCount,
            initializer: configuration.initializer)
    }

    /// What a pass makes of images.
    public struct Reading: Sendable {
        /// What the classifier reads, [B, D].
        public let features: Tensor
        /// The class token and the patches before the last block, [B, 1 + K, D].
        let beforeLastLayer: Tensor
    }

    /// What the classifier reads of each image, and what came before.
    ///
    /// - Parameters:
    ///   - images: [B, C, H, W]; squares of another size than the configuration's get positions in between.
    ///   - elements: the patches to look at, of images of the configuration's size; all where nil.
    ///   - isTraining: whether dropout is on.
    public func reading(
        _ images: Tensor, elements: ElementSubset? = nil, isTraining: Bool = false
    ) throws(TorchError) -> Reading {
        var x = try embeddings(images, elements, isTraining)  // [B, 1 + K, D]
        var before = x
        for layer in layers { (before, x) = (x, try layer(x, isTraining)) }
        x = try norm(x)
        let features =
            switch configuration.pooling {
            case .cls: try x.sliced(1, 0..<1).squeezed(1)
            case .mean: try x.sliced(1, 1..<x.size(1)).mean(1)
            }
        return Reading(features: features, beforeLastLayer: before)
    }

    /// Logits [B, classes]; the parameters are those of ``reading(_:elements:isTraining:)``.
    public func logits(
        _ images: Tensor, elements: ElementSubset? = nil, isTraining: Bool = false
    ) throws(TorchError) -> Tensor {
        try classifier(reading(images, elements: elements, isTraining: isTraining).features)
    }
}

/// Patches, a class token and learned positions.
struct PatchEmbeddings: Sendable {
    let configuration: ViT.Configuration
    let classToken: Tensor  // [1, 1, D]
    let positions: Tensor  // [1, 1 + N, D]
    let projectionWeight: Tensor  // [D, C, P, P]
    let projectionBias: Tensor  // [D]

    init(_ path: Path, _ configuration: ViT.Configuration) throws(TorchError) {
        self.configuration = configuration
        let (width, patch) = (configuration.hiddenSize, configuration.patchSize)
        let normal = configuration.initializer
        classToken = try path.parameter("cls_token", [1, 1, width], normal)
        positions = try path.parameter("position_embeddings", [1, 1 + configuration.patchCount, width], normal)
        let projection = path / "patch_embeddings" / "projection"
        projectionWeight = try projection.parameter(
            "weight", [width, configuration.channelCount, patch, patch], normal)
        projectionBias = try projection.parameter("bias", [width], .zeros)
    }

    /// Unseen patches are left out before the projection, so that they cost nothing.
    func callAsFunction(_ images: Tensor, _ elements: ElementSubset?, _ isTraining: Bool) throws(TorchError) -> Tensor {
        let width = configuration.hiddenSize
        let batch = images.size(0)
        var patches = try images.patches(ofSide: configuration.patchSize)  // [B, N, C·P·P]
        let positions = try ParameterTap.shared(positions)  // [1, 1 + N, D]
        var places = try places(positions, side: images.size(2) / configuration.patchSize)  // [1, N, D]
        if let elements {
            patches = try elements.of(patches)
            places = try elements.of(places.expanded(batch, configuration.patchCount, width))
        }
        let x = try patches.linear(projectionWeight.reshaped(width, -1), projectionBias)
        try ParameterTap.linear(projectionWeight, projectionBias, from: patches, to: x)
        let token = try (ParameterTap.shared(classToken) + positions.sliced(1, 0..<1)).expanded(batch, 1, width)
        let sequence = try Tensor.concatenated([token, x + places], 1)
        return try dropped(sequence, configuration.dropout, isTraining)
    }

    /// The patches' positions, resized to a grid of `side` by `side`: [1, side², D].
    private func places(_ positions: Tensor, side: Int) throws(TorchError) -> Tensor {
        let (learned, own) = (try positions.sliced(1, 1..<positions.size(1)), configuration.patchesPerSide)
        guard side != own else { return learned }
        let count = learned.size(0)
        return try learned.transposed(1, 2).reshaped(count, -1, own, own).interpolated(height: side, width: side)
            .reshaped(count, -1, side * side).transposed(1, 2)
    }
}

/// A pre-norm transformer block.
struct ViTLayer: Sendable {
    let normBefore, normAfter: LayerNorm
    let attention: ViTAttention
    let intermediate, output: Linear
    let dropout: Double
    /// How often an example goes round each of the block's branches while training.
    let dropPath: Double

    /// The blocks `path.0`, `path.1`, …
    static func stack(_ path: Path, _ configuration: ViT.Configuration) throws(TorchError) -> [ViTLayer] {
        let shares = StochasticDepth.probabilities(
            upTo: configuration.dropPath, layerCount: configuration.layerCount)
        var layers: [ViTLayer] = []
        for (index, share) in shares.enumerated() {
            layers.append(try ViTLayer(path / index, configuration, dropPath: share))
        }
        return layers
    }

    init(_ path: Path, _ configuration: ViT.Configuration, dropPath: Double = 0) throws(TorchError) {
        let (width, epsilon) = (configuration.hiddenSize, configuration.layerNormEpsilon)
        normBefore = try LayerNorm(path / "layernorm_before", features: width, epsilon: epsilon)
        normAfter = try LayerNorm(path / "layernorm_after", features: width, epsilon: epsilon)
        attention = try ViTAttention(path / "attention", configuration)
        let (inner, initializer) = (configuration.intermediateSize, configuration.initializer)
        intermediate = try Linear(path / "intermediate" / "dense", from: width, to: inner, initializer: initializer)
        output = try Linear(path / "output" / "dense", from: inner, to: width, initializer: initializer)
        (dropout, self.dropPath) = (configuration.dropout, dropPath)
    }

    func callAsFunction(_ x: Tensor, _ isTraining: Bool) throws(TorchError) -> Tensor {
        // Where a whole branch is added, the last product of the branch does it.
        guard isTraining && (dropout > 0 || dropPath > 0) else {
            let h = try attention(normBefore(x), adding: x)
            return try intermediate.perceptron(normAfter(h), into: output, adding: h)
        }
        func branch(_ y: Tensor) throws(TorchError) -> Tensor {
            try pathDropped(dropped(y, dropout, isTraining), dropPath, isTraining)
        }
        let h = try x + branch(attention(normBefore(x)))
        return try h + branch(intermediate.perceptron(normAfter(h), into: output))
    }
}

struct ViTAttention: Sendable {
    let query, key, value, output: Linear
    let headCount: Int

    init(_ path: Path, _ configuration: ViT.Configuration) throws(TorchError) {
        let width = configuration.hiddenSize
        func linear(_ path: Path) throws(TorchError) -> Linear {
            try Linear(path, from: width, to: width, initializer: configuration.initializer)
        }
        query = try linear(path / "attention" / "query")
        key = try linear(path / "attention" / "key")
        value = try linear(path / "attention" / "value")
        output = try linear(path / "output" / "dense")
        headCount = configuration.headCount
    }

    /// - Parameters:
    ///   - x: [B, T, D]
    ///   - context: what `x` attends to, [B, S, D]; `x` itself where nil.
    ///   - residual: added to the result where given, [B, T, D].
    func callAsFunction(
        _ x: Tensor, to context: Tensor? = nil, adding residual: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let seen = context ?? x
        let attended = try Tensor.attention(heads(query(x)), heads(key(seen)), heads(value(seen)))
        return try output(attended.transposed(1, 2).reshaped(x.size(0), x.size(1), x.size(2)), adding: residual)
    }

    /// [B, T, D] as [B, H, T, D/H].
    func heads(_ y: Tensor) throws(TorchError) -> Tensor {
        try y.reshaped(y.size(0), y.size(1), headCount, y.size(2) / headCount).transposed(1, 2)
    }
}

/// Dropout while training, nothing otherwise.
func dropped(_ x: Tensor, _ probability: Double, _ isTraining: Bool) throws(TorchError) -> Tensor {
    isTraining && probability > 0 ? try x.dropout(probability) : x
}
