// What a panic report asks of the layers above it.
#pragma once

#include "base/print.h"

namespace kern {

// Writes who runs on this hart and its address-space map. Implemented by kern/process; takes no lock and allocates
// nothing, because it runs in the middle of whatever went wrong.
void describe_current_process(TextSink& sink);

}  // namespace kern
