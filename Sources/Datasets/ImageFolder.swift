import Dispatch
import Foundation
import Synchronization

/// JPEG and PNG files in one folder a class: `root/class/image.jpg`.
public enum ImageFolder {
    /// Decodes all images, on all cores, as [N, C, H, W].
    ///
    /// Classes are numbered in the order of their folders' names, examples by class and then file name. Hidden entries
    /// and files beside the class folders are left alone; a file in a class folder that is not an image is an error.
    /// - Parameters:
    ///   - classNames: the classes that must be there, such as those of the training part; any unless given.
    ///   - size: the size that images are resized to, by antialiased bilinear interpolation without keeping the aspect
    ///     ratio (as Hugging Face's ViT image processor does); unless given all images must be of one size.
    ///   - skipsCorrupt: whether damaged files are left out and listed in the dataset's `skipped`. Examples are then
    ///     numbered over the intact files, so the numbers stay as long as the files do.
    /// - Throws: the error of the first bad file in the order above: `missing`, `unreadable`, `noClassFolders`,
    ///   `emptyClassFolder`, `unexpectedClasses`, `unexpectedFile`, `wrongMagicNumber`, `corrupt`, `tooLarge`,
    ///   `wrongImageSize` or `invalidSetting`.
    public static func load(
        _ root: String, classNames: [String]? = nil, color: ColorModel = .rgb, resizedTo size: ImageSize? = nil,
        skipsCorrupt: Bool = false
    ) throws(DatasetError) -> ImageDataset {
        if let size {
            guard size.height > 0, size.width > 0 else {
                throw .invalidSetting(name: "image size", found: "\(size)", expected: "at least 1×1")
            }
            _ = try ImageCodec.checkedSize(width: size.width, height: size.height, file: "image size")
        }
        let listing = try Listing(root: root)
        if let classNames, classNames != listing.classNames {
            throw .unexpectedClasses(path: root, found: listing.classNames, expected: classNames)
        }
        let firstImage = try firstImage(listing, as: color, resizedTo: size, skipsCorrupt: skipsCorrupt)
        try checkStorage(
            root, images: listing.files.count, valuesPerImage: firstImage.samples.count,
            memory: ProcessInfo.processInfo.physicalMemory)
        let failures = Failures(skipsCorrupt: skipsCorrupt)
        var pixels = try decodeAll(listing.files, as: color, size: firstImage.size, resize: size != nil, failures)
        let skipped = failures.skipped
        let kept = listing.files.indices.filter { skipped[$0] == nil }
        if kept.count < listing.files.count {
            let values = firstImage.samples.count
            pixels = kept.flatMap { pixels[$0 * values..<($0 + 1) * values] }
        }
        return try ImageDataset(
            source: root, pixels: pixels, labels: kept.map { listing.labels[$0] }, classNames: listing.classNames,
            channels: color.channels, size: firstImage.size
        ).leavingOut(skipped.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The image whose size all others must have.
    private static func firstImage(
        _ listing: Listing, as color: ColorModel, resizedTo size: ImageSize?, skipsCorrupt: Bool
    ) throws(DatasetError) -> Raster<UInt8> {
        for file in listing.files {
            do throws(DatasetError) {
                return try decode(file, as: color, resizedTo: size)
            } catch {
                guard skipsCorrupt, error.isCorruption else { throw error }
            }
        }
        throw .empty(source: listing.root)
    }

    /// The class folders of a root and the image files in them.
    private struct Listing {
        let root: String
        var classNames: [String]
        var files: [String] = []
        var labels: [Int64] = []

        init(root: String) throws(DatasetError) {
            self.root = root
            classNames = try listFolder(root, expected: "a folder with one sub-folder a class")
                .filter { isFolder(join(root, $0)) }
            guard !classNames.isEmpty else { throw .noClassFolders(path: root) }
            for (label, name) in classNames.enumerated() {
                let folder = join(root, name)
                let names = try listFolder(folder, expected: "a folder of images")
                guard !names.isEmpty else { throw .emptyClassFolder(path: folder) }
                for name in names {
                    guard name.lowercased().hasSuffix(oneOf: [".jpg", ".jpeg", ".png"]) else {
                        throw .unexpectedFile(path: join(folder, name))
                    }
                    files.append(join(folder, name))
                    labels.append(Int64(label))
                }
            }
        }
    }

    /// Refuses a folder that cannot be held in memory, rather than have the system end the process half-way.
    static func checkStorage(_ root: String, images: Int, valuesPerImage: Int, memory: UInt64) throws(DatasetError) {
        let bytes = UInt128(images) * UInt128(valuesPerImage)
        guard bytes <= memory else {
            throw .tooLarge(
                file: root, found: "\(images) images that take \(bytes) bytes",
                expected: "at most this machine's \(memory) bytes of memory")
        }
    }

    private static func decode(
        _ file: String, as color: ColorModel, resizedTo size: ImageSize?
    ) throws(DatasetError) -> Raster<UInt8> {
        let image = try ImageCodec.decode(readFile(file, expected: "an image"), as: color, file: file)
        return size.map(image.resized) ?? image
    }

    private static func decodeAll(
        _ files: [String], as color: ColorModel, size: ImageSize, resize: Bool, _ failures: Failures
    ) throws(DatasetError) -> [UInt8] {
        let valuesPerImage = color.channels * size.height * size.width
        let pixels = [UInt8](unsafeUninitializedCapacity: files.count * valuesPerImage) { target, initializedCount in
            target.initialize(repeating: 0)
            initializedCount = target.count
            // Each file has its own slice of the storage, so that threads never write the same bytes.
            nonisolated(unsafe) let base = target.baseAddress!
            DispatchQueue.concurrentPerform(iterations: files.count) { index in
                guard failures.isWorthTrying(index) else { return }
                do throws(DatasetError) {
                    let image = try decode(files[index], as: color, resizedTo: resize ? size : nil)
                    guard image.size == size else {
                        throw .wrongImageSize(file: files[index], found: image.size, expected: size)
                    }
                    image.copyPlanes(to: base + index * valuesPerImage)
                } catch {
                    failures.record(error, at: index)
                }
            }
        }
        try failures.throwIfAny()
        return pixels
    }

    /// The errors of files: those that may be skipped, and the lowest-numbered other one, whatever the order in which
    /// threads come to them.
    private final class Failures: Sendable {
        private struct Found {
            var lowest: (index: Int, error: DatasetError)?
            var skipped: [Int: DatasetError] = [:]
        }

        private let skipsCorrupt: Bool
        private let found = Mutex(Found())

        init(skipsCorrupt: Bool) { self.skipsCorrupt = skipsCorrupt }

        var skipped: [Int: DatasetError] { found.withLock { $0.skipped } }

        func isWorthTrying(_ index: Int) -> Bool { found.withLock { $0.lowest.map { index < $0.index } ?? true } }

        func record(_ error: DatasetError, at index: Int) {
            found.withLock { found in
                if skipsCorrupt && error.isCorruption {
                    found.skipped[index] = error
                } else if found.lowest.map({ index < $0.index }) ?? true {
                    found.lowest = (index, error)
                }
            }
        }

        func throwIfAny() throws(DatasetError) {
            if let error = found.withLock({ $0.lowest?.error }) { throw error }
        }
    }
}

extension String {
    fileprivate func hasSuffix(oneOf suffixes: [String]) -> Bool { suffixes.contains(where: hasSuffix) }
}
