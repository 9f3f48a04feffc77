import Dispatch

/// Rendered scenes with exact depth and labels, made rather than read: any number, of any size, with no download.
public enum Scenes {
    /// What a pixel may show.
    public static let semanticNames = ["floor", "wall", "sphere", "box", "cylinder", "cone", "capsule"]
    /// Which solid is the most frequent in a scene, and whether its copies stand apart or on top of each other.
    public static let classNames = semanticNames.dropFirst(2).flatMap { ["\($0), apart", "\($0), stacked"] }

    /// Renders the scenes of the given numbers on all cores. A scene is a function of seed, number and size alone.
    /// - Throws: `empty` or `invalidSetting`.
    public static func dataset(
        seed: UInt64, indices: Range<Int>, size: ImageSize
    ) throws(DatasetError) -> MultimodalDataset {
        guard size.height > 0, size.width > 0 else {
            throw .invalidSetting(name: "scenes: size", found: "\(size)", expected: "positive numbers")
        }
        let images = concurrentMap(indices) { Scene(seed: seed, index: $0).rendered(size) }
        return try MultimodalDataset(
            source: "scenes", images: images, size: size, semanticNames: semanticNames, classNames: classNames)
    }

    /// How hard a scene was made, in 0..<1.
    public static func difficulty(seed: UInt64, index: Int) -> Float { Scene(seed: seed, index: index).difficulty }
}

/// The results of `body` for a range of numbers, computed on all cores.
func concurrentMap<Output: Sendable>(_ range: Range<Int>, _ body: @Sendable (Int) -> Output) -> [Output] {
    [Output](unsafeUninitializedCapacity: range.count) { buffer, initializedCount in
        // Every iteration writes its own element.
        nonisolated(unsafe) let target = buffer
        DispatchQueue.concurrentPerform(iterations: range.count) { offset in
            target.initializeElement(at: offset, to: body(range.lowerBound + offset))
        }
        initializedCount = range.count
    }
}
