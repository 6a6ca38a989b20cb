// A pretended machine in a host process, for tests: RAM is an arena, a user's loads and stores go through a software walk
// of the same Sv39 tables, and each hart has a TLB that forgets nothing by itself. So a forgotten flush, a right too many
// or a page too few shows here just as on hardware, in milliseconds, under the sanitizers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace arch::host {

inline constexpr uint64_t RAM_START = 0x8000'0000;

std::byte* arena_base();

// Makes a fresh machine with so much RAM and hands it to the frame allocator. Once per process.
void power_on(size_t ram_bytes = 16 << 20);

// Which hart the test pretends to run on from now on.
void run_on_hart(unsigned index);

// Called on a page fault of user code; returns whether to try again. What the kernel does in on_page_fault().
void set_fault_handler(std::function<bool(VirtAddr, Perms)> handler);

// What a user program on the current hart would do. False (or fewer bytes) when the access faults for good.
bool can_access(VirtAddr address, Perms access);
bool load(VirtAddr address, void* to, size_t size);
bool store(VirtAddr address, const void* from, size_t size);

// Page faults taken, and flushes of any TLB asked for, since power_on.
size_t fault_count();
size_t flush_count();

}  // namespace arch::host
