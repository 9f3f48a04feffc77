/// Hugging Face's `tokenizer.json` as it lies on disk, as far as it bears on byte-level BPE.
///
/// `truncation` and `padding` are left out: like `transformers`, we leave both to whoever makes batches.
/// Source: https://github.com/huggingface/tokenizers
struct TokenizerFile: Decodable {
    struct Added: Decodable {
        let token: AddedToken

        private enum CodingKeys: String, CodingKey { case id }

        init(from decoder: any Decoder) throws {
            let id = try decoder.container(keyedBy: CodingKeys.self).decode(Int32.self, forKey: .id)
            token = try AddedTokenProperties(from: decoder).token(id: id)
        }
    }

    /// A normaliser, pre-tokeniser, post-processor or decoder: `type` says which of the fields it has.
    struct Component: Decodable {
        let type: String
        let normalizers: [Component]?
        let pretokenizers: [Component]?
        let processors: [Component]?
        let decoders: [Component]?
        let pattern: SplitPattern?
        let behavior: String?
        let invert: Bool?
        let addPrefixSpace: Bool?
        let useRegex: Bool?
        let individualDigits: Bool?
        let single: [TemplatePiece]?
        let specialTokens: [String: TemplateToken]?

        enum CodingKeys: String, CodingKey {
            case type, normalizers, pretokenizers, processors, decoders, pattern, behavior, invert, single
            case addPrefixSpace = "add_prefix_space"
            case useRegex = "use_regex"
            case individualDigits = "individual_digits"
            case specialTokens = "special_tokens"
        }
    }

    struct SplitPattern: Decodable {
        let regex: String?
        let string: String?

        enum CodingKeys: String, CodingKey {
            case regex = "Regex"
            case string = "String"
        }
    }

    struct TemplatePiece: Decodable {
        struct Reference: Decodable {
            let id: String
        }

        let special: Reference?
        let sequence: Reference?

        enum CodingKeys: String, CodingKey {
            case special = "SpecialToken"
            case sequence = "Sequence"
        }
    }

    struct TemplateToken: Decodable {
        let ids: [Int32]
    }

    struct Model: Decodable {
        let type: String?
        let vocab: [String: Int]
        let merges: [Merge]
        let dropout: Double?
        let unkToken: String?
        let continuingSubwordPrefix: String?
        let endOfWordSuffix: String?
        let fuseUnk: Bool?
        let byteFallback: Bool?
        let ignoreMerges: Bool?

        enum CodingKeys: String, CodingKey {
            case type, vocab, merges, dropout
            case unkToken = "unk_token"
            case continuingSubwordPrefix = "continuing_subword_prefix"
            case endOfWordSuffix = "end_of_word_suffix"
            case fuseUnk = "fuse_unk"
            case byteFallback = "byte_fallback"
            case ignoreMerges = "ignore_merges"
        }
    }

    /// A merge in either form: `"a b"` or `["a", "b"]`.
    struct Merge: Decodable {
        let left: String
        let right: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts =
                if let joined = try? container.decode(String.self) {
                    joined.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                } else {
                    try container.decode([String].self)
                }
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\(parts.count) tokens where a merge has two")
            }
            (left, right) = (parts[0], parts[1])
        }
    }

    /// Only the type, read first: the other models keep their vocabulary in other forms.
    struct ModelType: Decodable {
        struct Model: Decodable {
            let type: String?
        }

        let model: Model
    }

    let model: Model
    let addedTokens: [Added]?
    let normalizer: Component?
    let preTokenizer: Component?
    let postProcessor: Component?
    let decoder: Component?

    enum CodingKeys: String, CodingKey {
        case model, normalizer, decoder
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
    }
}
