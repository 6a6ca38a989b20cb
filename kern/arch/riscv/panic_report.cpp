#include <algorithm>

#include "base/atomic.h"
#include "base/panic.h"
#include "port.h"

namespace kern::arch {

namespace {

constexpr int MAX_BACKTRACE = 32;
constexpr size_t PER_LINE = 4;
const TrapFrame* panic_frame;

void print_registers(Message& report, const TrapFrame& frame) {
    static constexpr const char* NAMES[] = {"ra", "sp", "gp", "tp", "t0", "t1", "t2",  "s0",  "s1", "a0", "a1",
                                            "a2", "a3", "a4", "a5", "a6", "a7", "s2",  "s3",  "s4", "s5", "s6",
                                            "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc", "status"};
    const uint64_t* values = &frame.ra;
    for (size_t i = 0; i < std::size(NAMES); i++)
        format_to(report, "{8} {016x}{}", NAMES[i], values[i], i % PER_LINE == PER_LINE - 1 ? "\n" : "");
}

// `address` is shown by the function that the byte at `inside` belongs to.
void print_place(Message& report, uint64_t address, uint64_t inside) {
    Symbol symbol = find_symbol(inside);
    format_to(report, "  {016x} {}+0x{x}\n", address, symbol.name.empty() ? "?" : symbol.name,
              symbol.offset + (address - inside));
}

// A call that never returns may be its function's last instruction: what counts is the byte before the return address.
void print_return(Message& report, uint64_t address) { print_place(report, address, address - 1); }

// The return addresses from the frame at `fp` on, but for the first if it is `known`.
// A function with a frame pointer keeps the caller's place just below it; a leaf keeps only the caller's frame pointer.
//
//     fp ->  +---------------------+          leaf:  fp -> +---------------------+
//      - 8   | return address      |                  - 8  | caller's fp         |
//      - 16  | caller's fp         |                       +---------------------+
void print_backtrace(Message& report, uint64_t fp, uint64_t known) {
    for (int depth = 0; depth < MAX_BACKTRACE; depth++) {
        if (fp % 8 != 0 || !is_kernel_memory(fp - 16) || !is_kernel_memory(fp - 8)) return;
        uint64_t return_address = reinterpret_cast<uint64_t*>(fp)[-1];
        uint64_t caller_fp = reinterpret_cast<uint64_t*>(fp)[-2];
        bool is_return = is_kernel_text(return_address);
        if (!is_return && depth > 0) return;
        if (!is_return)
            caller_fp = return_address;  // a leaf
        else if (depth > 0 || return_address != known)
            print_return(report, return_address);
        if (caller_fp <= fp)
            return;  // stacks grow down: anything else would loop
        fp = caller_fp;
    }
}

bool is_other_running_hart(const Hart& hart) { return hart.thread && &hart != &this_hart(); }

Atomic<uint32_t> all_stop;

[[noreturn]] void stop_at(uint64_t pc, uint64_t frame_pointer) {
    Hart& hart = this_hart();
    hart.stopped_fp = frame_pointer;
    __atomic_store_n(&hart.stopped_pc, pc, __ATOMIC_RELEASE);
    disable_interrupts();
    for (;;)
        wait_for_interrupt();
}
uint64_t stopped_pc(const Hart& hart) { return __atomic_load_n(&hart.stopped_pc, __ATOMIC_ACQUIRE); }

void report_other_hart(Message& report, const Hart& hart) {
    uint64_t pc = stopped_pc(hart);
    format_to(report, "hart {} {}:\n", hart.index, !pc ? "does not answer" : is_kernel_text(pc) ? "was" : "was in user mode");
    if (!pc) return;
    print_place(report, pc, pc);
    print_backtrace(report, hart.stopped_fp, pc + 1);
}

struct Entry {
    uint64_t address;
    const char* name;
};
extern "C" const Entry kernel_symbols[];  // made by the second link, ascending

}  // namespace

Symbol find_symbol(uint64_t address) {
    std::span table(kernel_symbols, kernel_symbol_count);
    auto after = std::ranges::upper_bound(table, address, {}, &Entry::address);
    if (!is_kernel_text(address) || after == table.begin()) return {};
    const Entry& entry = *(after - 1);
    return {entry.name, address - entry.address};
}

void stop_other_harts() {
    all_stop.store(1);
    for (const Hart& hart : harts)
        if (is_other_running_hart(hart))
            send_interrupt(hart.index);
    uint64_t limit = now_ns() + 1'000'000'000;
    for (const Hart& hart : harts)
        while (is_other_running_hart(hart) && !stopped_pc(hart) && now_ns() < limit)
            cpu_relax();
}

// As an address, the call's last byte: it may be the last one of its function.
void stop_hart() {
    stop_at(reinterpret_cast<uint64_t>(__builtin_return_address(0)) - 1, reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
}

void stop_if_asked(const TrapFrame& frame) {
    if (all_stop.load())
        stop_at(frame.pc, frame.s0);
}

void set_panic_frame(const TrapFrame& frame) { panic_frame = &frame; }

void report_panic() {
    Message report;
    uint64_t fp = reinterpret_cast<uint64_t>(__builtin_frame_address(0)), known = 0;
    if (panic_frame) {
        print_registers(report, *panic_frame);
        fp = panic_frame->s0;
        known = panic_frame->ra;
    }
    format_to(report, "{}backtrace:\n", panic_frame ? "\n" : "");
    if (panic_frame)
        print_place(report, panic_frame->pc, panic_frame->pc);
    if (is_kernel_text(known))
        print_return(report, known);  // the caller, or the last callee; a leaf may stand in the chain below
    print_backtrace(report, fp, known);
    describe_current_process(report);
    for (const Hart& hart : harts)
        if (is_other_running_hart(hart))
            report_other_hart(report, hart);
}

}  // namespace kern::arch
