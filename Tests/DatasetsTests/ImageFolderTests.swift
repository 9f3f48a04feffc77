import Foundation
import Testing

@testable import Datasets

@Suite struct ImageFolderTests {
    private func png(_ value: UInt8, side: Int = 4) throws -> Data {
        try ImageCodec.encodePNG(flat(value, ImageSize(height: side, width: side)))
    }

    @Test(
        "classes go by folder name, examples by file name; hidden entries and files beside the classes are left alone")
    func order() throws {
        let folder = try TemporaryFolder()
        try folder.write("dog/b.png", png(4))
        try folder.write("dog/a.JPG", encodeJPEG(flat(128)))
        try folder.write("cat/2.png", png(2))
        try folder.write("cat/10.png", png(1))
        try folder.write("eel/x.jpeg", encodeJPEG(flat(255)))
        try folder.write("cat/.DS_Store", [1])
        try folder.write(".cache/x", [1])
        try folder.write("LICENSE", text: "free")
        for path in [folder.path, folder.path + "/"] {
            let dataset = try ImageFolder.load(path)
            #expect(dataset.classNames == ["cat", "dog", "eel"])
            #expect(dataset.labels == [0, 0, 1, 1, 2])
            #expect(dataset.pixels == [1, 2, 128, 4, 255].flatMap { [UInt8](repeating: $0, count: 48) })
        }
    }

    @Test("pixels are stored plane by plane, in colour or in grey")
    func planes() throws {
        let folder = try TemporaryFolder()
        let image: Raster<UInt8> = noise(ImageSize(height: 3, width: 2), .rgb, seed: 1)
        let file = try folder.write("a/1.png", ImageCodec.encodePNG(image))
        let color = try ImageFolder.load(folder.path)
        #expect(color.channels == 3 && color.size == image.size)
        #expect(color.pixels == (0..<3).flatMap { channel in (0..<6).map { image.samples[$0 * 3 + channel] } })
        let gray = try ImageFolder.load(folder.path, color: .gray)
        #expect(gray.channels == 1)
        #expect(
            try gray.pixels == ImageCodec.decode(Data(contentsOf: URL(filePath: file)), as: .gray, file: file).samples)
    }

    @Test("images of different sizes are resized to the size asked for")
    func resizing() throws {
        let folder = try TemporaryFolder()
        try folder.write("a/1.png", png(9, side: 5))
        let image: Raster<UInt8> = noise(ImageSize(height: 8, width: 6), .rgb, seed: 2)
        try folder.write("a/2.png", ImageCodec.encodePNG(image))
        let size = ImageSize(height: 3, width: 4)
        let dataset = try ImageFolder.load(folder.path, resizedTo: size)
        #expect(dataset.size == size)
        let resized = image.resized(to: size)
        let planes = (0..<3).flatMap { channel in (0..<12).map { resized.samples[$0 * 3 + channel] } }
        #expect(dataset.pixels == [UInt8](repeating: 9, count: 36) + planes)
    }

    @Test("of several bad files the first in order is named, however the work is shared out")
    func firstFailure() throws {
        let folder = try TemporaryFolder()
        let good = try png(1)
        for number in 100..<400 { try folder.write("a/\(number).png", good) }
        for number in [250, 280, 301, 399] { try folder.write("a/\(number).png", good.dropLast(30)) }
        for _ in 0..<10 {
            #expect(
                folder.message { try ImageFolder.load(folder.path) }?.hasPrefix("a/250.png: found corrupt data") == true
            )
        }
    }

    @Test("corrupt files are left out when asked for, listed in order, and the others numbered over what is left")
    func skipping() throws {
        let folder = try TemporaryFolder()
        for number in 10..<30 { try folder.write("a/\(number).png", png(UInt8(number))) }
        for number in 30..<40 { try folder.write("b/\(number).png", png(UInt8(number))) }
        try folder.write("a/10.png", text: "text")
        for name in ["a/17", "b/33"] { try folder.write("\(name).png", png(0).dropLast(30)) }
        let dataset = try ImageFolder.load(folder.path, skipsCorrupt: true)
        let left = (10..<40).filter { ![10, 17, 33].contains($0) }
        #expect(
            dataset.count == 27
                && stride(from: 0, to: dataset.pixels.count, by: 48).map { Int(dataset.pixels[$0]) } == left)
        #expect(dataset.labels == left.map { $0 < 30 ? 0 : 1 })
        let files = dataset.skipped.map { $0.description.prefix { $0 != ":" }.replacing(folder.path + "/", with: "") }
        #expect(files == ["a/10.png", "a/17.png", "b/33.png"])
        #expect(try dataset.limited(to: 5, seed: 1).skipped == dataset.skipped)
        #expect(folder.message { try ImageFolder.load(folder.path) }?.hasPrefix("a/10.png: ") == true)
        try folder.write("a/20.png", png(1, side: 5))
        #expect(
            folder.message { try ImageFolder.load(folder.path, skipsCorrupt: true) }?.hasPrefix("a/20.png: ") == true)
    }

    @Test("a folder of nothing but corrupt files has no examples")
    func nothingLeft() throws {
        let folder = try TemporaryFolder()
        try folder.write("root/a/1.png", text: "text")
        #expect(
            folder.message { try ImageFolder.load(folder.path + "/root", skipsCorrupt: true) }
                == "root: found no examples, expected at least one")
    }

    @Test("bad folders are refused in one sentence that names the path")
    func messages() throws {
        let folder = try TemporaryFolder()
        func message(classNames: [String]? = nil, resizedTo size: ImageSize? = nil) -> String? {
            folder.message { try ImageFolder.load(folder.path + "/root", classNames: classNames, resizedTo: size) }
        }
        #expect(message() == "root: found nothing there, expected a folder with one sub-folder a class")
        try folder.write("root/readme.txt", text: "")
        #expect(message() == "root: found no sub-folders, expected one for each class")
        try folder.write("root/b/.hidden", [])
        #expect(message() == "root/b: found no images in this class folder, expected at least one")
        try folder.write("root/b/1.jpg", encodeJPEG(flat(1)))
        #expect(
            message(resizedTo: ImageSize(height: 0, width: 4)) == "image size: found 4×0, expected at least 1×1")
        #expect(
            message(resizedTo: ImageSize(height: 1 << 15, width: 1 << 15))
                == "image size: found an image of 32768×32768 pixels, expected at most 268435456 pixels in all")
        #expect(
            folder.message { try ImageFolder.checkStorage("root", images: 10, valuesPerImage: 48, memory: 479) }
                == "root: found 10 images that take 480 bytes, expected at most this machine's 479 bytes of memory")
        #expect(throws: Never.self) {
            try ImageFolder.checkStorage("root", images: 10, valuesPerImage: 48, memory: 480)
        }
        #expect(message(classNames: ["a", "b"]) == "root: found the classes b, expected a, b")
        try folder.write("root/b/2.png", png(1, side: 6))
        #expect(
            message()
                == "root/b/2.png: found an image of 6×6 pixels, expected 4×4 like the first, "
                + "or a size to resize all images to")
        try folder.write("root/b/2.png", encodeJPEG(flat(9)).prefix(100))
        #expect(
            message() == "root/b/2.png: found corrupt data (Premature end of JPEG file), expected a valid JPEG image")
        try folder.write("root/b/2.png", text: "text")
        #expect(
            message()
                == "root/b/2.png: found the magic number 0x74657874, expected 0xffd8ff (JPEG) or 0x89504e47 (PNG)")
        try folder.write("root/b/notes.txt", text: "text")
        #expect(
            message() == "root/b/notes.txt: found something else than an image, expected a .jpg, .jpeg or .png file")
    }
}
