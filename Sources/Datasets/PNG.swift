import CSPNG
import Foundation

/// PNG decoding and encoding through libspng.
enum PNG {
    static func decode(_ data: Data, as color: ColorModel, file: String) throws(DatasetError) -> Raster<UInt8> {
        try withDecoder(of: data, file: file) { (context, header) throws(DatasetError) in
            let size = ImageSize(height: Int(header.height), width: Int(header.width))
            let rgb: [UInt8] = try samples(of: context, format: SPNG_FMT_RGB8, file: file)
            return Raster(size: size, color: color, samples: color == .rgb ? rgb : luma(rgb))
        }
    }

    static func decodeGray16(_ data: Data, file: String) throws(DatasetError) -> Raster<UInt16> {
        try decodeNumbers(data, bits: 16, colorTypes: [SPNG_COLOR_TYPE_GRAYSCALE], called: "0 (grey)", file: file)
    }

    static func decodeClasses(_ data: Data, file: String) throws(DatasetError) -> Raster<UInt8> {
        try decodeNumbers(
            data, bits: 8, colorTypes: [SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_INDEXED],
            called: "0 (grey) or 3 (palette)", file: file)
    }

    /// The samples as they are stored.
    private static func decodeNumbers<Sample>(
        _ data: Data, bits: Int, colorTypes: [spng_color_type], called names: String, file: String
    ) throws(DatasetError) -> Raster<Sample> {
        try withDecoder(of: data, file: file) { (context, header) throws(DatasetError) in
            guard header.bit_depth == bits, colorTypes.contains(where: { $0.rawValue == UInt32(header.color_type) })
            else {
                throw .wrongPixelFormat(
                    file: file,
                    found: "a PNG image of \(header.bit_depth) bits a sample and color type \(header.color_type)",
                    expected: "\(bits) bits and color type \(names)")
            }
            let size = ImageSize(height: Int(header.height), width: Int(header.width))
            return Raster(size: size, color: .gray, samples: try samples(of: context, format: SPNG_FMT_PNG, file: file))
        }
    }

    static func encode<Sample>(_ image: Raster<Sample>) throws(DatasetError) -> Data {
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
            throw .encodingFailed(reason: "out of memory")
        }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr()
        header.width = UInt32(image.size.width)
        header.height = UInt32(image.size.height)
        header.bit_depth = UInt8(Sample.bitWidth)
        header.color_type = UInt8(
            (image.color == .gray ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR).rawValue)
        var length = 0
        var status = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
        if status == 0 { status = spng_set_ihdr(context, &header) }
        if status == 0 {
            status = image.samples.withUnsafeBytes {
                spng_encode_image(
                    context, $0.baseAddress, $0.count, Int32(SPNG_FMT_PNG.rawValue),
                    Int32(SPNG_ENCODE_FINALIZE.rawValue))
            }
        }
        guard status == 0, let buffer = spng_get_png_buffer(context, &length, &status) else {
            throw .encodingFailed(reason: String(cString: spng_strerror(status)))
        }
        return Data(bytesNoCopy: buffer, count: length, deallocator: .free)
    }

    /// Runs `body` on a decoder of the image whose header has been read and whose size has been accepted.
    private static func withDecoder<Output>(
        of data: Data, file: String, body: (OpaquePointer, spng_ihdr) throws(DatasetError) -> Output
    ) throws(DatasetError) -> Output {
        guard let context = spng_ctx_new(0) else {
            throw .corrupt(file: file, format: "PNG image", reason: "no decoder: out of memory")
        }
        defer { spng_ctx_free(context) }
        return try data.withUnsafeBytes { bytes in
            Result { () throws(DatasetError) in
                try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count), file: file)
                try check(spng_set_chunk_limits(context, maximumChunkBytes, maximumChunkBytes), file: file)
                var header = spng_ihdr()
                try check(spng_get_ihdr(context, &header), file: file)
                _ = try ImageCodec.checkedSize(
                    width: Int(header.width), height: Int(header.height), byteCount: data.count, file: file)
                return try body(context, header)
            }
        }.get()
    }

    /// Metadata larger than this is not that of an image; a compressed chunk may claim any size.
    private static let maximumChunkBytes = 1 << 26

    private static func samples<Sample: FixedWidthInteger>(
        of context: OpaquePointer, format: spng_format, file: String
    ) throws(DatasetError) -> [Sample] {
        var byteCount = 0
        let format = Int32(format.rawValue)
        try check(spng_decoded_image_size(context, format, &byteCount), file: file)
        let sampleCount = byteCount / MemoryLayout<Sample>.size
        var status: Int32 = 0
        let samples = [Sample](unsafeUninitializedCapacity: sampleCount) { target, initializedCount in
            status = spng_decode_image(context, target.baseAddress, byteCount, format, 0)
            initializedCount = status == 0 ? sampleCount : 0
        }
        try check(status, file: file)
        // The pixels may be whole though the file lacks its end.
        try check(spng_decode_chunks(context), file: file)
        return samples
    }

    private static func check(_ status: Int32, file: String) throws(DatasetError) {
        guard status == 0 else {
            throw .corrupt(file: file, format: "PNG image", reason: String(cString: spng_strerror(status)))
        }
    }

    /// ITU-R BT.601 luma in 16-bit fixed point; the weights sum to 2^16, so that grey stays exactly what it was.
    private static func luma(_ rgb: [UInt8]) -> [UInt8] {
        stride(from: 0, to: rgb.count, by: 3).map { index in
            let weighted =
                19_595 * UInt32(rgb[index]) + 38_470 * UInt32(rgb[index + 1]) + 7_471 * UInt32(rgb[index + 2])
            return UInt8((weighted + 32_768) >> 16)
        }
    }
}
