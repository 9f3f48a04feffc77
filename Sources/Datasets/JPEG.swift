import CTurboJPEG
import Foundation

/// JPEG decoding through libjpeg-turbo.
enum JPEG {
    static func decode(_ data: Data, as color: ColorModel, file: String) throws(DatasetError) -> Raster<UInt8> {
        guard let handle = tjInitDecompress() else {
            throw .corrupt(file: file, format: "JPEG image", reason: "no decoder: out of memory")
        }
        defer { tjDestroy(handle) }
        return try data.withUnsafeBytes { bytes in
            Result { () throws(DatasetError) in try decode(bytes, with: handle, as: color, file: file) }
        }.get()
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, with handle: tjhandle, as color: ColorModel, file: String
    ) throws(DatasetError) -> Raster<UInt8> {
        let source = bytes.bindMemory(to: UInt8.self).baseAddress
        var (width, height, subsampling, colorspace) = (Int32(0), Int32(0), Int32(0), Int32(0))
        guard
            tjDecompressHeader3(handle, source, UInt(bytes.count), &width, &height, &subsampling, &colorspace) == 0
        else { throw failure(of: handle, file: file) }
        guard colorspace != TJCS_CMYK.rawValue, colorspace != TJCS_YCCK.rawValue else {
            throw .wrongPixelFormat(file: file, found: "a JPEG image in CMYK", expected: "a grey or an RGB one")
        }
        let size = try ImageCodec.checkedSize(
            width: Int(width), height: Int(height), byteCount: bytes.count, file: file)
        let format = color == .gray ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue
        let sampleCount = size.width * size.height * color.channels
        var status: Int32 = 0
        let samples = [UInt8](unsafeUninitializedCapacity: sampleCount) { target, initializedCount in
            // A warning (data ends early, a wrong marker) leaves grey areas in the image: it counts as a failure.
            status = tjDecompress2(
                handle, source, UInt(bytes.count), target.baseAddress, width, 0, height, Int32(format),
                TJFLAG_STOPONWARNING)
            initializedCount = status == 0 ? sampleCount : 0
        }
        guard status == 0 else { throw failure(of: handle, file: file) }
        return Raster(size: size, color: color, samples: samples)
    }

    private static func failure(of handle: tjhandle, file: String) -> DatasetError {
        .corrupt(file: file, format: "JPEG image", reason: String(cString: tjGetErrorStr2(handle)))
    }
}
