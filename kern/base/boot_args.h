// The kernel's command line:
//
//     init=/bin/sh quiet seed=7 -- "first argument" second        see docs for each word
//
// Words behind `--` are init's arguments, with double quotes around what contains spaces and \" \\ \n inside them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kern {

enum class ConsoleMode : uint32_t {
    tty,  // the terminal: line editing, echo, \n becomes \r\n
    raw,  // a program's output byte for byte; its input is /dev/null
};

struct BootArgs {
    static constexpr size_t MAX_UNKNOWN = 8;

    std::string_view init = "/bin/init";
    std::string_view arguments;  // init's argv[1] and on, a NUL between them
    size_t argument_count = 0;
    bool randomize_maps = true;  // norandmaps
    bool quiet = false;
    bool selftest = false;
    bool has_seed = false;
    uint64_t seed = 0;
    uint64_t hz = 100;  // timer interrupts a second, 1 to 10000
    ConsoleMode console = ConsoleMode::tty;
    std::string_view log_nonce;
    // The first words that mean nothing to us.
    std::string_view unknown[MAX_UNKNOWN];
    size_t unknown_count = 0;
};

// Takes the command line apart in place: `text` is overwritten, and the result points into it.
BootArgs parse_boot_args(std::span<char> text);

// Takes the first of `arguments` (as in BootArgs) off.
std::string_view take_argument(std::string_view& arguments);

}  // namespace kern
