import Foundation

/// Images in several modalities: `rgb/STEM.jpg` or `.png`, and beside them, each optional, `depth/STEM.png` (16-bit
/// grey) and `semseg/STEM.png` (8-bit, each pixel's class number). Sub-folders of `rgb` are the images' classes, and
/// the others have them too.
public enum MultimodalFolder {
    /// How to read a folder.
    public struct Options: Sendable, Equatable {
        /// What all images are resized to: colours by antialiased interpolation, depth and classes by the nearest
        /// pixel.
        public var size: ImageSize
        /// What the numbers in `semseg` mean; the folder is not looked at where empty.
        public var semanticNames: [String] = []
        /// Units of length a step of `depth`.
        public var depthUnit: Float = 0.001
        /// The classes that must be there, such as those of the training part; any where nil.
        public var classNames: [String]?
        /// Whether an image of which a file is damaged is left out, in all modalities, and listed in the dataset's
        /// `skipped`. The others are numbered without it.
        public var skipsCorrupt = false

        public init(size: ImageSize) { self.size = size }
    }

    /// Decodes all images on all cores, in the order of classes and names.
    /// - Throws: the error of the first bad file in that order.
    public static func load(_ root: String, _ options: Options) throws(DatasetError) -> MultimodalDataset {
        guard options.size.height > 0, options.size.width > 0 else {
            throw .invalidSetting(name: "\(root): size", found: "\(options.size)", expected: "positive numbers")
        }
        _ = try ImageCodec.checkedSize(
            width: options.size.width, height: options.size.height, file: "\(root): size")
        let listing = try MultimodalListing(root, hasSemantics: !options.semanticNames.isEmpty)
        if let expected = options.classNames, expected != listing.classNames {
            throw .unexpectedClasses(path: root, found: listing.classNames, expected: expected)
        }
        let results = concurrentMap(0..<listing.files.count) { index in
            Result { () throws(DatasetError) in try read(listing.files[index], options) }
        }
        var images: [MultimodalImage] = []
        var skipped: [DatasetError] = []
        for result in results {
            do throws(DatasetError) {
                images.append(try result.get())
            } catch {
                guard options.skipsCorrupt, error.isCorruption else { throw error }
                skipped.append(error)
            }
        }
        return try MultimodalDataset(
            source: root, images: images, size: options.size, semanticNames: options.semanticNames,
            classNames: listing.classNames
        ).leavingOut(skipped)
    }

    private static func read(_ files: MultimodalListing.Files, _ options: Options) throws(DatasetError)
        -> MultimodalImage
    {
        let color = try ImageCodec.decode(readFile(files.rgb, expected: "an image"), as: .rgb, file: files.rgb)
        var (depth, semantics): ([Float]?, [UInt8]?) = (nil, nil)
        if let file = files.depth {
            let raw = try ImageCodec.decodeGray16(readFile(file, expected: "a depth map"), file: file)
            try check(raw.size, file, beside: color.size)
            depth = raw.nearest(options.size).map { Float($0) * options.depthUnit }
        }
        if let file = files.semantics {
            let raw = try ImageCodec.decodeClasses(readFile(file, expected: "a map of classes"), file: file)
            try check(raw.size, file, beside: color.size)
            if let highest = raw.samples.max(), Int(highest) >= options.semanticNames.count {
                throw .labelOutOfRange(
                    source: file, record: raw.samples.firstIndex(of: highest) ?? 0, found: Int(highest),
                    classes: options.semanticNames.count)
            }
            semantics = raw.nearest(options.size)
        }
        let resized = color.resized(to: options.size)
        let planes = [UInt8](unsafeUninitializedCapacity: resized.samples.count) { target, initializedCount in
            if let base = target.baseAddress { resized.copyPlanes(to: base) }
            initializedCount = resized.samples.count
        }
        return MultimodalImage(rgb: planes, depth: depth, semantics: semantics, label: files.label)
    }

    private static func check(_ found: ImageSize, _ file: String, beside expected: ImageSize) throws(DatasetError) {
        guard found == expected else { throw .wrongImageSize(file: file, found: found, expected: expected) }
    }
}

extension Raster {
    /// The samples of a grey image at another size, each that of the nearest pixel.
    fileprivate func nearest(_ newSize: ImageSize) -> [Sample] {
        CropWindow(size).nearest(samples, width: size.width, to: newSize)
    }
}

/// The files of a folder of images in several modalities.
private struct MultimodalListing {
    struct Files {
        let rgb: String
        let depth, semantics: String?
        let label: Int
    }

    /// Empty where `rgb` has no sub-folders.
    let classNames: [String]
    let files: [Files]

    init(_ root: String, hasSemantics: Bool) throws(DatasetError) {
        let colors = join(root, "rgb")
        classNames = try listFolder(colors, expected: "a folder of images").filter { isFolder(join(colors, $0)) }
        let hasDepth = isFolder(join(root, "depth"))
        var files: [Files] = []
        for (label, part) in (classNames.isEmpty ? [""] : classNames).enumerated() {
            func folder(_ modality: String) -> String {
                part.isEmpty ? join(root, modality) : join(join(root, modality), part)
            }
            let rgb = try Self.stems(folder("rgb"), [".jpg", ".jpeg", ".png"])
            let depth = hasDepth ? try Self.stems(folder("depth"), [".png"], like: rgb) : nil
            let semantics = hasSemantics ? try Self.stems(folder("semseg"), [".png"], like: rgb) : nil
            for (stem, file) in rgb.sorted(by: { $0.key < $1.key }) {
                files.append(Files(rgb: file, depth: depth?[stem], semantics: semantics?[stem], label: label))
            }
        }
        guard !files.isEmpty else { throw .empty(source: colors) }
        self.files = files
    }

    /// Files by name without ending, one each; those of another modality must be the same.
    private static func stems(
        _ folder: String, _ endings: [String], like others: [String: String]? = nil
    ) throws(DatasetError) -> [String: String] {
        var result: [String: String] = [:]
        for name in try listFolder(folder, expected: "a folder of images with the names of those in rgb") {
            guard let ending = endings.first(where: name.lowercased().hasSuffix) else {
                throw .unexpectedFile(path: join(folder, name))
            }
            let stem = String(name.dropLast(ending.count))
            if let others, others[stem] == nil {
                throw .missing(path: "the image in rgb beside \(join(folder, name))", expected: "one of the same name")
            }
            if let other = result.updateValue(join(folder, name), forKey: stem) {
                throw .invalidSetting(
                    name: join(folder, name), found: "\(other) beside it", expected: "one image of each name")
            }
        }
        if let missing = others?.keys.filter({ result[$0] == nil }).min() {
            throw .missing(path: join(folder, missing + endings[0]), expected: "the same names as in rgb")
        }
        return result
    }
}
