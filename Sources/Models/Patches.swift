import Foundation
import Torch

extension Tensor {
    /// [B, C, H, W] → [B, N, C·P·P]: square patches of side P in row-major order, channels first within each.
    public func patches(ofSide side: Int) throws(TorchError) -> Tensor {
        let (batch, channels, rows, columns) = (size(0), size(1), size(2) / side, size(3) / side)
        return try reshaped(batch, channels, rows, side, columns, side).permuted(0, 2, 4, 1, 3, 5)
            .reshaped(batch, rows * columns, channels * side * side)
    }

    /// [B, N, C·P·P] → [B, C, H, W]: what ``patches(ofSide:)`` undoes, for square images.
    func image(ofPatches side: Int, channels: Int) throws(TorchError) -> Tensor {
        let batch = size(0)
        let perSide = Int(Double(size(1)).squareRoot().rounded())
        return try reshaped(batch, perSide, perSide, channels, side, side).permuted(0, 3, 1, 4, 2, 5)
            .reshaped(batch, channels, perSide * side, perSide * side)
    }
}

enum SineCosinePositions {
    /// Fixed sine-cosine positions of a square grid in row-major order, [perSide², features]: a quarter of the features
    /// each for the column's sines, its cosines, the row's sines and its cosines, at wavelengths that rise
    /// geometrically from 2π to 10,000 · 2π (Vaswani et al., arXiv 1706.03762, in two dimensions as in MAE, arXiv
    /// 2111.06377).
    ///
    /// - Precondition: `features` is a multiple of 4.
    static func tensor(perSide: Int, features: Int, device: Device) throws(TorchError) -> Tensor {
        precondition(features.isMultiple(of: 4), "positions want a multiple of 4 features")
        let rates = (0..<features / 4).map { pow(10_000, -Double($0) / Double(features / 4)) }
        var values: [Float] = []
        values.reserveCapacity(perSide * perSide * features)
        for row in 0..<perSide {
            for column in 0..<perSide {
                for place in [Double(column), Double(row)] {
                    values += rates.map { Float(sin(place * $0)) }
                    values += rates.map { Float(cos(place * $0)) }
                }
            }
        }
        return try Tensor(values, shape: [perSide * perSide, features], device: device)
    }
}
