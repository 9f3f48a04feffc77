import Foundation
import Testing

@testable import Datasets

/// A file or folder of $ATTENT_DATA, where it is there.
private func data(_ name: String) -> String? {
    guard let folder = ProcessInfo.processInfo.environment["ATTENT_DATA"] else { return nil }
    let path = "\(folder)/\(name)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
}

private let camvid = data("camvid-240x180.tar.gz")
private let nyud = data("nyud")

@Suite struct RealImagesTests {
    private static let classes = [
        "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "cyclist", "void",
    ]

    /// Links `name` to another place, with the folders on its way.
    private func link(_ name: String, to target: String) throws {
        let folder = URL(filePath: name).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: target)
    }

    @Test(
        "CamVid's validation part loads with its classes of pixels, and crops them beside the colours",
        .enabled(if: camvid != nil, "$ATTENT_DATA holds no camvid-240x180.tar.gz"))
    func streets() throws {
        let folder = try TemporaryFolder()
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "xzf", try #require(camvid), "-C", folder.path, "./val", "./valannot"]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        try link("\(folder.path)/set/rgb", to: "\(folder.path)/val")
        try link("\(folder.path)/set/semseg", to: "\(folder.path)/valannot")
        var options = MultimodalFolder.Options(size: ImageSize(height: 32, width: 32))
        options.semanticNames = Self.classes
        let dataset = try MultimodalFolder.load("\(folder.path)/set", options)
        #expect(dataset.count == 101 && !dataset.hasDepth && dataset.classNames.isEmpty)
        // Road is among the commonest classes, poles among the rarest.
        let weights = dataset.classWeights
        #expect(weights.allSatisfy { $0 > 0 } && weights[2] > 5 * weights[3])
        let cropped = try dataset.augmented(by: Augmentation(flip: true, crop: RandomResizedCrop(scale: 0.2...0.5)))
        let batch = try cropped.collate([0, 50, 100], view: .augmented(seed: 1, visit: 0))
        #expect(batch.semantics.allSatisfy { (0..<12).contains($0) } && batch.rgb.allSatisfy { abs($0) <= 1 })
        options.semanticNames = Array(Self.classes.dropLast())
        #expect(
            folder.message { try MultimodalFolder.load("\(folder.path)/set", options) }?.contains("label 11") == true)
    }

    @Test(
        "NYUv2 frames load with 16-bit depth, which differs from image to image and is standardised in each",
        .enabled(if: nyud != nil, "$ATTENT_DATA holds no nyud"))
    func rooms() throws {
        let (folder, root) = (try TemporaryFolder(), try #require(nyud))
        for (part, stem) in [("ExpNYUD_joint", "000464"), ("ExpNYUD_three", "000433")] {
            for (modality, prefix) in [("rgb", ""), ("depth", "depth_gt_"), ("semseg", "segm_gt_")] {
                try link("\(folder.path)/\(modality)/\(stem).png", to: "\(root)/\(part)/\(prefix)\(stem).png")
            }
        }
        var options = MultimodalFolder.Options(size: ImageSize(height: 48, width: 64))
        (options.semanticNames, options.depthUnit) = ((0...255).map { "\($0)" }, 1e-4)
        let dataset = try MultimodalFolder.load(folder.path, options)
        #expect(dataset.count == 2 && dataset.hasDepth)
        let batch = try dataset.collate([0, 1], view: .plain)
        for (image, scale) in batch.depthScales.enumerated() {
            // A room is some decimetres to some metres deep.
            #expect((0.3...8).contains(scale.mean) && scale.deviation > 0.05)
            let depth = batch.metricDepth[image * 48 * 64..<(image + 1) * 48 * 64]
            #expect(depth.allSatisfy { $0 > -1e-3 && $0 < 10 })
        }
    }
}
