extension ImageDataset: Dataset {
    public var count: Int { labels.count }

    /// Depends on the shape, the labels and the pixels; not on normalisation, augmentation or names.
    public var fingerprint: UInt64 {
        var hash = Fingerprint()
        for dimension in [count, channels, size.height, size.width, Int(fullIntensity)] { hash.combine(dimension) }
        for label in labels { hash.combine(Int(label)) }
        pixels.withUnsafeBytes { hash.combine($0) }
        return hash.value
    }

    /// Normalises the images and, in an augmented view, crops, mirrors and mixes them.
    /// - Throws: `exampleOutOfRange`.
    public func collate(_ examples: [Int32], view: View) throws(DatasetError) -> ImageBatch {
        try validate(examples)
        let values = valuesPerImage
        let tables = intensityTables()
        let batch = [Float](unsafeUninitializedCapacity: examples.count * values) { target, initializedCount in
            pixels.withUnsafeBufferPointer { pixels in
                tables.withUnsafeBufferPointer { tables in
                    guard let pixels = pixels.baseAddress, let tables = tables.baseAddress else { return }
                    let writer = ImageWriter(channels: channels, size: size, tables: tables)
                    for (position, example) in examples.enumerated() {
                        let image = pixels + Int(example) * values
                        let window = augmentation.window(of: example, in: view, size)
                        (window?.filling(image, channels: channels, size)).withPointer(else: image) {
                            writer.write(
                                $0, to: target.baseAddress! + position * values,
                                placement: augmentation.placement(of: example, in: view))
                        }
                    }
                }
            }
            initializedCount = examples.count * values
        }
        let mixing = augmentation.mixing(of: examples, in: view)
        return ImageBatch(
            pixels: mixing?.mixed(batch, perImage: values) ?? batch, labels: examples.map { labels[Int($0)] },
            channels: channels, size: size, mixing: mixing)
    }

    func validate(_ examples: [Int32]) throws(DatasetError) {
        for example in examples where example < 0 || example >= count {
            throw .exampleOutOfRange(source: source, example: Int(example), count: count)
        }
    }

    /// The normalised value of every raw value, [C, 256]: a look-up costs less than the arithmetic.
    private func intensityTables() -> [Float] {
        zip(normalization.mean, normalization.standardDeviation).flatMap { mean, deviation in
            (0..<256).map { (Float($0) / Float(fullIntensity) - mean) / deviation }
        }
    }
}

extension Optional<[UInt8]> {
    /// Runs `body` on these values, or on others where there are none.
    fileprivate func withPointer(else other: UnsafePointer<UInt8>, _ body: (UnsafePointer<UInt8>) -> Void) {
        guard let self else { return body(other) }
        self.withUnsafeBufferPointer { if let base = $0.baseAddress { body(base) } }
    }
}

/// Writes normalised windows of raw images, [C, H, W] to [C, H, W].
private struct ImageWriter {
    let channels: Int
    let size: ImageSize
    /// [C, 256]; entry 0 of a channel is black, which is also what lies outside an image.
    let tables: UnsafePointer<Float>

    func write(
        _ image: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<Float>, placement: Augmentation.Placement
    ) {
        for channel in 0..<channels {
            let table = tables + channel * 256
            for row in 0..<size.height {
                let output = target + (channel * size.height + row) * size.width
                let sourceRow = row + placement.down
                if sourceRow >= 0, sourceRow < size.height {
                    writeRow(
                        image + (channel * size.height + sourceRow) * size.width, to: output, placement: placement,
                        table: table)
                } else {
                    output.initialize(repeating: table[0], count: size.width)
                }
            }
        }
    }

    private func writeRow(
        _ row: UnsafePointer<UInt8>, to output: UnsafeMutablePointer<Float>, placement: Augmentation.Placement,
        table: UnsafePointer<Float>
    ) {
        let width = size.width
        let first = min(max(0, -placement.right), width)
        let end = max(first, min(width, width - placement.right))
        let (start, step) = placement.isMirrored ? (width - 1, -1) : (0, 1)
        for column in 0..<first { output[start + step * column] = table[0] }
        for column in first..<end { output[start + step * column] = table[Int(row[column + placement.right])] }
        for column in end..<width { output[start + step * column] = table[0] }
    }
}
