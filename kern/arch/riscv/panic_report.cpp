#include "panic_report.h"

#include <algorithm>

#include "arch/contract.h"
#include "base/panic_hooks.h"
#include "context.h"
#include "symbols.h"

namespace kern::arch {

namespace {

constexpr int MAX_BACKTRACE = 32;
constexpr size_t PER_LINE = 4;
const TrapFrame* panic_frame;

void print_registers(const TrapFrame& frame) {
    static constexpr const char* NAMES[] = {"ra", "sp", "gp", "tp", "t0", "t1", "t2",  "s0",  "s1", "a0", "a1",
                                            "a2", "a3", "a4", "a5", "a6", "a7", "s2",  "s3",  "s4", "s5", "s6",
                                            "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc", "status"};
    const uint64_t* values = &frame.ra;
    for (size_t i = 0; i < std::size(NAMES); i += PER_LINE) {
        char buffer[120];
        BufferSink line{std::span(buffer)};
        for (size_t n = i; n < std::min(i + PER_LINE, std::size(NAMES)); n++)
            format_to(line, "{8} {016x}", NAMES[n], values[n]);
        alert("{}\n", line.view());
    }
}

// `address` is shown by the function that the byte at `inside` belongs to.
void print_place(uint64_t address, uint64_t inside) {
    Symbol symbol = find_symbol(inside);
    alert("  {016x} {}+0x{x}\n", address, symbol.name.empty() ? "?" : symbol.name, symbol.offset + (address - inside));
}

// A call that never returns may be its function's last instruction: what counts is the byte before the return address.
void print_return(uint64_t address) { print_place(address, address - 1); }

// The return addresses from the frame at `fp` on, but for the first if it is `known`.
// A function with a frame pointer keeps the caller's place just below it; a leaf keeps only the caller's frame pointer.
//
//     fp ->  +---------------------+          leaf:  fp -> +---------------------+
//      - 8   | return address      |                  - 8  | caller's fp         |
//      - 16  | caller's fp         |                       +---------------------+
void print_backtrace(uint64_t fp, uint64_t known) {
    for (int depth = 0; depth < MAX_BACKTRACE; depth++) {
        if (fp % 8 != 0 || !is_kernel_memory(fp - 16) || !is_kernel_memory(fp - 8))
            return;
        uint64_t return_address = reinterpret_cast<uint64_t*>(fp)[-1];
        uint64_t caller_fp = reinterpret_cast<uint64_t*>(fp)[-2];
        bool is_return = is_kernel_text(return_address);
        if (!is_return && depth > 0)
            return;
        if (!is_return)
            caller_fp = return_address;  // a leaf
        else if (depth > 0 || return_address != known)
            print_return(return_address);
        if (caller_fp <= fp)
            return;  // stacks grow down: anything else would loop
        fp = caller_fp;
    }
}

// Collects a line before it becomes a message.
class AlertSink final : public TextSink {
public:
    void write(std::string_view text) override {
        for (char c : text) {
            line_[used_++] = c;
            if (c == '\n' || used_ == sizeof(line_))
                flush();
        }
    }
    void flush() {
        alert("{}", std::string_view(line_, used_));
        used_ = 0;
    }

private:
    char line_[160];
    size_t used_ = 0;
};

}  // namespace

void set_panic_frame(const TrapFrame& frame) { panic_frame = &frame; }

bool is_on_emergency_stack(const void* address) {
    return address >= emergency_stack && address < emergency_stack + KERNEL_STACK_SIZE;
}

void report_panic() {
    if (panic_frame) {
        print_registers(*panic_frame);
        alert("backtrace:\n");
        print_place(panic_frame->pc, panic_frame->pc);
        if (is_kernel_text(panic_frame->ra))
            print_return(panic_frame->ra);  // the caller, or the last callee; a leaf may stand in the chain below
        print_backtrace(panic_frame->s0, panic_frame->ra);
    } else {
        alert("backtrace:\n");
        print_backtrace(reinterpret_cast<uint64_t>(__builtin_frame_address(0)), 0);
    }
    AlertSink sink;
    describe_current_process(sink);
    sink.flush();
}

}  // namespace kern::arch
