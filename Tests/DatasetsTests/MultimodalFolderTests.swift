import Datasets
import Foundation
import Testing

private let size = ImageSize(height: 4, width: 6)

/// A folder with two classes of two images each, all modalities there.
private struct Fixture {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("attent-\(UUID().uuidString)")
        for (part, stems) in [("a", ["x", "y"]), ("b", ["x", "z"])] {
            for (index, stem) in stems.enumerated() {
                let shift = UInt8(part == "a" ? index : 10 + index)
                try write("rgb/\(part)/\(stem)", color(shift))
                try write("depth/\(part)/\(stem)", gray((0..<24).map { UInt16(1000 * (1 + $0 % 6) + Int(shift)) }))
                try write("semseg/\(part)/\(stem)", gray((0..<24).map { UInt8($0 / 12) }))
            }
        }
    }

    func color(_ shift: UInt8) -> Raster<UInt8> {
        Raster(size: size, color: .rgb, samples: (0..<72).map { UInt8($0) + shift })
    }

    func gray<Sample>(_ samples: [Sample], _ size: ImageSize = size) -> Raster<Sample> {
        Raster(size: size, color: .gray, samples: samples)
    }

    func write(_ name: String, _ image: Raster<UInt8>) throws { try write(name, ImageCodec.encodePNG(image)) }
    func write(_ name: String, _ image: Raster<UInt16>) throws { try write(name, ImageCodec.encodePNG(image)) }
    func write(_ name: String, _ data: Data) throws {
        let file = url(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    func url(_ name: String) -> URL { root.appendingPathComponent("\(name).png") }

    func load(_ change: (inout MultimodalFolder.Options) -> Void = { _ in }) throws -> MultimodalDataset {
        var options = MultimodalFolder.Options(size: size)
        options.semanticNames = ["low", "high"]
        change(&options)
        return try MultimodalFolder.load(root.path, options)
    }
}

@Suite final class MultimodalFolderTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }
    deinit { try? FileManager.default.removeItem(at: fixture.root) }

    @Test("All modalities of an image are read together, in the order of classes and names")
    func everything() throws {
        let data = try fixture.load()
        #expect(data.count == 4 && data.classNames == ["a", "b"] && data.hasDepth)
        #expect((0..<4).map { data[$0].label } == [0, 0, 1, 1])
        // The first samples of an image's planes.
        #expect((0..<4).map { data[$0].rgb[0] } == [0, 1, 10, 11] && data[0].rgb[24] == 1 && data[0].rgb[48] == 2)
        #expect(zip(try #require(data[3].depth), [1.011, 2.011, 3.011]).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(data[2].semantics == (0..<24).map { UInt8($0 / 12) })
    }

    @Test("Depth and classes are resized by the nearest pixel, so that no value arises that was not there")
    func nearest() throws {
        let data = try fixture.load {
            $0.size = ImageSize(height: 2, width: 3)
            $0.depthUnit = 1
        }
        #expect(data[0].depth == [2000, 4000, 6000, 2000, 4000, 6000] && data[0].semantics == [0, 0, 0, 1, 1, 1])
        #expect(data[0].rgb.count == 18)
    }

    @Test("Modalities may be missing, and images need no classes")
    func missingModalities() throws {
        try FileManager.default.removeItem(at: fixture.root.appendingPathComponent("depth"))
        let data = try fixture.load { $0.semanticNames = [] }
        #expect(!data.hasDepth && data[0].semantics == nil)
        let batch = try data.collate([0, 3], view: .plain)
        #expect(batch.depth.isEmpty && batch.semantics.isEmpty && batch.rgb.count == 144)
        let rgb = fixture.root.appendingPathComponent("rgb")
        try FileManager.default.moveItem(
            at: rgb.appendingPathComponent("a/x.png"), to: rgb.appendingPathComponent("x.png"))
        for part in ["a", "b"] { try FileManager.default.removeItem(at: rgb.appendingPathComponent(part)) }
        let flat = try fixture.load { $0.semanticNames = [] }
        #expect(flat.count == 1 && flat.classNames.isEmpty && flat[0].label == 0)
    }

    @Test("A stem that one modality lacks is named")
    func stems() throws {
        try FileManager.default.removeItem(at: fixture.url("depth/b/z"))
        let missing = DatasetError.missing(path: fixture.url("depth/b/z").path, expected: "the same names as in rgb")
        #expect(throws: missing) { try fixture.load() }
        try fixture.write("depth/b/z", fixture.gray([UInt16](repeating: 1, count: 24)))
        try fixture.write("semseg/a/q", fixture.gray([UInt8](repeating: 1, count: 24)))
        let error = #expect(throws: DatasetError.self) { try fixture.load() }
        #expect("\(try #require(error))".contains(fixture.url("semseg/a/q").path))
    }

    @Test("Two images of one name are refused, and both are named")
    func sameStem() throws {
        let other = fixture.root.appendingPathComponent("rgb/a/x.jpg")
        try FileManager.default.copyItem(at: fixture.url("rgb/a/x"), to: other)
        let error = DatasetError.invalidSetting(
            name: fixture.url("rgb/a/x").path, found: "\(other.path) beside it", expected: "one image of each name")
        #expect(throws: error) { try fixture.load() }
        #expect(throws: error) { try fixture.load { $0.skipsCorrupt = true } }
    }

    @Test("A size of more pixels than any image may have is refused")
    func tooLarge() {
        #expect(throws: DatasetError.self) { try fixture.load { $0.size = ImageSize(height: .max, width: 2) } }
    }

    @Test("8-bit depth, another size, an unknown class and a corrupt image are refused by file")
    func refused() throws {
        let bytes = fixture.gray([UInt8](repeating: 1, count: 24))
        func check(_ name: String, _ data: Data, _ part: String) throws {
            let good = try Data(contentsOf: fixture.url(name))
            try fixture.write(name, data)
            let error = #expect(throws: DatasetError.self) { try fixture.load() }
            let text = "\(try #require(error))"
            #expect(text.contains(fixture.url(name).path) && text.contains(part), "\(text)")
            try fixture.write(name, good)
        }
        try check("depth/a/y", ImageCodec.encodePNG(bytes), "8 bits")
        let small = fixture.gray([UInt16](repeating: 1, count: 4), ImageSize(height: 2, width: 2))
        try check("depth/a/y", ImageCodec.encodePNG(small), "2×2")
        let unknown = fixture.gray([UInt8](repeating: 2, count: 24))
        try check("semseg/b/x", ImageCodec.encodePNG(unknown), "label 2")
        try check("semseg/b/x", ImageCodec.encodePNG(fixture.color(0)), "0 (grey) or 3 (palette)")
        try check("rgb/a/x", ImageCodec.encodePNG(fixture.color(0)).prefix(60), "corrupt")
        #expect(try fixture.load().count == 4)
    }

    @Test("An image of which one file is corrupt is left out in all modalities when asked for, and the file is named")
    func skipping() throws {
        try fixture.write("depth/a/y", Data(contentsOf: fixture.url("depth/a/y")).prefix(60))
        let data = try fixture.load { $0.skipsCorrupt = true }
        #expect(data.count == 3 && (0..<3).map { data[$0].rgb[0] } == [0, 10, 11])
        #expect(data.skipped.count == 1 && data.skipped[0].description.contains(fixture.url("depth/a/y").path))
        // What is wrong in another way is still refused.
        try fixture.write("semseg/b/x", fixture.gray([UInt8](repeating: 2, count: 24)))
        #expect(throws: DatasetError.self) { try fixture.load { $0.skipsCorrupt = true } }
    }

    @Test("Other classes than those of the training part are refused")
    func classes() {
        let error = DatasetError.unexpectedClasses(path: fixture.root.path, found: ["a", "b"], expected: ["a", "c"])
        #expect(throws: error) { try fixture.load { $0.classNames = ["a", "c"] } }
    }
}
