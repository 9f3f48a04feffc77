import Datasets
import Models
import NN
import Teaching
import TestSupport
import Testing
import Torch

@testable import Training

/// Pictures of which every pixel is judged or reconstructed, taught by windows.
@Suite("Windows of images") struct ImageWindowTests {
    private func network() -> MultiMAE.Configuration {
        var network = MultiMAE.Configuration()
        (network.modalities, network.imageSize, network.patchSize) = ([.rgb], 16, 4)
        (network.hiddenSize, network.layerCount, network.headCount, network.intermediateSize) = (16, 2, 2, 32)
        return network
    }

    private func batch() throws -> MultimodalBatch {
        try Scenes.dataset(seed: 1, indices: 0..<3, size: ImageSize(height: 16, width: 16))
            .collate([2, 0, 1], view: .augmented(seed: 4, visit: 1))
    }

    @Test("A window has the pixels that are there, in all modalities") func pixels() throws {
        let batch = try batch()
        let corners = [(0, 0), (4, 8), (8, 4)].map { ImageCorner(row: $0.0, column: $0.1) }
        let windows = batch.windows(ofSide: 8, at: corners)
        #expect(windows.size == ImageSize(height: 8, width: 8) && windows.corners == corners)
        #expect(windows.labels == batch.labels && windows.maskSeeds == batch.maskSeeds)
        for (image, corner) in corners.enumerated() {
            for (row, column) in [(0, 0), (3, 7), (7, 2)] {
                let (own, whole) = (row * 8 + column, (corner.row + row) * 16 + corner.column + column)
                for plane in image * 3..<image * 3 + 3 {
                    #expect(windows.rgb[plane * 64 + own] == batch.rgb[plane * 256 + whole])
                }
                #expect(windows.depth[image * 64 + own] == batch.depth[image * 256 + whole])
                #expect(windows.semantics[image * 64 + own] == batch.semantics[image * 256 + whole])
                #expect(windows.metricDepth[image * 64 + own] == batch.metricDepth[image * 256 + whole])
            }
        }
    }

    @Test("Windows are whole patches of about the share, anywhere, a function of the example and the visit")
    func corners() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<2, size: ImageSize(height: 16, width: 16))
        var found: [ImageCorner: Int] = [:]
        for visit in 0..<450 {
            let batch = try data.collate([0, 1], view: .augmented(seed: 7, visit: visit))
            let windows = batch.windows(of: network(), share: 0.25)
            #expect(windows.size.width == 8 && windows == batch.windows(of: network(), share: 0.25))
            for corner in try #require(windows.corners) { found[corner, default: 0] += 1 }
        }
        let places = [0, 4, 8]
        #expect(found.count == 9 && found.keys.allSatisfy { places.contains($0.row) && places.contains($0.column) })
        // 100 of each are expected, with a standard deviation of 9.4.
        #expect(found.values.allSatisfy { abs($0 - 100) < 48 })
        let batch = try batch()
        #expect(batch.windows(of: network(), share: 0.5).size.width == 12)
        #expect(
            batch.windows(of: network(), share: 0.9) == batch && batch.windows(of: network(), share: 0).size.width == 4)
    }

    @Test("Patches of a window have the positions that they have in the whole image") func positions() throws {
        let (network, batch) = (network(), try batch())
        let corners = [(8, 0), (4, 4), (0, 8)].map { ImageCorner(row: $0.0, column: $0.1) }
        let windows = batch.windows(ofSide: 8, at: corners)
        let places = try #require(try windows.places(in: network, .cpu)).indices.values(as: Int64.self)
        #expect(places == [8, 9, 12, 13, 5, 6, 9, 10, 2, 3, 6, 7])
        #expect(try batch.places(in: network, .cpu) == nil)

        // An encoder shown the same patches of the whole image has the same states.
        let (encoder, _) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try MultiMAEEncoder(path, network)
        }
        let images = try ModalityImages(windows, network, .cpu)
        let own = try #require(try encoder.states(images).last)
        let whole = try encoder.states(ModalityImages(batch, network, .cpu), visible: images.places).last
        #expect(try mismatch(own, #require(whole)) == nil)
    }

    @Test("A learner of maps is asked for the window's alone") func maps() throws {
        let segmenter = try SemanticSegmenter(
            ParameterBuilder(seed: 1), network(), classNames: (0..<7).map { "\($0)" })
        let estimator = try DepthEstimator(ParameterBuilder(seed: 1), network())
        #expect(segmenter.elementCount == 16 && estimator.elementCount == 16)
        let windows = try segmenter.reduced(batch(), to: 4)
        #expect(windows.size.width == 8)
        #expect(try segmenter.logits(windows, false).shape == [3, 7, 8, 8])
        #expect(try estimator.logDepth(windows, false).shape == [3, 1, 8, 8])
        for losses in [
            try segmenter.assess(windows, elements: nil, score: .residual, isTraining: true),
            try estimator.assess(windows, elements: nil, score: .residual, isTraining: true),
        ].map(\.losses) {
            #expect(try losses.floats.allSatisfy { $0.isFinite && $0 > 0 })
        }
    }

    @Test("Windows are reconstructed as the same patches of whole images are, and judged by their own masked patches")
    func reconstruction() throws {
        var network = network()
        (network.modalities, network.visibleTokenCount, network.semanticEmbeddingSize) = (Modality.allCases, 12, 4)
        // Where patches that are asked for do not see each other, the window's do not miss those outside it.
        network.decoderLayerCount = 0
        let (model, _) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try MultiMAE(path, network)
        }
        let batch = try batch()
        let windows = batch.windows(ofSide: 8, at: [(8, 0), (4, 4), (0, 8)].map { .init(row: $0.0, column: $0.1) })
        let images = try ModalityImages(windows, network, .cpu)
        let places = try #require(images.places).indices.values(as: Int64.self)
        let visible: [Int64] = [0, 3, 6, 1, 8, 9, 2, 4, 5]  // of 3 × 4 patches
        let whole = visible.enumerated().map { row, patch in patch / 4 * 16 + places[row / 3 * 4 + Int(patch % 4)] }
        let own = ElementSubset(indices: try Tensor(visible, shape: [3, 3]))
        let found = try model.reconstructions(images, visible: own)
        let wholeImages = try ModalityImages(batch, network, .cpu)
        let expected = try model.reconstructions(
            wholeImages, visible: ElementSubset(indices: Tensor(whole, shape: [3, 3])))
        let asked = try #require(images.places)
        for modality in Modality.allCases {
            let (mine, all) = (try #require(found[modality]), try #require(expected[modality]))
            #expect(try mismatch(mine, asked.of(all)) == nil)
        }
        try expectOwnLosses(model, found, images, own)
    }

    /// Of depth, whose loss is the mean magnitude over the patches that were not visible.
    private func expectOwnLosses(
        _ model: MultiMAE, _ found: [Modality: Tensor], _ images: ModalityImages, _ visible: ElementSubset
    ) throws {
        let losses = try #require(try model.losses(of: found, on: images, visible: visible)[.depth]).floats
        let (made, target) = (try #require(found[.depth]), try #require(images.depth).patches(ofSide: 4))
        let errors = try (made - target).abs().mean(-1).floats  // [3, 4]
        let shown = try visible.indices.values(as: Int64.self)
        for row in 0..<3 {
            let masked = (0..<4).filter { patch in !shown[row * 3..<row * 3 + 3].contains(Int64(4 + patch)) }
            let mean = masked.reduce(0) { $0 + errors[row * 4 + $1] } / Float(masked.count)
            #expect(abs(losses[row] - mean) < 1e-5)
        }
    }

    @Test("A masked autoencoder's windows leave something to reconstruct") func autoencoder() throws {
        var network = network()
        (network.modalities, network.visibleTokenCount) = ([.rgb], 4)
        let learner = try MaskedAutoencoder(ParameterBuilder(seed: 1), network)
        #expect(learner.preferredElementForm == .reduced && learner.elementForms == [.subset, .reduced])
        for count in 1...4 {
            let windows = try learner.reduced(batch(), to: count)
            #expect(windows.size.width == [8, 12, 12, 16][count - 1])
            let assessment = try learner.assess(windows, elements: nil, score: .residual, isTraining: true)
            #expect(try assessment.losses.floats.allSatisfy { $0.isFinite && $0 > 0 })
        }
    }

    @Test(
        "Runs grow their windows to whole images, also where the policy asks for subsets",
        arguments: [MultiMAESettings.Task.segmentation, .depth, .reconstruction], ["attent-plus", "random-elements"])
    func runs(task: MultiMAESettings.Task, policy: String) throws {
        let recorder = Recorder()
        let recipe = try Recipe(
            named: "scenes",
            overrides: [
                "data.count=16", "data.test_count=4", "teacher=\(policy)", "training.batch_size=4",
                "training.epochs=4",
                "model.task=\(task.rawValue)", "model.modalities=[rgb]", "model.hidden_size=16",
                "model.num_hidden_layers=1", "evaluation.count=1",
            ])
        let summary = try recipe.experiment().train(in: nil, from: nil, until: StopSignal(), emit: recorder.observe)
        let shares = recorder.steps.map(\.elementShare)
        #expect((shares.first ?? 1) < 0.3 && shares.last == 1)
        #expect(summary.metrics.values.allSatisfy { $0.isFinite })
    }
}
