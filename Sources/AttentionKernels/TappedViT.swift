import Models
import Torch

/// A place of a forward pass of many examples where parameters took part: how the derivatives of each example's output by
/// them follow from those at the place.
struct Tap {
    /// How the derivatives by one parameter, seen as a matrix, follow for some of its rows.
    struct Derivative {
        let name: String
        var rowCount = 1
        /// Scalars a row.
        let rowSize: Int
        /// From a derivative at the place to derivatives [B, rows · rowSize].
        let of: (Tensor, Range<Int>) throws -> Tensor

        init(_ name: String, size: Int, of: @escaping (Tensor) throws -> Tensor) {
            (self.name, rowSize) = (name, size)
            self.of = { gradient, _ in try of(gradient) }
        }

        /// That of the weight of a linear map from inputs [B, T, in].
        init(_ name: String, rows: Int, from input: Tensor) {
            (self.name, rowCount, rowSize) = (name, rows, input.size(2))
            of = { gradient, rows in
                try gradient.sliced(2, rows).transposed(1, 2).matmul(input).reshaped(input.size(0), -1)
            }
        }
    }

    let place: Tensor
    let derivatives: [Derivative]
}

/// The forward pass of ``ViT`` with a tap wherever parameters take part, so that one backward pass down to the taps gives
/// every example's derivatives, and the weights' own gradients, sums over the examples, are never computed.
///
/// Goodfellow (arXiv 1510.01799): the derivative by a linear map's weight is the product of what went in and the derivative
/// of what came out.
struct TappedViT {
    let configuration: ViT.Configuration
    /// All of the learner's, by their names.
    let parameters: [String: Tensor]
    /// Those that are differentiated by.
    let wanted: Set<String>
    private(set) var taps: [Tap] = []

    init(_ configuration: ViT.Configuration, _ parameters: [String: Tensor], wanted: Set<String>) {
        (self.configuration, self.parameters, self.wanted) = (configuration, parameters, wanted)
    }

    /// - Parameter images: [B, C, H, W]
    /// - Returns: logits [B, classes], those of the learner itself.
    mutating func logits(_ images: Tensor) throws -> Tensor {
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

    private mutating func tap(_ place: Tensor, _ derivatives: [Tap.Derivative]) {
        let chosen = derivatives.filter { wanted.contains($0.name) }
        if !chosen.isEmpty { taps.append(Tap(place: place, derivatives: chosen)) }
    }

    private mutating func embedded(_ images: Tensor) throws -> Tensor {
        let (batch, width) = (images.size(0), configuration.hiddenSize)
        let name = "vit.embeddings"
        let patches = try mapped("\(name).patch_embeddings.projection", images.patches(ofSide: configuration.patchSize))
        {
            try $0.reshaped(width, -1)
        }
        let token = try parameter("\(name).cls_token").expanded(batch, 1, width)
        let x = try Tensor.concatenated([token, patches], 1) + parameter("\(name).position_embeddings")
        let cells = x.size(1) * width
        tap(
            x,
            [
                .init("\(name).cls_token", size: width) { try $0.sliced(1, 0..<1).reshaped(batch, width) },
                .init("\(name).position_embeddings", size: cells) { try $0.reshaped(batch, -1) },
            ])
        return x
    }

    private mutating func layer(_ path: String, _ x: Tensor) throws -> Tensor {
        let h = try x + attention("\(path).attention", normalized("\(path).layernorm_before", x))
        let inner = try linear("\(path).intermediate.dense", normalized("\(path).layernorm_after", h)).gelu()
        return try h + linear("\(path).output.dense", inner)
    }

    private mutating func attention(_ path: String, _ x: Tensor) throws -> Tensor {
        let (batch, length, width) = (x.size(0), x.size(1), x.size(2))
        let heads = try ["query", "key", "value"].map { name in
            try linear("\(path).attention.\(name)", x)
                .reshaped(batch, length, configuration.headCount, width / configuration.headCount).transposed(1, 2)
        }
        let attended = try Tensor.attention(heads[0], heads[1], heads[2])
        return try linear("\(path).output.dense", attended.transposed(1, 2).reshaped(batch, length, width))
    }

    private mutating func linear(_ path: String, _ x: Tensor) throws -> Tensor { try mapped(path, x) { $0 } }

    /// [B, T, in] → [B, T, out], by the weight seen as [out, in].
    private mutating func mapped(_ path: String, _ x: Tensor, _ matrix: (Tensor) throws -> Tensor) throws -> Tensor {
        let place = try x.linear(matrix(parameter("\(path).weight")), parameter("\(path).bias"))
        let width = place.size(2)
        tap(
            place,
            [
                .init("\(path).weight", rows: width, from: try x.detached()),
                .init("\(path).bias", size: width) { try $0.sum(1) },
            ])
        return place
    }

    private mutating func normalized(_ path: String, _ x: Tensor) throws -> Tensor {
        let epsilon = configuration.layerNormEpsilon
        let place = try x.layerNorm(parameter("\(path).weight"), parameter("\(path).bias"), epsilon: epsilon)
        let (input, width) = (try x.detached(), x.size(2))
        tap(
            place,
            [
                .init("\(path).weight", size: width) { try ($0 * input.layerNorm(nil, nil, epsilon: epsilon)).sum(1) },
                .init("\(path).bias", size: width) { try $0.sum(1) },
            ])
        return place
    }
}
