/// Per-channel statistics, in units of full intensity: a raw value v becomes (v / full − mean) / standardDeviation.
public struct Normalization: Sendable, Hashable {
    /// [C].
    public var mean: [Float]
    /// [C], all positive.
    public var standardDeviation: [Float]

    public init(mean: [Float], standardDeviation: [Float]) {
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// Maps 0...1 to -1...1, as Hugging Face's ViT image processor does.
    public static func symmetric(channels: Int) -> Normalization {
        let half = [Float](repeating: 0.5, count: channels)
        return Normalization(mean: half, standardDeviation: half)
    }

    /// ImageNet's RGB statistics, which most published vision weights expect.
    public static let imageNet = Normalization(
        mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

    func validate(channels: Int) throws(DatasetError) {
        guard mean.count == channels, mean.allSatisfy(\.isFinite) else {
            throw .invalidSetting(name: "normalization mean", found: "\(mean)", expected: "\(channels) finite numbers")
        }
        guard standardDeviation.count == channels, standardDeviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw .invalidSetting(
                name: "normalization standard deviation", found: "\(standardDeviation)",
                expected: "\(channels) finite numbers above 0")
        }
    }
}

extension ImageDataset {
    /// The mean and standard deviation of each channel over all images, exact up to the final rounding.
    /// A constant channel gets a deviation of 1. Measure the training part and apply it to both parts.
    public func measuredNormalization() -> Normalization {
        let full = Double(fullIntensity)
        let statistics = valueCounts().map { counts in
            let total = counts.reduce(0.0) { $0 + Double($1) }
            let mean = counts.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) } / total
            let variance =
                counts.enumerated().reduce(0.0) {
                    $0 + (Double($1.offset) - mean) * (Double($1.offset) - mean) * Double($1.element)
                } / total
            return (mean: Float(mean / full), deviation: variance > 0 ? Float(variance.squareRoot() / full) : 1)
        }
        return Normalization(mean: statistics.map(\.mean), standardDeviation: statistics.map(\.deviation))
    }

    /// How often each raw value occurs in each channel, [C][256].
    private func valueCounts() -> [[Int]] {
        let area = size.height * size.width
        return pixels.withUnsafeBufferPointer { pixels in
            (0..<channels).map { channel in
                var counts = [Int](repeating: 0, count: 256)
                for example in labels.indices {
                    let start = (example * channels + channel) * area
                    for offset in start..<start + area { counts[Int(pixels[offset])] += 1 }
                }
                return counts
            }
        }
    }
}
