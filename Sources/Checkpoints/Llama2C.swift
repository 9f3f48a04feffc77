import Foundation
import NN
import Torch

/// A Llama in the layout of Karpathy's llama2.c: seven int32 sizes, then fp32 tensors in a fixed order.
///
/// It offers the weights under Hugging Face's names and in Hugging Face's order of rotated elements.
public struct Llama2CFile: TensorSource {
    /// The sizes in the file's order.
    struct Header: Equatable {
        var width, innerWidth, layerCount, headCount, keyValueHeadCount, vocabularySize, contextLength: Int
        /// Whether the head is the embedding's table; the file says no by a negative vocabulary size.
        var isTied: Bool

        static let byteCount = 28
        var headSize: Int { width / headCount }
        var keyWidth: Int { keyValueHeadCount * headSize }
    }

    /// A tensor's place in the file.
    private struct Place {
        var shape: [Int]
        /// In elements, from the end of the header.
        var offset: Int
        /// Heads whose elements lie as (0, 1), (2, 3), … pairs; 0 where there is nothing to reorder.
        var rotatedHeads: Int
    }

    public let path: String
    private let file: MappedFile
    private let header: Header
    private let places: [String: Place]

    /// - Throws: ``CheckpointError`` where the sizes make no model or do not account for the file's length.
    public init(_ path: String) throws(CheckpointError) {
        let file = try MappedFile(path)
        let header = try Self.header(file)
        let expected = Header.byteCount + 4 * Self.elementCount(header)
        guard file.bytes.count == expected else {
            throw .malformed(
                file: path, found: "\(file.bytes.count) bytes",
                expected: "\(expected), as the sizes in its header add up to")
        }
        (self.path, self.file, self.header, self.places) = (path, file, header, Self.places(header).0)
    }

    private static func header(_ file: MappedFile) throws(CheckpointError) -> Header {
        guard file.bytes.count >= Header.byteCount else {
            throw .malformed(
                file: file.path, found: "\(file.bytes.count) bytes",
                expected: "at least \(Header.byteCount), a llama2.c header")
        }
        let fields = (0..<7).map {
            Int(Int32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
        }
        let header = Header(
            width: fields[0], innerWidth: fields[1], layerCount: fields[2], headCount: fields[3],
            keyValueHeadCount: fields[4], vocabularySize: abs(fields[5]), contextLength: fields[6],
            isTied: fields[5] > 0)
        // Bounds that keep every product of sizes far from overflow.
        let isSane =
            fields.enumerated().allSatisfy { $0.offset == 5 ? $0.element != 0 : $0.element > 0 }
            && fields.allSatisfy { abs($0) <= 1 << 20 } && header.layerCount <= 1 << 12
        guard isSane, header.width % header.headCount == 0, header.headCount % header.keyValueHeadCount == 0,
            header.headSize % 2 == 0
        else {
            throw .malformed(
                file: file.path, found: "the sizes \(fields)",
                expected: "width, inner width, layers, heads, key-value heads, vocabulary and context that make a Llama"
            )
        }
        return header
    }

    /// The number of elements in all, without a list that a header could make longer than its file.
    private static func elementCount(_ header: Header) -> Int {
        func count(layers: Int) -> Int {
            var header = header
            header.layerCount = layers
            return places(header).1
        }
        return count(layers: 0) + header.layerCount * (count(layers: 1) - count(layers: 0))
    }

    /// - Returns: every tensor's place, and the number of elements in all.
    private static func places(_ header: Header) -> ([String: Place], Int) {
        var (places, offset): ([String: Place], Int) = ([:], 0)
        func add(_ name: String, _ shape: [Int], rotatedHeads: Int = 0) {
            places[name] = Place(shape: shape, offset: offset, rotatedHeads: rotatedHeads)
            offset += shape.reduce(1, *)
        }
        func addLayers(_ name: String, _ shape: [Int], rotatedHeads: Int = 0) {
            for index in 0..<header.layerCount {
                add("model.layers.\(index).\(name).weight", shape, rotatedHeads: rotatedHeads)
            }
        }
        let (width, inner, keys) = (header.width, header.innerWidth, header.keyWidth)
        add("model.embed_tokens.weight", [header.vocabularySize, width])
        addLayers("input_layernorm", [width])
        addLayers("self_attn.q_proj", [width, width], rotatedHeads: header.headCount)
        addLayers("self_attn.k_proj", [keys, width], rotatedHeads: header.keyValueHeadCount)
        addLayers("self_attn.v_proj", [keys, width])
        addLayers("self_attn.o_proj", [width, width])
        addLayers("post_attention_layernorm", [width])
        addLayers("mlp.gate_proj", [inner, width])
        addLayers("mlp.down_proj", [width, inner])
        addLayers("mlp.up_proj", [inner, width])
        add("model.norm.weight", [width])
        // Tables of cosines and sines, which nothing reads any more.
        offset += header.contextLength * header.headSize
        if !header.isTied { add("lm_head.weight", [header.vocabularySize, width]) }
        return (places, offset)
    }

    /// The model as a `config.json`.
    public func configuration() throws -> Data {
        let root: [String: Any] = [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": header.vocabularySize,
            "hidden_size": header.width, "intermediate_size": header.innerWidth, "num_hidden_layers": header.layerCount,
            "num_attention_heads": header.headCount, "num_key_value_heads": header.keyValueHeadCount,
            "max_position_embeddings": header.contextLength, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": header.isTied, "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2,
        ]
        return try JSONSerialization.data(withJSONObject: root, options: [.prettyPrinted, .sortedKeys])
    }

    public var tensorNames: [String] { places.keys.sorted() }
    public func shape(of name: String) -> [Int]? { places[name]?.shape }

    public func tensor(named name: String) throws -> Tensor {
        guard let place = places[name] else {
            throw CheckpointError.malformed(file: path, found: "no tensor \(name)", expected: "one")
        }
        let start = Header.byteCount + 4 * place.offset
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + 4 * place.shape.reduce(1, *)])
        let stored = try Tensor.borrowing(bytes, owner: file, dtype: .float32, shape: place.shape)
        guard place.rotatedHeads > 0 else { return stored }
        // [H · D, in]: element 2i + j of a head goes to i + j · D/2.
        return try stored.reshaped(place.rotatedHeads, header.headSize / 2, 2, header.width).transposed(1, 2)
            .reshaped(place.shape)
    }
}
