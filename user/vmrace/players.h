#pragma once

#include <stdint.h>

// The pages that all threads change.
constexpr uintptr_t PLAYERS_WINDOW = 0x20'0000'0000;
constexpr unsigned PLAYERS_PAGES = 24;

enum class Ending { exit, exec };

// Plays with so many threads; the first to be done ends the process, whatever the others are at: status 0, or 1 when a page did
// not hold what its thread had put there.
[[noreturn]] void play(unsigned threads, unsigned calls, unsigned long seed, Ending ending);
