#include "host/host.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "mm/frame.h"

namespace arch {

namespace {

struct PretendedHart {
    Hart hart;
    PhysAddr root{};                             // null: the kernel's table alone
    std::unordered_map<uint64_t, Pte> tlb = {};  // by page number
};

struct Machine {
    std::byte* arena = nullptr;
    PretendedHart harts[MAX_HARTS];
    unsigned current = 0;
    std::function<bool(VirtAddr, Perms)> fault_handler;
    size_t faults = 0;
    size_t flushes = 0;
} machine;

PretendedHart& current() { return machine.harts[machine.current]; }

// The walk of the privileged spec, section 4.3.2, for 4 KiB leaves.
Pte walk(PhysAddr root, VirtAddr address) {
    PhysAddr table = root;
    for (int level = 2;; level--) {
        Pte entry = reinterpret_cast<Pte*>(phys_to_virt(table))[table_index(address, level)];
        if (level == 0 || !entry.is_valid()) return entry;
        table = entry.frame();
    }
}

// The translation this hart uses: a cached one if there is any, however stale.
Pte translate(VirtAddr address, Perms access) {
    PretendedHart& hart = current();
    if (hart.root == PhysAddr{} || address.value >= USER_HALF_END) return {};
    auto cached = hart.tlb.find(address.page_number());
    if (cached != hart.tlb.end() && cached->second.permits(access)) return cached->second;
    Pte entry = walk(hart.root, address);
    if (entry.is_valid()) hart.tlb[address.page_number()] = entry;
    return entry;
}

// A fault handler that says "try again" without having made the access possible would keep a real hart busy for ever.
constexpr int MAX_TRIES = 16;

std::byte* access_page(VirtAddr address, Perms access) {
    for (int i = 0; i < MAX_TRIES; i++) {
        Pte entry = translate(address, access);
        if (entry.permits(access)) return phys_to_virt(entry.frame()) + address.page_offset();
        machine.faults++;
        if (!machine.fault_handler || !machine.fault_handler(address, access)) return nullptr;
    }
    fprintf(stderr, "page fault at 0x%lx: the handler said it was resolved, %d times, and it is not\n", address.value, MAX_TRIES);
    abort();
}

// Copies page by page between user and kernel memory; returns the bytes done.
template <typename Copy>
size_t for_each_part(VirtAddr at, size_t size, Perms access, Copy copy) {
    size_t done = 0;
    while (done < size) {
        VirtAddr here = at + done;
        size_t chunk = std::min<size_t>(size - done, PAGE_SIZE - here.page_offset());
        std::byte* bytes = access_page(here, access);
        if (!bytes) break;
        copy(bytes, done, chunk);
        done += chunk;
    }
    return done;
}

void forget(PretendedHart& hart, VirtRange range) {
    machine.flushes++;
    std::erase_if(hart.tlb, [&](const auto& entry) { return range.contains(VirtAddr(entry.first << PAGE_SHIFT)); });
}

}  // namespace

namespace host {

std::byte* arena_base() { return machine.arena; }

void power_on(size_t ram_bytes) {
    // Not from malloc: the leak checker would search all of RAM for pointers.
    void* arena = mmap(nullptr, ram_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED) abort();
    machine.arena = static_cast<std::byte*>(arena);
    for (unsigned i = 0; i < MAX_HARTS; i++) machine.harts[i].hart.index = i;
    add_memory(PhysAddr(RAM_START), PhysAddr(RAM_START + ram_bytes), {}, {});
}

void run_on_hart(unsigned index) { machine.current = index; }
void set_fault_handler(std::function<bool(VirtAddr, Perms)> handler) { machine.fault_handler = std::move(handler); }
bool can_access(VirtAddr address, Perms access) { return access_page(address, access) != nullptr; }
bool load(VirtAddr address, void* to, size_t size) { return user_read(to, address, size) == size; }
bool store(VirtAddr address, const void* from, size_t size) { return user_write(address, from, size) == size; }
size_t fault_count() { return machine.faults; }
size_t flush_count() { return machine.flushes; }

}  // namespace host

// THE CONTRACT

Hart& this_hart() { return current().hart; }

void share_kernel_half(Pte*) {}

void activate(PhysAddr root) {
    current().root = root;
    current().tlb.clear();
}

void flush_tlb(VirtRange range) { forget(current(), range); }

void flush_tlb_remote(uint64_t harts, VirtRange range) {
    for (unsigned i = 0; i < MAX_HARTS; i++)
        if (harts >> i & 1) forget(machine.harts[i], range);
}

size_t user_read(void* to, VirtAddr from, size_t size) {
    return for_each_part(from, size, Perms::r(), [&](std::byte* bytes, size_t done, size_t chunk) {
        memcpy(static_cast<std::byte*>(to) + done, bytes, chunk);
    });
}

size_t user_write(VirtAddr to, const void* from, size_t size) {
    return for_each_part(to, size, Perms(Perms::W), [&](std::byte* bytes, size_t done, size_t chunk) {
        memcpy(bytes, static_cast<const std::byte*>(from) + done, chunk);
    });
}

uint64_t now_ns() { return 0; }
void console_write(std::string_view text) { fwrite(text.data(), 1, text.size(), stderr); }
void report_panic() {}
void stop_other_harts() {}
void stop_hart() { abort(); }
void power_off(unsigned) { abort(); }  // only a panic powers a pretended machine off

}  // namespace arch
