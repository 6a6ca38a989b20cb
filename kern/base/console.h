// The one console, shared by the kernel's messages and the programs' output.
#pragma once

#include <string_view>

namespace kern {

// A program's bytes, unchanged; whole against the kernel's messages.
void write_console(std::string_view bytes);

// From here on each kernel message is framed, so that a reader can tell it from what programs write:
//     0x1e NONCE ':' text 0x1f
// At most 32 bytes of `nonce` count; empty turns the frames off.
void frame_messages(std::string_view nonce);

// Whether a panic is being reported: who prints then takes no lock.
bool is_panicking();

}  // namespace kern
