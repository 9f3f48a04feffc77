#include <memory>
#include <vector>

#include "status.h"

struct csp_processor {
    sentencepiece::SentencePieceProcessor value;
};

csp_status csp_load(const void *model, size_t count, csp_processor **processor) {
    return csp::guarded([&] {
        auto loaded = std::make_unique<csp_processor>();
        const auto status = loaded->value.LoadFromSerializedProto({static_cast<const char *>(model), count});
        if (!status.ok()) return csp::from(status);
        *processor = loaded.release();
        return CSP_OK;
    });
}

void csp_free(csp_processor *processor) { delete processor; }

csp_status csp_vocabulary_size(const csp_processor *processor, int32_t *size) {
    return csp::guarded([&] {
        *size = processor->value.GetPieceSize();
        return CSP_OK;
    });
}

csp_status csp_special_tokens(const csp_processor *processor, csp_special_ids *ids) {
    return csp::guarded([&] {
        const auto &value = processor->value;
        *ids = {value.unk_id(), value.bos_id(), value.eos_id(), value.pad_id()};
        return CSP_OK;
    });
}

csp_status csp_encode(const csp_processor *processor, const char *text, size_t count, int32_t **ids,
                      size_t *id_count) {
    return csp::guarded([&] {
        std::vector<int> encoded;
        const auto status = processor->value.Encode({text, count}, &encoded);
        if (!status.ok()) return csp::from(status);
        return csp::hand_out(encoded.data(), encoded.size(), ids, id_count);
    });
}

csp_status csp_decode(const csp_processor *processor, const int32_t *ids, size_t count, char **text,
                      size_t *text_count) {
    return csp::guarded([&] {
        const std::vector<int> input(ids, ids + count);
        std::string decoded;
        const auto status = processor->value.Decode(input, &decoded);
        if (!status.ok()) return csp::from(status);
        return csp::hand_out(decoded.data(), decoded.size(), text, text_count);
    });
}
