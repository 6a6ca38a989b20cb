// What the machine reports of a user program: page faults and exceptions. See arch/contract.h.
#include "context.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

std::string_view verb(Perms access) {
    return access.has(Perms::W) ? "write to" : access.has(Perms::X) ? "jump to" : "read of";
}

int signal_for(FaultOutcome outcome) {
    return outcome == FaultOutcome::past_end ? SIGBUS : outcome == FaultOutcome::out_of_memory ? SIGKILL : SIGSEGV;
}

// "sh[7]: killed by SIGSEGV: write to 0x10 from 0x11a4e, nothing mapped there (below 0x10000)"
[[noreturn]] void kill_for(int signal, std::string_view cause) {
    Process& process = current_process();
    CommandName name = process.lock()->name;
    alert("{}[{}]: killed by {}: {}\n", name.data(), process.pid(), signal_name(signal), cause);
    exit_process(killed_status(signal));
}

void describe_outcome(TextSink& sink, FaultOutcome outcome, VirtAddr address) {
    if (outcome == FaultOutcome::past_end)
        format_to(sink, "past the end of the file mapped there");
    else if (outcome == FaultOutcome::out_of_memory)
        format_to(sink, "out of memory");
    else
        describe_place(sink, current_user_thread().vmar(), address);
}

[[noreturn]] void kill_for_fault(FaultOutcome outcome, VirtAddr address, Perms access, VirtAddr pc) {
    char buffer[256];
    BufferSink cause{std::span(buffer)};
    format_to(cause, "{} {} from {}, ", verb(access), address, pc);
    describe_outcome(cause, outcome, address);
    kill_for(signal_for(outcome), cause.view());
}

std::string_view exception_text(int signal) {
    return signal == SIGILL ? "illegal instruction" : signal == SIGTRAP ? "breakpoint" : "access that the machine refused";
}

}  // namespace

bool arch::on_page_fault(VirtAddr address, Perms access, TrapFrame* frame) {
    UserThread& thread = current_user_thread();
    if (!thread.vmar_ref())
        return false;
    FaultOutcome outcome = thread.vmar().handle_fault(address, access);
    if (outcome == FaultOutcome::resolved) [[likely]]
        return true;
    if (frame)
        kill_for_fault(outcome, address, access, frame->user_pc());
    if (outcome == FaultOutcome::out_of_memory)
        send_signal(thread.process(), SIGKILL);
    return false;
}

void arch::on_user_exception(TrapFrame& frame, int signal, int, VirtAddr) {
    char buffer[96];
    BufferSink cause{std::span(buffer)};
    format_to(cause, "{} at {}", exception_text(signal), frame.user_pc());
    kill_for(signal, cause.view());
}

}  // namespace kern
