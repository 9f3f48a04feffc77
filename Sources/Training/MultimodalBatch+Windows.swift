import Datasets
import Models
import Teaching
import Torch

extension MultimodalBatch {
    /// A square window of each image, whole patches of about a share of its area, anywhere in it: where is a function of the
    /// example and the visit, as masks are.
    func windows(of configuration: MultiMAE.Configuration, share: Double) -> MultimodalBatch {
        let (whole, patch) = (configuration.patchesPerSide, configuration.patchSize)
        let side = max(1, Int((Double(whole) * share.squareRoot()).rounded()))
        guard side < whole else { return self }
        let corners = maskSeeds.map { seed in
            let random = CounterRandom(seed: seed, stream: 0x7769_6e64)
            let places = [0, 1].map { Int(random.uniform(at: $0) * Double(whole - side + 1)) }
            return ImageCorner(row: places[0] * patch, column: places[1] * patch)
        }
        return windows(ofSide: side * patch, at: corners)
    }

    /// The patches of whole images that these are windows of; nil for whole images.
    func places(in configuration: MultiMAE.Configuration, _ device: Device) throws(TorchError) -> ElementSubset? {
        guard let corners else { return nil }
        let (patch, whole) = (configuration.patchSize, configuration.patchesPerSide)
        let (rows, columns) = (size.height / patch, size.width / patch)
        let indices = corners.flatMap { corner in
            (0..<rows * columns).map { place -> Int64 in
                Int64((corner.row / patch + place / columns) * whole + corner.column / patch + place % columns)
            }
        }
        return ElementSubset(indices: try Tensor(indices, shape: [count, rows * columns], device: device))
    }
}
