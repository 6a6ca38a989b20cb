// The kernel's command line:
//
//     init=/bin/sh quiet seed=7 -- "first argument" second        see docs for each word
//
// Words behind `--` are init's arguments, with double quotes around what contains spaces and \" \\ \n inside them.
#pragma once

enum class ConsoleMode : uint32_t {
    tty,  // the terminal: line editing, echo, \n becomes \r\n
    raw,  // a program's output byte for byte; its input is /dev/null
};

struct BootArgs {
    std::string_view init = "/bin/init";
    std::string_view root;       // a disk, as /dev/vda; empty: the initramfs
    std::string_view arguments;  // init's argv[1] and on, a NUL behind each
    bool randomize_maps = true;  // norandmaps
    bool quiet = false;
    std::string_view selftest;  // the kernel's own tests to run: "all", or the name of one that ends in a panic
    std::optional<uint64_t> seed;
    std::optional<uint64_t> fail_nth;  // of the allocations from the first process on, this one fails; 0: as /dev/failnth says
    uint64_t hz = 100;  // timer interrupts a second, 1 to 10000
    ConsoleMode console = ConsoleMode::tty;
    std::string_view log_nonce;
    std::string_view unknown;  // the first word that means nothing to us
};

// Takes the command line apart in place: `text` is overwritten, and the result points into it.
BootArgs parse_boot_args(std::span<char> text);
// The text as it was before, for /proc/cmdline.
std::string_view boot_command_line();

// Takes off and returns what stands before the first `end`, or all; `end` itself goes, too.
std::string_view take_until(std::string_view& text, char end);
