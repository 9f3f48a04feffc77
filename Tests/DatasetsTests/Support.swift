import CTurboJPEG
import CZlib
import Foundation
import Testing

@testable import Datasets

/// A folder that lives as long as its test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/datasets-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the folders on its way; its full path.
    @discardableResult
    func write(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: url)
        return url.path
    }

    @discardableResult
    func write(_ name: String, text: String) throws -> String { try write(name, text.utf8) }

    /// The sentence with which `body` fails, this folder's path left out of it; nil if it does not fail.
    func message(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            #expect(error is DatasetError)
            return String(describing: error).replacingOccurrences(of: path + "/", with: "")
        }
    }
}

/// Random numbers from a seed, for tests alone.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 33) &* 0xff51_afd7_ed55_8ccd
    }
}

/// An image of random samples.
func noise<Sample>(
    _ size: ImageSize, _ color: ColorModel, seed: UInt64, of type: Sample.Type = UInt8.self
) -> Raster<Sample> {
    var generator = SeededGenerator(seed: seed)
    return Raster(
        size: size, color: color,
        samples: (0..<size.height * size.width * color.channels).map { _ in generator.next() })
}

/// An image of one value.
func flat(_ value: UInt8, _ size: ImageSize = ImageSize(height: 4, width: 4)) -> Raster<UInt8> {
    Raster(size: size, color: .rgb, samples: [UInt8](repeating: value, count: size.height * size.width * 3))
}

/// A JPEG file of the best quality, chroma in full resolution.
func encodeJPEG(_ image: Raster<UInt8>) throws -> [UInt8] {
    let (format, subsampling) = image.color == .gray ? (TJPF_GRAY, TJSAMP_GRAY) : (TJPF_RGB, TJSAMP_444)
    return try encodeJPEG(image.samples, size: image.size, format: format, subsampling: subsampling)
}

func encodeJPEG(_ samples: [UInt8], size: ImageSize, format: TJPF, subsampling: TJSAMP) throws -> [UInt8] {
    let handle = try #require(tjInitCompress())
    defer { tjDestroy(handle) }
    var buffer: UnsafeMutablePointer<UInt8>?
    var length: UInt = 0
    let status = tjCompress2(
        handle, samples, Int32(size.width), 0, Int32(size.height), Int32(format.rawValue), &buffer, &length,
        Int32(subsampling.rawValue), 100, 0)
    defer { tjFree(buffer) }
    try #require(status == 0)
    return Array(UnsafeBufferPointer(start: buffer, count: Int(length)))
}

/// One gzip member.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    try #require(
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 100)
    let status = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            return deflate(&stream, Z_FINISH)
        }
    }
    try #require(status == Z_STREAM_END)
    return Array(output.prefix(Int(stream.total_out)))
}

/// A number as four big-endian bytes.
func bigEndian(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }

/// A small dataset of random images whose classes take turns.
func randomDataset(
    count: Int = 12, channels: Int = 3, size: ImageSize = ImageSize(height: 5, width: 4), classes: Int = 3,
    seed: UInt64 = 1
) throws -> ImageDataset {
    var generator = SeededGenerator(seed: seed)
    return try ImageDataset(
        source: "random", pixels: (0..<count * channels * size.height * size.width).map { _ in generator.next() },
        labels: (0..<count).map { Int64($0 % classes) }, classNames: (0..<classes).map { "class \($0)" },
        channels: channels, size: size)
}
