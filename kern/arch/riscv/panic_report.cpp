#include "port.h"

namespace arch {

constexpr std::string_view REGISTERS[] = {
    "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
    "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc", "status"};

static void print_registers(Message& report, const TrapFrame& frame) {
    for (size_t i = 0; i < std::size(REGISTERS); i++)
        format_to(report, "{8} {016x}{}", REGISTERS[i], (&frame.ra)[i], i % 4 == 3 ? "\n" : "");
    report.write("\n");
}

// `address` is shown by the function that the byte at `inside` belongs to.
static void print_place(Message& report, uint64_t address, uint64_t inside) {
    Symbol symbol = find_symbol(inside);
    format_to(report, "  {016x} {}+0x{x}\n", address, symbol.name.empty() ? "?" : symbol.name, symbol.offset + (address - inside));
}

// A call that never returns may be its function's last instruction: what counts is the byte before the return address.
static void print_return(Message& report, uint64_t address) { print_place(report, address, address - 1); }

// The return addresses from the frame at `fp` on, but for the first if it is `known`.
// A function with a frame pointer keeps the caller's place just below it; a leaf keeps only the caller's frame pointer.
//
//     fp ->  +---------------------+          leaf:  fp -> +---------------------+
//      - 8   | return address      |                  - 8  | caller's fp         |
//      - 16  | caller's fp         |                       +---------------------+
static void print_callers(Message& report, uint64_t fp, uint64_t known) {
    constexpr int MAX_DEPTH = 32;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        if (fp % 8 != 0 || !is_kernel_memory(fp - 16) || !is_kernel_memory(fp - 8)) return;
        auto* frame = reinterpret_cast<uint64_t*>(fp);
        bool is_leaf = !is_kernel_text(frame[-1]);
        uint64_t caller_fp = is_leaf ? frame[-1] : frame[-2];
        if (is_leaf && depth > 0) return;
        if (!is_leaf && (depth > 0 || frame[-1] != known)) print_return(report, frame[-1]);
        if (caller_fp <= fp) return;  // stacks grow down: anything else would loop
        fp = caller_fp;
    }
}

// How a hart came to where it stopped.
static void print_backtrace(Message& report, const Hart& hart) {
    uint64_t known = hart.stop_trap ? hart.stop_trap->ra : 0;
    if (hart.stop_trap) print_place(report, hart.stop_trap->pc, hart.stop_trap->pc);
    // The caller, or the last callee; a leaf may stand in the chain below.
    if (is_kernel_text(known)) print_return(report, known);
    print_callers(report, hart.stop_fp, known);
}

static bool is_other_running_hart(const Hart& hart) { return hart.thread && &hart != &this_hart(); }

static void note_stop(uint64_t fp) {
    Hart& hart = this_hart();
    hart.stop_fp = hart.stop_trap ? hart.stop_trap->s0 : fp;
    hart.has_stopped.store_release(true);
}

static void report_other_hart(Message& report, const Hart& hart) {
    bool in_user_mode = hart.stop_trap && !is_kernel_text(hart.stop_trap->pc);
    bool answers = hart.has_stopped.load_acquire();
    format_to(report, "hart {} {}:\n", hart.index, !answers ? "does not answer" : in_user_mode ? "was in user mode" : "was");
    if (answers) print_backtrace(report, hart);
}

struct Entry {
    uint64_t address;
    const char* name;
};
extern "C" const uint64_t kernel_symbol_count;  // made by the second link
extern "C" const Entry kernel_symbols[];        // ascending

Symbol find_symbol(uint64_t address) {
    std::span table(kernel_symbols, kernel_symbol_count);
    auto after = std::ranges::upper_bound(table, address, {}, &Entry::address);
    if (!is_kernel_text(address) || after == table.begin()) return {};
    return {after[-1].name, address - after[-1].address};
}

void stop_other_harts() {
    for (const Hart& hart : harts)
        if (is_other_running_hart(hart)) send_interrupt(hart.index);
    uint64_t limit = now_ns() + 1'000'000'000;
    for (const Hart& hart : harts)
        while (is_other_running_hart(hart) && !hart.has_stopped.load_acquire() && now_ns() < limit) cpu_relax();
}

void stop_hart() {
    disable_interrupts();
    note_stop(reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
    for (;;) wait_for_interrupt();
}

void report_panic() {
    Message report;
    const Hart& hart = this_hart();
    note_stop(reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
    if (hart.stop_trap) print_registers(report, *hart.stop_trap);
    report.write("backtrace:\n");
    print_backtrace(report, hart);
    describe_current_process(report);
    for (const Hart& other : harts)
        if (is_other_running_hart(other)) report_other_hart(report, other);
}

}  // namespace arch
