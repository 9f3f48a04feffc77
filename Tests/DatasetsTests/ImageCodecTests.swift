import CTurboJPEG
import CZlib
import Foundation
import Testing

@testable import Datasets

@Suite struct ImageCodecTests {
    private let size = ImageSize(height: 5, width: 7)

    @Test("a PNG round trip keeps every sample", arguments: ColorModel.allCases)
    func roundTrip(color: ColorModel) throws {
        for side in [1, 2, 9, 64] {
            let image: Raster<UInt8> = noise(ImageSize(height: side, width: side + 1), color, seed: 3)
            #expect(try ImageCodec.decode(ImageCodec.encodePNG(image), as: color, file: "a.png") == image)
        }
    }

    @Test("a 16-bit grey PNG keeps every sample, and its high byte when decoded to 8 bits")
    func roundTrip16() throws {
        let image = noise(size, .gray, seed: 4, of: UInt16.self)
        let data = try ImageCodec.encodePNG(image)
        #expect(try ImageCodec.decodeGray16(data, file: "depth.png") == image)
        let coarse = try ImageCodec.decode(data, as: .gray, file: "depth.png")
        #expect(coarse.samples == image.samples.map { UInt8($0 >> 8) })
    }

    @Test("a JPEG decodes to nearly the samples it was made from", arguments: ColorModel.allCases)
    func jpeg(color: ColorModel) throws {
        let side = ImageSize(height: 16, width: 24)
        let row = (0..<24).flatMap { column in (0..<color.channels).map { UInt8(column * 8 + $0 * 20) } }
        let samples = Array([[UInt8]](repeating: row, count: side.height).joined())
        let image = Raster(size: side, color: color, samples: samples)
        let decoded = try ImageCodec.decode(Data(encodeJPEG(image)), as: color, file: "a.jpg")
        #expect(decoded.size == side)
        for (found, expected) in zip(decoded.samples, samples) { #expect(abs(Int(found) - Int(expected)) <= 3) }
    }

    @Test("colour becomes grey by BT.601 luma and grey becomes colour by repetition, alike in both formats")
    func colorConversion() throws {
        let orange = Raster(
            size: ImageSize(height: 8, width: 8), color: .rgb,
            samples: (0..<64).flatMap { _ in [250, 120, 10] as [UInt8] })
        let luma = 0.299 * 250 + 0.587 * 120 + 0.114 * 10
        for data in [try ImageCodec.encodePNG(orange), Data(try encodeJPEG(orange))] {
            let gray = try ImageCodec.decode(data, as: .gray, file: "orange")
            #expect(gray.samples.allSatisfy { abs(Double($0) - luma) <= 1 })
        }
        let gray: Raster<UInt8> = noise(size, .gray, seed: 5)
        for data in [try ImageCodec.encodePNG(gray), Data(try encodeJPEG(gray))] {
            let one = try ImageCodec.decode(data, as: .gray, file: "gray")
            #expect(
                try ImageCodec.decode(data, as: .rgb, file: "gray").samples == one.samples.flatMap { [$0, $0, $0] })
        }
    }

    @Test("every truncation of an image is an error that names the file and the format")
    func truncation() throws {
        let image: Raster<UInt8> = noise(ImageSize(height: 12, width: 12), .rgb, seed: 6)
        // The last bytes, of the JPEG end marker and of the checksum of the empty PNG end chunk, hold nothing.
        let files = [("PNG", try ImageCodec.encodePNG(image), 4), ("JPEG", Data(try encodeJPEG(image)), 1)]
        for (format, data, tail) in files {
            for length in 4..<data.count - tail {
                let error = #expect(throws: DatasetError.self) {
                    try ImageCodec.decode(data.prefix(length), as: .rgb, file: "cut")
                }
                guard case .corrupt("cut", "\(format) image", _)? = error else {
                    Issue.record("\(length) bytes of \(format): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("random damage either is an error or leaves an image of the announced kind")
    func damage() throws {
        let image: Raster<UInt8> = noise(ImageSize(height: 10, width: 10), .rgb, seed: 7)
        var generator = SeededGenerator(seed: 8)
        var refused = 0
        for original in [try ImageCodec.encodePNG(image), Data(try encodeJPEG(image))] {
            for _ in 0..<300 {
                var data = original
                for _ in 0..<3 { data[Int.random(in: 3..<data.count, using: &generator)] = generator.next() }
                do {
                    let decoded = try ImageCodec.decode(data, as: .rgb, file: "damaged")
                    #expect(decoded.samples.count == decoded.size.height * decoded.size.width * 3)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 300)
    }

    @Test("other formats, wrong depths and huge sizes are refused in one sentence")
    func messages() throws {
        let folder = try TemporaryFolder()
        #expect(
            folder.message { try ImageCodec.decode(Data("GIF89a".utf8), as: .rgb, file: "a.jpg") }
                == "a.jpg: found the magic number 0x47494638, expected 0xffd8ff (JPEG) or 0x89504e47 (PNG)")
        #expect(
            folder.message { try ImageCodec.decode(Data(), as: .rgb, file: "a.jpg") }
                == "a.jpg: found the magic number nothing, expected 0xffd8ff (JPEG) or 0x89504e47 (PNG)")
        let color = try ImageCodec.encodePNG(flat(1))
        #expect(
            folder.message { try ImageCodec.decodeGray16(color, file: "depth.png") }
                == "depth.png: found a PNG image of 8 bits a sample and color type 2, "
                + "expected 16 bits and color type 0 (grey)")
        #expect(
            folder.message { try ImageCodec.decodeGray16(Data([1, 2]), file: "depth.png") }
                == "depth.png: found the magic number 0x0102, expected 0x89504e47 (PNG)")
        #expect(
            folder.message { try ImageCodec.decode(Data(hugePNG()), as: .rgb, file: "huge.png") }
                == "huge.png: found an image of 100000×100000 pixels, expected at most 268435456 pixels in all")
        #expect(
            folder.message { try ImageCodec.decode(Data(hugeJPEG()), as: .rgb, file: "huge.jpg") }
                == "huge.jpg: found an image of 65000×65000 pixels, expected at most 268435456 pixels in all")
        #expect(
            folder.message { try ImageCodec.decode(Data(encodeJPEG(flat(9)).prefix(100)), as: .rgb, file: "a.jpg") }
                == "a.jpg: found corrupt data (Premature end of JPEG file), expected a valid JPEG image")
    }

    @Test("a JPEG in CMYK is refused: its colours need a profile")
    func cmyk() throws {
        let folder = try TemporaryFolder()
        let size = ImageSize(height: 4, width: 4)
        let samples = [UInt8](repeating: 9, count: 64)
        let data = Data(try encodeJPEG(samples, size: size, format: TJPF_CMYK, subsampling: TJSAMP_444))
        #expect(
            folder.message { try ImageCodec.decode(data, as: .rgb, file: "print.jpg") }
                == "print.jpg: found a JPEG image in CMYK, expected a grey or an RGB one")
    }

    /// A PNG whose header announces 100,000 × 100,000 pixels.
    private func hugePNG() throws -> [UInt8] {
        var bytes = [UInt8](try ImageCodec.encodePNG(flat(1)))
        bytes.replaceSubrange(16..<24, with: bigEndian(100_000) + bigEndian(100_000))
        bytes.replaceSubrange(29..<33, with: bigEndian(Int(crc32(0, Array(bytes[12..<29]), 17))))
        return bytes
    }

    /// A JPEG whose frame header announces 65,000 × 65,000 pixels.
    private func hugeJPEG() throws -> [UInt8] {
        var bytes = try encodeJPEG(flat(1))
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xff, 0xc0]) })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xfd, 0xe8, 0xfd, 0xe8])
        return bytes
    }
}
