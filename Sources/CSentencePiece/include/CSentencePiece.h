#ifndef ATTENT_CSENTENCEPIECE_H
#define ATTENT_CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A C ABI over libsentencepiece.
//
// Every call returns CSP_OK or CSP_FAILED; after a failure csp_last_error() holds this thread's message until
// its next call. No C++ exception crosses. Text is UTF-8 given by address and length, and may hold zero bytes.
// A buffer handed out through a pointer-to-pointer belongs to the caller, who gives it back to csp_release().

typedef enum { CSP_OK = 0, CSP_FAILED = 1 } csp_status;

typedef struct csp_processor csp_processor;

typedef struct {
    int32_t unknown;
    int32_t bos;
    int32_t eos;
    int32_t pad;
} csp_special_ids;

// One option of the trainer, named as on spm_train's command line.
typedef struct {
    const char *name;
    const char *value;
} csp_option;

const char *csp_last_error(void);
void csp_release(void *buffer);

// Parses a serialised ModelProto, the content of a .model file.
csp_status csp_load(const void *model, size_t count, csp_processor **processor);
void csp_free(csp_processor *processor);

csp_status csp_vocabulary_size(const csp_processor *processor, int32_t *size);
// A special token that the model does not have is -1.
csp_status csp_special_tokens(const csp_processor *processor, csp_special_ids *ids);

csp_status csp_encode(const csp_processor *processor, const char *text, size_t count, int32_t **ids,
                      size_t *id_count);
csp_status csp_decode(const csp_processor *processor, const int32_t *ids, size_t count, char **text,
                      size_t *text_count);

// Trains on `line_count` lines laid end to end in `text`; `line_ends[i]` is where line i stops.
csp_status csp_train(const csp_option *options, size_t option_count, const char *text, const size_t *line_ends,
                     size_t line_count, void **model, size_t *model_count);

#ifdef __cplusplus
}
#endif

#endif
