import Foundation
import Synchronization
import Testing

@testable import Tokenizers

/// A text the tokenizers are tried on.
struct TortureText: Decodable {
    let name: String
    let text: String
}

/// What the reference makes of one text.
struct Golden: Decodable {
    let ids: [Int32]
    /// What the ids decode to where that is not the text.
    let decoded: String?
}

enum Fixtures {
    static let data: URL =
        if let folder = ProcessInfo.processInfo.environment["ATTENT_DATA"] {
            URL(fileURLWithPath: folder)
        } else {
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()  // TokenizersTests
                .deletingLastPathComponent()  // Tests
                .deletingLastPathComponent()  // the package
                .deletingLastPathComponent().appendingPathComponent("shared/data")
        }

    static let torture: [TortureText] = {
        (try? decode([TortureText].self, "torture.json")) ?? []
    }()

    static func resource(_ name: String) -> URL {
        Bundle.module.bundleURL.appendingPathComponent("Resources/\(name)")
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: resource(name)))
    }

    /// A folder of its own for one test.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Runs `body` on a file with `content`.
    static func withFile<Result>(_ content: Data, _ body: (URL) throws -> Result) throws -> Result {
        try withFolder { folder in
            let file = folder.appendingPathComponent("file")
            try content.write(to: file)
            return try body(file)
        }
    }
}

/// A tokenizer with goldens.
enum Model: String, CaseIterable, CustomTestStringConvertible {
    case tinyGPT2 = "tiny-gpt2"
    case tinyLlama3 = "tiny-llama3"
    case tinyQwen2 = "tiny-qwen2"
    case gpt2
    case llama2
    case tok512

    var testDescription: String { rawValue }

    /// The files outside the package that it is read from.
    private var dataFiles: [URL] {
        let names: [String] =
            switch self {
            case .tinyGPT2, .tinyLlama3, .tinyQwen2: []
            case .gpt2: ["tokenizers/encoder.json", "tokenizers/vocab.bpe"]
            case .llama2: ["tokenizers/llama2-tokenizer.model"]
            case .tok512: ["stories260k/tok512.bin"]
            }
        return names.map(Fixtures.data.appendingPathComponent)
    }

    private var missingFile: URL? {
        dataFiles.first { !FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Those whose files are on this machine.
    static let present = allCases.filter(\.isPresent)

    var isPresent: Bool { missingFile == nil }

    /// Why a test of it is skipped.
    var absence: Comment {
        "\(missingFile?.path ?? "nothing") is absent; ATTENT_DATA names the data folder"
    }

    private static let loaded = Mutex<[Model: any Tokenizer]>([:])

    /// The tokenizer, read once for all tests.
    func load() throws -> any Tokenizer {
        if let tokenizer = Self.loaded.withLock({ $0[self] }) { return tokenizer }
        let tokenizer = try read()
        Self.loaded.withLock { $0[self] = tokenizer }
        return tokenizer
    }

    private func read() throws -> any Tokenizer {
        switch self {
        case .tinyGPT2, .tinyLlama3, .tinyQwen2:
            try BytePairTokenizer(contentsOf: Fixtures.resource("\(rawValue).tokenizer.json"))
        case .gpt2: try BytePairTokenizer(encoder: dataFiles[0], merges: dataFiles[1])
        case .llama2: try SentencePieceTokenizer(contentsOf: dataFiles[0])
        case .tok512: try Llama2CTokenizer(contentsOf: dataFiles[0])
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
