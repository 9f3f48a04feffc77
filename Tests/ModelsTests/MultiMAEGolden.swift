import Checkpoints
import Foundation
import Models
import NN
import TestSupport
import Testing
import Torch

/// What a reference written from the paper's equations computed; `tools/multimae_goldens.py` made it.
struct MultiMAEGolden {
    private struct Description: Decodable { let configuration: MultiMAE.Configuration }

    let configuration: MultiMAE.Configuration
    let images: ModalityImages
    let visible: ElementSubset
    private let file: SafetensorsFile

    /// - Parameter name: `multimae`, with all modalities, or `mae`, with colour alone.
    init(_ name: String) throws {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Goldens/MultiMAE"))
        let file = try SafetensorsFile(url.path)
        let json = Data(try #require(file.metadata["golden"]).utf8)
        configuration = try JSONDecoder().decode(Description.self, from: json).configuration
        func image(_ modality: Modality) throws -> Tensor? {
            let name = "image:\(modality.rawValue)"
            return file.shape(of: name) == nil ? nil : try file.tensor(named: name)
        }
        images = ModalityImages(rgb: try image(.rgb), depth: try image(.depth), semantics: try image(.semseg))
        visible = ElementSubset(indices: try file.tensor(named: "visible"))
        self.file = file
    }

    func tensor(_ name: String) throws -> Tensor { try file.tensor(named: name) }

    /// The learner with the golden's weights; a name or shape that differs throws.
    func learner() throws -> (model: MultiMAE, parameters: Parameters) {
        let builder = ParameterBuilder(loading: PrefixedSource(file, prefix: "weight:"))
        return try ParameterBuilder.build(builder) { path throws(TorchError) in try MultiMAE(path, configuration) }
    }
}
