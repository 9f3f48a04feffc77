extension Raster where Sample == UInt8 {
    /// The image at another size, by bilinear interpolation with antialiasing: when shrinking, the triangle filter widens
    /// with the scale, so that every source pixel counts (as in Pillow's `BILINEAR` and torchvision's `antialias`).
    /// - Precondition: the size is positive.
    func resized(to newSize: ImageSize) -> Raster {
        guard newSize != size else { return self }
        let channels = color.channels
        let columns = Self.filters(from: size.width, to: newSize.width)
        let rows = Self.filters(from: size.height, to: newSize.height)
        var narrowed = [Float](repeating: 0, count: size.height * newSize.width * channels)
        for row in 0..<size.height {
            for (column, filter) in columns.enumerated() {
                for channel in 0..<channels {
                    var sum: Float = 0
                    for (offset, weight) in filter.weights.enumerated() {
                        sum += weight * Float(samples[(row * size.width + filter.start + offset) * channels + channel])
                    }
                    narrowed[(row * newSize.width + column) * channels + channel] = sum
                }
            }
        }
        let rowLength = newSize.width * channels
        var output = [UInt8](repeating: 0, count: newSize.height * rowLength)
        for (row, filter) in rows.enumerated() {
            for position in 0..<rowLength {
                var sum: Float = 0
                for (offset, weight) in filter.weights.enumerated() {
                    sum += weight * narrowed[(filter.start + offset) * rowLength + position]
                }
                output[row * rowLength + position] = UInt8(min(max(sum.rounded(), 0), 255))
            }
        }
        return Raster(size: newSize, color: color, samples: output)
    }

    /// Copies [H, W, C] to [C, H, W].
    func copyPlanes(to target: UnsafeMutablePointer<UInt8>) {
        let (area, channels) = (size.height * size.width, color.channels)
        samples.withUnsafeBufferPointer { samples in
            for channel in 0..<channels {
                for position in 0..<area { target[channel * area + position] = samples[position * channels + channel] }
            }
        }
    }

    /// For each output position, the source positions that it averages.
    private static func filters(from sourceLength: Int, to length: Int) -> [(start: Int, weights: [Float])] {
        let scale = Double(sourceLength) / Double(length)
        let support = max(scale, 1)
        return (0..<length).map { position in
            let center = (Double(position) + 0.5) * scale
            let start = max(0, Int((center - support + 0.5).rounded(.down)))
            let end = min(sourceLength, Int((center + support + 0.5).rounded(.down)))
            let weights = (start..<end).map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
            let total = weights.reduce(0, +)
            return (start, weights.map { Float($0 / total) })
        }
    }
}
