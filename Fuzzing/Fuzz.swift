import Foundation

// Entry points of libFuzzer: https://llvm.org/docs/LibFuzzer.html. Which parser is fuzzed, and in which folder its files
// are written, the environment says.

private let target: (parser: Parser, path: String, descriptor: CInt) = {
    let environment = ProcessInfo.processInfo.environment
    guard let name = environment["ATTENT_FUZZ_PARSER"], let parser = Parser.all[name],
        let folder = environment["ATTENT_FUZZ_FOLDER"]
    else {
        print("ATTENT_FUZZ_PARSER has to be one of \(Parser.all.keys.sorted()), ATTENT_FUZZ_FOLDER a folder")
        exit(2)
    }
    for (name, bytes) in parser.companions {
        guard FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(bytes)) else { exit(2) }
    }
    let path = "\(folder)/\(parser.fileName)"
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    guard descriptor >= 0 else { exit(2) }
    return (parser, path, descriptor)
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    let content = target.parser.fileName == "teacher.bin" ? teacherFile(input) : input
    // Without making the file anew, which costs as much as to read it.
    guard ftruncate(target.descriptor, content.count) == 0,
        pwrite(target.descriptor, content, content.count, 0) == content.count
    else { exit(2) }
    let start = processorNanoseconds()
    do { try target.parser.read(target.path) } catch { _ = "\(error)" }
    let taken = processorNanoseconds() - start
    // libFuzzer's own limit is one of wall time, and where it strikes within malloc it waits for itself.
    guard taken <= mostNanoseconds else {
        FileHandle.standardError.write(Data("slow: \(Double(taken) / 1e9) seconds of processor time\n".utf8))
        abort()
    }
    return 0
}

private let mostNanoseconds: UInt64 = 1_000_000_000

private func processorNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// A teacher's file whose checksum is right: without that, nothing behind the checksum would ever be reached. The first
/// two bytes say how many examples have scores, the rest is the header.
private func teacherFile(_ input: [UInt8]) -> [UInt8] {
    guard input.count > 2 else { return input }
    let (count, selected, header) = (Int(input[0] % 32), input[1], input[2...])
    let absent = UInt64.max
    let sizes: [UInt64] = [
        UInt64(header.count), UInt64(4 * count), UInt64(2 * count), selected & 1 == 0 ? 0 : UInt64(count),
        selected & 2 == 0 ? absent : UInt64(4 * Int(selected >> 3)), selected & 4 == 0 ? absent : UInt64(4 * count),
    ]
    var file = Array("ATTEACH1".utf8)
    for size in sizes { withUnsafeBytes(of: size.littleEndian) { file += $0 } }
    file += header
    file += [UInt8](repeating: selected, count: Int(sizes[1] + sizes[2] + sizes[3]))
    for example in 0..<(selected & 2 == 0 ? 0 : Int32(selected >> 3)) {
        withUnsafeBytes(of: example.littleEndian) { file += $0 }
    }
    file += [UInt8](repeating: 63, count: selected & 4 == 0 ? 0 : 4 * count)
    withUnsafeBytes(of: checksum(file).littleEndian) { file += $0 }
    return file
}

/// FNV-1a over words, as the format has it.
private func checksum(_ bytes: [UInt8]) -> UInt64 {
    var hash = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
    var index = 0
    while index < bytes.count {
        let isWord = index + 8 <= bytes.count
        let word =
            isWord ? bytes[index..<index + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) } : UInt64(bytes[index])
        hash = (hash ^ word) &* 0x100_0000_01B3
        index += isWord ? 8 : 1
    }
    return hash
}
