import Foundation

/// Makes the parts of a byte-level BPE from a `tokenizer.json`, and refuses by name what it does not know.
struct TokenizerFileBuilder {
    typealias Component = TokenizerFile.Component

    let file: String

    func parts(of data: Data) throws(TokenizerError) -> BytePairParts {
        let type = try decodeJSON(TokenizerFile.ModelType.self, from: data, file: file).model.type ?? "BPE"
        guard type == "BPE" else { throw unsupported("model.type", type.debugDescription, "\"BPE\"") }
        let content = try decodeJSON(TokenizerFile.self, from: data, file: file)
        try check(content.model)
        if let decoder = content.decoder { try check(decoder: decoder, "decoder") }
        let template = try TemplateBuilder(builder: self).frame(content.postProcessor, "post_processor")
        let usesNFC = try usesNFC(content.normalizer, "normalizer")
        let addedTokens = (content.addedTokens ?? []).map(\.token)
        return BytePairParts(
            file: file, vocabularyPath: "model.vocab and added_tokens", vocabulary: content.model.vocab,
            merges: content.model.merges.map { ($0.left, $0.right) }, mergesFile: file,
            mergeLocation: { "model.merges[\($0)]" }, unknownToken: content.model.unkToken,
            ignoresMerges: content.model.ignoreMerges ?? false,
            addedTokens: addedTokens.map { usesNFC && $0.isNormalized ? $0.inNFC : $0 }, normalizesToNFC: usesNFC,
            preTokenizer: try PreTokenizerBuilder(builder: self).build(content.preTokenizer),
            prefix: template.prefix, suffix: template.suffix)
    }

    func unsupported(_ path: String, _ found: String, _ supported: String) -> TokenizerError {
        .unsupported(file: file, path: path, found: found, supported: supported)
    }

    private func check(_ model: TokenizerFile.Model) throws(TokenizerError) {
        if let dropout = model.dropout, dropout != 0 { throw unsupported("model.dropout", "\(dropout)", "null") }
        if let prefix = model.continuingSubwordPrefix, !prefix.isEmpty {
            throw unsupported("model.continuing_subword_prefix", prefix.debugDescription, "null")
        }
        if let suffix = model.endOfWordSuffix, !suffix.isEmpty {
            throw unsupported("model.end_of_word_suffix", suffix.debugDescription, "null")
        }
        if model.byteFallback == true {
            throw unsupported("model.byte_fallback", "true", "false (bytes are the alphabet)")
        }
        guard let unknown = model.unkToken else { return }
        if model.fuseUnk == true { throw unsupported("model.fuse_unk", "true", "false") }
        guard model.vocab[unknown] != nil else {
            throw .malformed(
                file: file, location: "model.unk_token", found: unknown.debugDescription,
                expected: "a token of model.vocab")
        }
    }

    private func usesNFC(_ normalizer: Component?, _ path: String) throws(TokenizerError) -> Bool {
        switch normalizer?.type {
        case nil: return false
        case "NFC": return true
        case "Sequence":
            var usesNFC = false
            for (index, part) in (normalizer?.normalizers ?? []).enumerated() {
                if try self.usesNFC(part, "\(path).normalizers[\(index)]") { usesNFC = true }
            }
            return usesNFC
        case let type?:
            throw unsupported("\(path).type", type.debugDescription, "null, \"NFC\", \"Sequence\" of these")
        }
    }

    private func check(decoder: Component, _ path: String) throws(TokenizerError) {
        switch decoder.type {
        case "ByteLevel": return
        case "Sequence":
            for (index, part) in (decoder.decoders ?? []).enumerated() {
                try check(decoder: part, "\(path).decoders[\(index)]")
            }
        default:
            throw unsupported("\(path).type", decoder.type.debugDescription, "\"ByteLevel\", \"Sequence\" of it")
        }
    }
}

/// Reads a post-processor: which ids come before a sequence and which after it.
private struct TemplateBuilder {
    typealias Frame = (prefix: [Int32], suffix: [Int32])

    let builder: TokenizerFileBuilder

    func frame(_ component: TokenizerFile.Component?, _ path: String) throws(TokenizerError) -> Frame {
        switch component?.type {
        case nil, "ByteLevel": return ([], [])
        case "TemplateProcessing": return try template(component?.single ?? [], component?.specialTokens ?? [:], path)
        case "Sequence":
            var frame: Frame = ([], [])
            for (index, part) in (component?.processors ?? []).enumerated() {
                let inner = try self.frame(part, "\(path).processors[\(index)]")
                frame = (inner.prefix + frame.prefix, frame.suffix + inner.suffix)
            }
            return frame
        case let type?:
            throw builder.unsupported(
                "\(path).type", type.debugDescription,
                "null, \"ByteLevel\", \"TemplateProcessing\", \"Sequence\" of these")
        }
    }

    private func template(
        _ pieces: [TokenizerFile.TemplatePiece], _ tokens: [String: TokenizerFile.TemplateToken], _ path: String
    ) throws(TokenizerError) -> Frame {
        var frame: Frame = ([], [])
        var sequences = 0
        for (index, piece) in pieces.enumerated() {
            let place = "\(path).single[\(index)]"
            guard let special = piece.special else {
                sequences += 1
                continue
            }
            guard let ids = tokens[special.id]?.ids else {
                throw .malformed(
                    file: builder.file, location: place, found: special.id.debugDescription,
                    expected: "a key of \(path).special_tokens")
            }
            if sequences == 0 { frame.prefix += ids } else { frame.suffix += ids }
        }
        guard sequences == 1 else {
            throw builder.unsupported("\(path).single", "\(sequences) sequences", "one sequence")
        }
        return frame
    }
}
