import Datasets
import Models
import Torch

extension ImageClassifier {
    public func panels(_ content: ImageBatch) throws -> [[Panel]] {
        let area = content.size.height * content.size.width
        let count = content.channels * area
        return (0..<content.count).map { example in
            let pixels = Array(content.pixels[example * count..<(example + 1) * count])
            // How pixels were normalised is not known here: each image's own range is shown.
            let (low, high) = (pixels.min() ?? 0, pixels.max() ?? 1)
            guard content.channels == 3 else {
                return [Panel("input", grays: Array(pixels[..<area]), within: low...high, content.size)]
            }
            let spread = max(high - low, 1e-6)
            return [Panel("rgb: input", colors: pixels.map { 2 * ($0 - low) / spread - 1 }, content.size)]
        }
    }
}

extension MultimodalClassifier {
    public func panels(_ content: MultimodalBatch) throws -> [[Panel]] {
        content.inputs(model.encoder.configuration.modalities)
    }
}

extension SemanticSegmenter {
    /// What is given, what is there and what the learner sees.
    public func panels(_ content: MultimodalBatch) throws -> [[Panel]] {
        let found = try logits(content, false).argmax(1).values(as: Int64.self)
        let inputs = content.inputs(model.encoder.configuration.modalities + [.semseg])
        return inputs.enumerated().map { example, panels in
            panels + [Panel("semseg: predicted", classes: content.plane(found, example), content.size)]
        }
    }
}

extension DepthEstimator {
    /// What is given, what was measured and what the learner makes of it, both in the same greys.
    public func panels(_ content: MultimodalBatch) throws -> [[Panel]] {
        let found = try logDepth(content, false).values(as: Float.self)
        let measured = try Tensor(content.metricDepth).clamped(min: 1e-3).log().values(as: Float.self)
        return content.inputs(model.encoder.configuration.modalities).enumerated().map { example, panels in
            let truth = content.plane(measured, example)
            let range = (truth.min() ?? 0)...(truth.max() ?? 1)
            return panels + [
                Panel("depth: measured", grays: truth, within: range, content.size),
                Panel("depth: predicted", grays: content.plane(found, example), within: range, content.size),
            ]
        }
    }
}

extension MaskedAutoencoder {
    /// For each modality what there is, what the learner sees of it, and what it makes of that: its reconstruction, with
    /// the visible patches as they are.
    public func panels(_ content: MultimodalBatch) throws -> [[Panel]] {
        let configuration = model.configuration
        let images = try ModalityImages(content, configuration, device)
        let visible = try sampler.visible(seeds: content.maskSeeds, device: device)
        let found = try model.images(of: model.reconstructions(images, visible: visible), on: images, visible: visible)
        let seen = try visible.indices.values(as: Int64.self).map(Int.init)
        let inputs = content.inputs(configuration.modalities)
        var columns: [Modality: [Float]] = [:]
        for (modality, image) in found { columns[modality] = try image.values(as: Float.self) }
        return (0..<content.count).map { example in
            let tokens = seen[example * sampler.visibleCount..<(example + 1) * sampler.visibleCount]
            return configuration.modalities.enumerated().flatMap { index, modality -> [Panel] in
                let first = index * configuration.patchCount
                let patches = Set(tokens.map { $0 - first }.filter { (0..<configuration.patchCount).contains($0) })
                let input = inputs[example][index]
                let mask = input.masked(
                    "\(modality.rawValue): visible", showing: patches, patchSide: configuration.patchSize)
                let values = columns[modality] ?? []
                return [input, mask, content.panel("\(modality.rawValue): reconstruction", modality, values, example)]
            }
        }
    }
}

extension MultimodalBatch {
    /// The panels of each image's modalities.
    fileprivate func inputs(_ modalities: [Modality]) -> [[Panel]] {
        (0..<count).map { example in
            modalities.map { modality in
                let name = "\(modality.rawValue): input"
                return switch modality {
                case .rgb: panel(name, modality, rgb, example)
                case .depth: panel(name, modality, depth, example)
                case .semseg: Panel(name, classes: plane(semantics, example), size)
                }
            }
        }
    }

    /// A panel of the values of one modality, of all images; depth in the greys of the image's own.
    fileprivate func panel(_ name: String, _ modality: Modality, _ values: [Float], _ example: Int) -> Panel {
        switch modality {
        case .rgb: return Panel(name, colors: plane(values, example, channels: 3), size)
        case .depth:
            let truth = plane(depth, example)
            return Panel(
                name, grays: plane(values, example), within: (truth.min() ?? 0)...(truth.max() ?? 1), size)
        case .semseg: return Panel(name, classes: plane(values, example).map { Int64($0) }, size)
        }
    }

    /// The values of one image, of those of all.
    fileprivate func plane<Value>(_ values: [Value], _ example: Int, channels: Int = 1) -> [Value] {
        let area = channels * size.height * size.width
        return Array(values[example * area..<(example + 1) * area])
    }
}
