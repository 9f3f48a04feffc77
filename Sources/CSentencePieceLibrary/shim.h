#ifndef ATTENT_CSENTENCEPIECE_LIBRARY_SHIM_H
#define ATTENT_CSENTENCEPIECE_LIBRARY_SHIM_H

// Only the C++ target CSentencePiece includes the library; this module carries its pkg-config flags.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#endif
