#include <sentencepiece_trainer.h>

#include <unordered_map>

#include "status.h"

namespace {

// Reads the lines from the caller's memory; the trainer copies each before it asks for the next.
class LineIterator final : public sentencepiece::SentenceIterator {
public:
    LineIterator(const char *text, const size_t *ends, size_t count) : text_(text), ends_(ends), count_(count) {
        load();
    }

    bool done() const override { return index_ >= count_; }
    const std::string &value() const override { return line_; }
    sentencepiece::util::Status status() const override { return {}; }

    void Next() override {
        ++index_;
        load();
    }

private:
    void load() {
        if (done()) return;
        const size_t start = index_ == 0 ? 0 : ends_[index_ - 1];
        line_.assign(text_ + start, ends_[index_] - start);
    }

    const char *text_;
    const size_t *ends_;
    size_t count_;
    size_t index_ = 0;
    std::string line_;
};

}  // namespace

csp_status csp_train(const csp_option *options, size_t option_count, const char *text, const size_t *line_ends,
                     size_t line_count, void **model, size_t *model_count) {
    return csp::guarded([&] {
        std::unordered_map<std::string, std::string> arguments;
        for (size_t i = 0; i < option_count; ++i) arguments[options[i].name] = options[i].value;
        LineIterator lines(text, line_ends, line_count);
        std::string serialized;
        const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &lines, &serialized);
        if (!status.ok()) return csp::from(status);
        char *bytes = nullptr;
        const auto copied = csp::hand_out(serialized.data(), serialized.size(), &bytes, model_count);
        *model = bytes;
        return copied;
    });
}
