import Foundation

/// JPEG and PNG to pixels, and pixels to PNG, through libjpeg-turbo and libspng.
///
/// An image of which any part is damaged or missing is an error, also where the C library could guess the rest.
public enum ImageCodec {
    /// The most pixels an image may have; larger ones are refused from their header alone.
    public static let maximumPixels = 1 << 28

    /// Decodes a JPEG or PNG image, told apart by its first bytes, to 8 bits a sample.
    ///
    /// Colour becomes grey by the luma of ITU-R BT.601, grey becomes colour by repetition; transparency is ignored and
    /// 16-bit samples keep their high byte.
    /// - Parameter file: the name for errors.
    /// - Throws: `wrongMagicNumber`, `corrupt` or `tooLarge`.
    public static func decode(
        _ data: Data, as color: ColorModel, file: String
    ) throws(DatasetError) -> Raster<UInt8> {
        if data.starts(with: jpegSignature) { return try JPEG.decode(data, as: color, file: file) }
        if data.starts(with: pngSignature) { return try PNG.decode(data, as: color, file: file) }
        throw .wrongMagicNumber(
            file: file, found: hexadecimal(data.prefix(4)),
            expected: "\(hexadecimal(jpegSignature)) (JPEG) or \(hexadecimal(pngSignature)) (PNG)")
    }

    /// Decodes a 16-bit grey PNG image, such as a depth map.
    /// - Parameter file: the name for errors.
    /// - Throws: `wrongMagicNumber`, `wrongPixelFormat`, `corrupt` or `tooLarge`.
    public static func decodeGray16(_ data: Data, file: String) throws(DatasetError) -> Raster<UInt16> {
        try checkPNG(data, file: file)
        return try PNG.decodeGray16(data, file: file)
    }

    /// Decodes an 8-bit PNG image whose samples are numbers: grey values, or indices of a palette whatever its colours.
    /// - Parameter file: the name for errors.
    /// - Throws: `wrongMagicNumber`, `wrongPixelFormat`, `corrupt` or `tooLarge`.
    public static func decodeClasses(_ data: Data, file: String) throws(DatasetError) -> Raster<UInt8> {
        try checkPNG(data, file: file)
        return try PNG.decodeClasses(data, file: file)
    }

    private static func checkPNG(_ data: Data, file: String) throws(DatasetError) {
        guard data.starts(with: pngSignature) else {
            throw .wrongMagicNumber(
                file: file, found: hexadecimal(data.prefix(4)), expected: "\(hexadecimal(pngSignature)) (PNG)")
        }
    }

    /// Encodes an image as PNG, 8 bits a sample.
    /// - Throws: `encodingFailed`, when memory runs out.
    public static func encodePNG(_ image: Raster<UInt8>) throws(DatasetError) -> Data {
        try PNG.encode(image)
    }

    /// Encodes an image as PNG, 16 bits a sample.
    /// - Throws: `encodingFailed`, when memory runs out.
    public static func encodePNG(_ image: Raster<UInt16>) throws(DatasetError) -> Data {
        try PNG.encode(image)
    }

    private static let jpegSignature: [UInt8] = [0xff, 0xd8, 0xff]
    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47]

    /// More pixels than any byte of a JPEG or PNG image stands for: deflate makes at most 1,032 bytes of one, which hold 8
    /// pixels each at one bit a pixel.
    private static let pixelsPerByte = 1 << 14

    /// Refuses a size that its header announces, before anything is allocated for it.
    ///
    /// - Parameter byteCount: of the whole file, which cannot hold just any number of pixels; nil where there is none.
    static func checkedSize(
        width: Int, height: Int, byteCount: Int? = nil, file: String
    ) throws(DatasetError) -> ImageSize {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= maximumPixels else {
            throw .tooLarge(
                file: file, found: "an image of \(width)×\(height) pixels",
                expected: "at most \(maximumPixels) pixels in all")
        }
        if let byteCount, pixels / pixelsPerByte > byteCount {
            throw .tooLarge(
                file: file, found: "an image of \(width)×\(height) pixels in \(byteCount) bytes",
                expected: "at most \(pixelsPerByte) pixels a byte")
        }
        return ImageSize(height: height, width: width)
    }
}

/// Bytes as `0x` and two digits each, or `nothing`.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return digits.isEmpty ? "nothing" : "0x" + digits
}
