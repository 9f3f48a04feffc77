/// Brings a window of an image to a size, by bilinear interpolation with antialiasing: when shrinking, the triangle
/// filter widens with the scale, so that every source pixel counts (as in torchvision's `antialias` and Pillow's
/// `BILINEAR`).
struct Resampling {
    /// How the samples of both images lie in memory.
    enum Layout {
        /// [H, W, C]
        case interleaved
        /// [C, H, W]
        case planar
    }

    let window: CropWindow
    let size: ImageSize
    private let rows, columns: Filter

    /// - Precondition: window and size are not empty.
    init(_ window: CropWindow, to size: ImageSize) {
        (self.window, self.size) = (window, size)
        rows = Filter(from: window.rows.count, to: size.height)
        columns = Filter(from: window.columns.count, to: size.width)
    }

    /// - Parameters:
    ///   - source: an image of `sourceSize`, of which the window is a part.
    ///   - target: room for an image of ``size``, laid out alike.
    func apply(
        _ source: UnsafePointer<UInt8>, _ sourceSize: ImageSize, channels: Int, _ layout: Layout,
        to target: UnsafeMutablePointer<UInt8>
    ) {
        // Rows of neighbouring samples, one of each channel that lies beside the others.
        let lanes = layout == .interleaved ? channels : 1
        let rowLength = sourceSize.width * lanes
        withUnsafeTemporaryAllocation(of: Float.self, capacity: window.columns.count * lanes) { line in
            for plane in 0..<channels / lanes {
                let corner =
                    source + (plane * sourceSize.height + window.rows.lowerBound) * rowLength
                    + window.columns.lowerBound * lanes
                for row in 0..<size.height {
                    average(rows[row], of: corner, rowLength, to: line)
                    narrow(line, lanes, to: target + (plane * size.height + row) * size.width * lanes)
                }
            }
        }
    }

    /// One row at its old width.
    private func average(
        _ taps: Filter.Taps, of corner: UnsafePointer<UInt8>, _ rowLength: Int,
        to line: UnsafeMutableBufferPointer<Float>
    ) {
        line.update(repeating: 0)
        for offset in 0..<taps.count {
            let (source, weight) = (corner + (taps.start + offset) * rowLength, taps.weights[offset])
            for place in 0..<line.count { line[place] += weight * Float(source[place]) }
        }
    }

    /// The same row at its new width.
    private func narrow(
        _ line: UnsafeMutableBufferPointer<Float>, _ lanes: Int, to target: UnsafeMutablePointer<UInt8>
    ) {
        for column in 0..<size.width {
            let taps = columns[column]
            for lane in 0..<lanes {
                var sum: Float = 0
                for offset in 0..<taps.count {
                    sum += taps.weights[offset] * line[(taps.start + offset) * lanes + lane]
                }
                target[column * lanes + lane] = UInt8(min(max(sum.rounded(), 0), 255))
            }
        }
    }

    /// For each output position, the source positions that it averages.
    private final class Filter {
        struct Taps {
            let start, count: Int
            let weights: UnsafePointer<Float>
        }

        private let ranges: [Range<Int>]
        /// The weights of each output position, `width` apart.
        private let weights: UnsafeMutablePointer<Float>
        private let width: Int

        init(from sourceLength: Int, to length: Int) {
            let scale = Double(sourceLength) / Double(length)
            let support = max(scale, 1)
            ranges = (0..<length).map { position in
                let center = (Double(position) + 0.5) * scale
                let start = max(0, Int((center - support + 0.5).rounded(.down)))
                return start..<min(sourceLength, Int((center + support + 0.5).rounded(.down)))
            }
            width = ranges.map(\.count).max() ?? 0
            weights = .allocate(capacity: length * width)
            weights.initialize(repeating: 0, count: length * width)
            for (position, range) in ranges.enumerated() {
                let center = (Double(position) + 0.5) * scale
                let triangle = range.map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
                let total = triangle.reduce(0, +)
                for (offset, value) in triangle.enumerated() {
                    weights[position * width + offset] = Float(value / total)
                }
            }
        }

        deinit { weights.deallocate() }

        subscript(position: Int) -> Taps {
            let range = ranges[position]
            return Taps(start: range.lowerBound, count: range.count, weights: weights + position * width)
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
