/// One image in all its modalities, as it is kept in memory.
public struct MultimodalImage: Sendable, Equatable {
    /// [3, H, W]
    public let rgb: [UInt8]
    /// [H, W], in units of length along the line of sight; nil where it was not measured.
    public let depth: [Float]?
    /// The class of every pixel, [H, W]; nil where nobody has labelled them.
    public let semantics: [UInt8]?
    /// The class of the image, 0 where there are none.
    public let label: Int

    public init(rgb: [UInt8], depth: [Float]? = nil, semantics: [UInt8]? = nil, label: Int = 0) {
        (self.rgb, self.depth, self.semantics, self.label) = (rgb, depth, semantics, label)
    }
}

/// Images of one size, all in the same modalities.
public struct MultimodalDataset: Sendable {
    /// Where the images came from, named in errors.
    public let source: String
    public let size: ImageSize
    /// What a pixel may show; empty where pixels have no classes.
    public let semanticNames: [String]
    /// What an image may show; empty where images have no classes.
    public let classNames: [String]
    public let hasDepth: Bool
    /// What an augmented view changes, in all modalities alike.
    public private(set) var augmentation = Augmentation.none
    /// What is wrong with a file of each image that was left out before the others were numbered.
    public private(set) var skipped: [DatasetError] = []
    private let images: [MultimodalImage]
    private let depthScales: [DepthStandardization]

    /// - Throws: `empty`, `mismatchedStorage` or `labelOutOfRange`, the latter for the first image of which a modality
    ///   is missing, of another size, or out of range.
    public init(
        source: String, images: [MultimodalImage], size: ImageSize, semanticNames: [String] = [],
        classNames: [String] = []
    ) throws(DatasetError) {
        guard let first = images.first else { throw .empty(source: source) }
        (self.source, self.images, self.size) = (source, images, size)
        (self.semanticNames, self.classNames, hasDepth) = (semanticNames, classNames, first.depth != nil)
        let area = size.height * size.width
        let counts = [3 * area, hasDepth ? area : 0, semanticNames.isEmpty ? 0 : area]
        for (index, image) in images.enumerated() {
            for (found, expected) in zip(
                [image.rgb.count, image.depth?.count ?? 0, image.semantics?.count ?? 0], counts)
            where found != expected {
                throw .mismatchedStorage(
                    source: "\(source), image \(index)", foundValues: found, expectedValues: expected)
            }
            if let highest = image.semantics?.max(), Int(highest) >= semanticNames.count {
                throw .labelOutOfRange(
                    source: source, record: index, found: Int(highest), classes: semanticNames.count)
            }
            guard image.label >= 0, image.label < max(1, classNames.count) else {
                throw .labelOutOfRange(source: source, record: index, found: image.label, classes: classNames.count)
            }
        }
        depthScales = images.compactMap(\.depth).map(DepthStandardization.init)
    }

    /// An image by its number.
    public subscript(example: Int) -> MultimodalImage { images[example] }

    /// The same images, beside which others were left out.
    func leavingOut(_ skipped: [DatasetError]) -> MultimodalDataset {
        var copy = self
        copy.skipped = skipped
        return copy
    }

    /// The same images, augmented so in `View.augmented`.
    /// - Throws: `invalidSetting`, also for padding.
    public func augmented(by augmentation: Augmentation) throws(DatasetError) -> MultimodalDataset {
        try augmentation.validate()
        guard augmentation.cropPadding == 0 else {
            throw .invalidSetting(
                name: "\(source): crop padding", found: "\(augmentation.cropPadding)",
                expected: "0 for images in several modalities")
        }
        var copy = self
        copy.augmentation = augmentation
        return copy
    }
}

extension MultimodalDataset {
    /// What each class of pixels weighs if it is to count as much as any other, 1 on average over the pixels: of C
    /// classes that occur, 1 ∕ (C · share) for a share of the pixels; 0 for one that nowhere occurs.
    public var classWeights: [Float] {
        var counts = [Int](repeating: 0, count: semanticNames.count)
        for image in images { for label in image.semantics ?? [] { counts[Int(label)] += 1 } }
        let occurring = counts.count { $0 > 0 }
        let total = counts.reduce(0, +)
        return counts.map { $0 > 0 ? Float(Double(total) / (Double(occurring) * Double($0))) : 0 }
    }
}

extension MultimodalDataset: Dataset {
    public var count: Int { images.count }

    /// Depends on size, labels and pixels of all modalities; not on augmentation or names.
    public var fingerprint: UInt64 {
        var hash = Fingerprint()
        for number in [count, size.height, size.width] { hash.combine(number) }
        for image in images {
            hash.combine(image.label)
            image.rgb.withUnsafeBytes { hash.combine($0) }
            image.depth?.withUnsafeBytes { hash.combine($0) }
            image.semantics?.withUnsafeBytes { hash.combine($0) }
        }
        return hash.value
    }

    public func collate(_ examples: [Int32], view: View) throws(DatasetError) -> MultimodalBatch {
        for example in examples where example < 0 || example >= count {
            throw .exampleOutOfRange(source: source, example: Int(example), count: count)
        }
        let values = examples.count * size.height * size.width
        var rgb = [Float](repeating: 0, count: 3 * values)
        var depth = [Float](repeating: 0, count: hasDepth ? values : 0)
        var semantics = [Int64](repeating: 0, count: semanticNames.isEmpty ? 0 : values)
        var scales: [DepthStandardization] = []
        for (position, example) in examples.enumerated() {
            let (image, scale) = seen(example, view)
            let order = columns(isMirrored: augmentation.placement(of: example, in: view).isMirrored)
            write(image.rgb, rows: 3 * size.height, order, to: &rgb, at: position) { Float($0) / 127.5 - 1 }
            if let raw = image.depth, let scale {
                scales.append(scale)
                write(raw, rows: size.height, order, to: &depth, at: position, scale.standardized)
            }
            if let raw = image.semantics {
                write(raw, rows: size.height, order, to: &semantics, at: position) { Int64($0) }
            }
        }
        let mixing = augmentation.mixing(of: examples, in: view)
        let area = size.height * size.width
        return MultimodalBatch(
            size: size, rgb: mixing?.mixed(rgb, perImage: 3 * area) ?? rgb,
            depth: hasDepth ? mixing?.mixed(depth, perImage: area) ?? depth : [], depthScales: scales,
            semantics: semantics, labels: examples.map { Int64(images[Int($0)].label) },
            maskSeeds: examples.map { maskSeed($0, view) }, mixing: mixing)
    }

    /// An image before mirroring. A window's depth is standardised by itself, as an image's is.
    private func seen(_ example: Int32, _ view: View) -> (MultimodalImage, DepthStandardization?) {
        let image = images[Int(example)]
        guard let window = augmentation.window(of: example, in: view, size) else {
            return (image, hasDepth ? depthScales[Int(example)] : nil)
        }
        let rgb = image.rgb.withUnsafeBufferPointer { planes in
            planes.baseAddress.map { window.filling($0, channels: 3, size) } ?? []
        }
        let depth = image.depth.map { window.nearest($0, width: size.width, to: size) }
        let cropped = MultimodalImage(
            rgb: rgb, depth: depth,
            semantics: image.semantics.map { window.nearest($0, width: size.width, to: size) }, label: image.label)
        return (cropped, depth.map(DepthStandardization.init))
    }

    /// What an example's masks are drawn from.
    private func maskSeed(_ example: Int32, _ view: View) -> UInt64 {
        let draws =
            switch view {
            case .plain: KeyedHash(seed: 0).keyed(by: Int(example))
            case .augmented(let seed, let visit): KeyedHash(seed: seed).keyed(by: visit).keyed(by: Int(example))
            }
        return draws.keyed(by: Self.maskKey).bits
    }

    private static let maskKey = 1

    private func columns(isMirrored: Bool) -> [Int] {
        isMirrored ? (0..<size.width).reversed() : Array(0..<size.width)
    }

    private func write<Raw, Value>(
        _ image: [Raw], rows: Int, _ order: [Int], to batch: inout [Value], at position: Int, _ value: (Raw) -> Value
    ) {
        let start = position * rows * size.width
        for row in 0..<rows {
            let first = row * size.width
            for column in 0..<size.width { batch[start + first + column] = value(image[first + order[column]]) }
        }
    }
}
