/// Brings a window of an image to a size, by bilinear interpolation with antialiasing: when shrinking, the triangle
/// filter widens with the scale, so that every source pixel counts (as in torchvision's `antialias` and Pillow's
/// `BILINEAR`).
struct Resampling {
    /// Where samples lie in memory: [H, W, C] or [C, H, W].
    struct Layout {
        let row, column, channel: Int

        static func interleaved(_ size: ImageSize, channels: Int) -> Layout {
            Layout(row: size.width * channels, column: channels, channel: 1)
        }
        static func planar(_ size: ImageSize) -> Layout {
            Layout(row: size.width, column: 1, channel: size.height * size.width)
        }
    }

    let window: CropWindow
    let size: ImageSize
    private let rows, columns: Filter

    /// - Precondition: window and size are not empty.
    init(_ window: CropWindow, to size: ImageSize) {
        (self.window, self.size) = (window, size)
        rows = Filter(window.rows, to: size.height)
        columns = Filter(window.columns, to: size.width)
    }

    func apply(
        _ source: UnsafePointer<UInt8>, _ layout: Layout, channels: Int, to target: UnsafeMutablePointer<UInt8>,
        _ targetLayout: Layout
    ) {
        var narrowed = [Float](repeating: 0, count: window.rows.count * size.width)
        var sums = [Float](repeating: 0, count: size.width)
        for channel in 0..<channels {
            narrow(source + channel * layout.channel, layout, to: &narrowed)
            for row in 0..<size.height {
                let output = target + channel * targetLayout.channel + row * targetLayout.row
                sum(row, of: narrowed, to: &sums)
                for column in 0..<size.width {
                    output[column * targetLayout.column] = UInt8(min(max(sums[column].rounded(), 0), 255))
                }
            }
        }
    }

    /// The window's rows, each at its new width.
    private func narrow(_ source: UnsafePointer<UInt8>, _ layout: Layout, to target: inout [Float]) {
        for (place, row) in window.rows.enumerated() {
            let line = source + row * layout.row
            for column in 0..<size.width {
                let taps = columns.taps[column]
                var sum: Float = 0
                for (offset, weight) in taps.weights.enumerated() {
                    sum += weight * Float(line[(taps.start + offset) * layout.column])
                }
                target[place * size.width + column] = sum
            }
        }
    }

    private func sum(_ row: Int, of narrowed: [Float], to sums: inout [Float]) {
        let taps = rows.taps[row]
        for column in sums.indices { sums[column] = 0 }
        for (offset, weight) in taps.weights.enumerated() {
            let start = (taps.start - window.rows.lowerBound + offset) * size.width
            for column in sums.indices { sums[column] += weight * narrowed[start + column] }
        }
    }

    /// For each output position, the source positions that it averages.
    private struct Filter {
        let taps: [(start: Int, weights: [Float])]

        init(_ source: Range<Int>, to length: Int) {
            let scale = Double(source.count) / Double(length)
            let support = max(scale, 1)
            taps = (0..<length).map { position in
                let center = (Double(position) + 0.5) * scale
                let start = max(0, Int((center - support + 0.5).rounded(.down)))
                let end = min(source.count, Int((center + support + 0.5).rounded(.down)))
                let weights = (start..<end).map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
                let total = weights.reduce(0, +)
                return (source.lowerBound + start, weights.map { Float($0 / total) })
            }
        }
    }
}

extension CropWindow {
    /// The samples of a grey image [H, W] in this window at another size, each that of the nearest pixel: depth and
    /// classes are not averaged, since between two surfaces there is no third.
    func nearest<Sample>(_ samples: [Sample], width: Int, to size: ImageSize) -> [Sample] {
        let sources = (0..<size.width).map { columns.lowerBound + (2 * $0 + 1) * columns.count / (2 * size.width) }
        return (0..<size.height).flatMap { row in
            let start = (rows.lowerBound + (2 * row + 1) * rows.count / (2 * size.height)) * width
            return sources.map { samples[start + $0] }
        }
    }
}
