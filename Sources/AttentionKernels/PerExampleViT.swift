import Models
import Torch

/// The forward pass of ``ViT`` with weights that each example has a copy of, so that one backward pass gives the derivative
/// of every example's output by its own copy. The copies take no memory: they are one tensor, seen again and again.
///
/// Goodfellow (arXiv 1510.01799) computes such derivatives from the inputs and gradients of linear maps; here a product of
/// batches of matrices does the same.
struct PerExampleViT {
    let configuration: ViT.Configuration
    /// By their names, [B or 1, …].
    let parameters: [String: Tensor]

    /// - Parameter images: [B, C, H, W]
    /// - Returns: logits [B, classes], those of the learner itself.
    func logits(_ images: Tensor) throws -> Tensor {
        var x = try embedded(images)
        for layer in 0..<configuration.layerCount { x = try self.layer("vit.encoder.layer.\(layer)", x) }
        x = try normalized("vit.layernorm", x)
        let features =
            switch configuration.pooling {
            case .cls: try x.sliced(1, 0..<1)
            case .mean: try x.sliced(1, 1..<x.size(1)).mean(1).unsqueezed(1)
            }
        return try linear("classifier", features).squeezed(1)
    }

    private func parameter(_ name: String) throws -> Tensor {
        guard let tensor = parameters[name] else {
            throw AntkError.setting(name: "the parameter \(name)", found: "absent", expected: "one of the learner's")
        }
        return tensor
    }

    private func embedded(_ images: Tensor) throws -> Tensor {
        let (batch, width) = (images.size(0), configuration.hiddenSize)
        let projection = "vit.embeddings.patch_embeddings.projection"
        let weight = try parameter("\(projection).weight")
        let patches = try images.patches(ofSide: configuration.patchSize)
        let x = try mapped(patches, by: weight.reshaped(weight.size(0), width, -1))
        let places = try parameter("vit.embeddings.position_embeddings").squeezed(1)  // [B, 1 + N, D]
        let token = try parameter("vit.embeddings.cls_token").squeezed(1) + places.sliced(1, 0..<1)
        let shifted = try x + parameter("\(projection).bias").unsqueezed(1) + places.sliced(1, 1..<places.size(1))
        return try .concatenated([token.expanded(batch, 1, width), shifted], 1)
    }

    private func layer(_ path: String, _ x: Tensor) throws -> Tensor {
        let h = try x + attention("\(path).attention", normalized("\(path).layernorm_before", x))
        let inner = try linear("\(path).intermediate.dense", normalized("\(path).layernorm_after", h)).gelu()
        return try h + linear("\(path).output.dense", inner)
    }

    private func attention(_ path: String, _ x: Tensor) throws -> Tensor {
        let (batch, length, width) = (x.size(0), x.size(1), x.size(2))
        let size = width / configuration.headCount
        func heads(_ name: String) throws -> Tensor {
            try linear("\(path).attention.\(name)", x).reshaped(batch, length, configuration.headCount, size)
                .transposed(1, 2)
        }
        let scores = try heads("query").matmul(heads("key").transposed(2, 3)) / Double(size).squareRoot()
        let attended = try scores.softmax(-1).matmul(heads("value")).transposed(1, 2)
        return try linear("\(path).output.dense", attended.reshaped(batch, length, width))
    }

    /// [B, T, in] → [B, T, out]
    private func linear(_ path: String, _ x: Tensor) throws -> Tensor {
        try mapped(x, by: parameter("\(path).weight")) + parameter("\(path).bias").unsqueezed(1)
    }

    /// x Wᵀ as (W xᵀ)ᵀ: so the gradient of W comes in W's own layout, and need not be copied into it.
    private func mapped(_ x: Tensor, by weight: Tensor) throws -> Tensor {
        try weight.matmul(x.transposed(1, 2)).transposed(1, 2)
    }

    private func normalized(_ path: String, _ x: Tensor) throws -> Tensor {
        try x.layerNorm(nil, nil, epsilon: configuration.layerNormEpsilon) * parameter("\(path).weight").unsqueezed(1)
            + parameter("\(path).bias").unsqueezed(1)
    }
}
