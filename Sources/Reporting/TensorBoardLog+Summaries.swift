import Foundation
import Training

extension TensorBoardLog {
    public func write(_ histogram: Histogram, tag: String, step: Int) throws(ReportingError) {
        var message = ProtobufMessage()
        message.append(histogram.minimum, field: HistogramField.minimum)
        message.append(histogram.maximum, field: HistogramField.maximum)
        message.append(histogram.count, field: HistogramField.count)
        message.append(histogram.sum, field: HistogramField.sum)
        message.append(histogram.sumOfSquares, field: HistogramField.sumOfSquares)
        message.append(histogram.limits, field: HistogramField.limits)
        message.append(histogram.counts, field: HistogramField.counts)
        var entry = ProtobufMessage()
        entry.append(tag, field: ValueField.tag)
        entry.append(message, field: ValueField.histogram)
        var summary = ProtobufMessage()
        summary.append(entry, field: SummaryField.value)
        try write(summary, step: step)
    }

    /// Pictures for TensorBoard's images tab, one after the other.
    ///
    /// - Parameter images: PNG files.
    public func write(images: [Data], tag: String, step: Int) throws(ReportingError) {
        var summary = ProtobufMessage()
        for (index, png) in images.enumerated() {
            guard let size = PNGHeader(png) else { continue }
            var image = ProtobufMessage()
            image.append(Int64(size.height), field: ImageField.height)
            image.append(Int64(size.width), field: ImageField.width)
            image.append(Int64(size.channels), field: ImageField.colorspace)
            image.append(Array(png), field: ImageField.encodedImage)
            var entry = ProtobufMessage()
            entry.append("\(tag)/image/\(index)", field: ValueField.tag)
            entry.append(image, field: ValueField.image)
            summary.append(entry, field: SummaryField.value)
        }
        try write(summary, step: step)
    }

    /// Texts for TensorBoard's text tab, which reads them as Markdown.
    public func write(texts: [String], tag: String, step: Int) throws(ReportingError) {
        var size = ProtobufMessage()
        size.append(Int64(texts.count), field: DimensionField.size)
        var shape = ProtobufMessage()
        shape.append(size, field: ShapeField.dimension)
        var tensor = ProtobufMessage()
        tensor.append(TensorField.stringType, field: TensorField.type)
        tensor.append(shape, field: TensorField.shape)
        for text in texts { tensor.append(text, field: TensorField.strings) }
        var plugin = ProtobufMessage()
        plugin.append("text", field: PluginField.name)
        var metadata = ProtobufMessage()
        metadata.append(plugin, field: MetadataField.plugin)
        var entry = ProtobufMessage()
        entry.append("\(tag)/text_summary", field: ValueField.tag)
        entry.append(metadata, field: ValueField.metadata)
        entry.append(tensor, field: ValueField.tensor)
        var summary = ProtobufMessage()
        summary.append(entry, field: SummaryField.value)
        try write(summary, step: step)
    }

    /// The examples taught most and least: pictures where there are any, else texts.
    func write(_ exhibition: Exhibition) throws(ReportingError) {
        for (name, examples) in [("most_taught", exhibition.most), ("least_taught", exhibition.least)] {
            let pictures = examples.compactMap(\.picture)
            if !pictures.isEmpty {
                try write(images: pictures, tag: "examples/\(name)", step: exhibition.step)
            } else if !examples.isEmpty {
                let texts = examples.map { "taught \($0.timesTaught) times:\n\n\(indented($0.caption))" }
                try write(texts: texts, tag: "examples/\(name)", step: exhibition.step)
            }
        }
    }

    /// Text that Markdown shows as it is.
    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
    }
}

/// Size and channels out of a PNG file's first chunk (PNG specification, 11.2.2).
private struct PNGHeader {
    let width: Int
    let height: Int
    let channels: Int

    init?(_ png: Data) {
        let bytes = [UInt8](png.prefix(26))
        guard bytes.count == 26, bytes[12..<16].elementsEqual("IHDR".utf8) else { return nil }
        func number(at start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        (width, height) = (number(at: 16), number(at: 20))
        channels = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][bytes[25]] ?? 3
    }
}

// Field numbers of tensorflow/core/framework/summary.proto, histogram.proto, tensor.proto and tensor_shape.proto.

private enum HistogramField {
    static let minimum: UInt64 = 1
    static let maximum: UInt64 = 2
    static let count: UInt64 = 3
    static let sum: UInt64 = 4
    static let sumOfSquares: UInt64 = 5
    static let limits: UInt64 = 6
    static let counts: UInt64 = 7
}

private enum ImageField {
    static let height: UInt64 = 1
    static let width: UInt64 = 2
    static let colorspace: UInt64 = 3
    static let encodedImage: UInt64 = 4
}

private enum TensorField {
    static let type: UInt64 = 1
    static let shape: UInt64 = 2
    static let strings: UInt64 = 8
    /// DT_STRING of types.proto.
    static let stringType: Int64 = 7
}

private enum ShapeField {
    static let dimension: UInt64 = 2
}

private enum DimensionField {
    static let size: UInt64 = 1
}

private enum MetadataField {
    static let plugin: UInt64 = 1
}

private enum PluginField {
    static let name: UInt64 = 1
}
