// Pipes: bytes from writers to readers, in order. See pipe(7).
#pragma once

#include "fs/file.h"

namespace kern {

struct PipeEnds {
    Ref<File> reader;
    Ref<File> writer;
};

// `flags`: NON_BLOCKING for both ends. ENOMEM.
Result<PipeEnds> make_pipe(uint32_t flags);

}  // namespace kern
