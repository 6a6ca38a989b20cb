// What the machine reports of a user program: page faults and exceptions. See arch/contract.h. And the words for it,
// which tell where an address lies.
#include "process/lifecycle.h"

static void describe_mapping(TextSink& sink, std::string_view format, const VmMapping& mapping, VirtRange heap) {
    format_to(sink, format, mapping.range.start, mapping.range.end, mapping.perms, mapping.is_private() ? "p" : "s",
              mapping_name(mapping, heap));
}

static std::string_view verb(Perms access) {
    return access.has(Perms::W) ? "write to" : access.has(Perms::X) ? "jump to" : "read of";
}

// The signals that faults end a program with, by number.
constexpr std::string_view SIGNAL_NAMES[] = {"", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS",
                                             "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV"};

// What the thread hears of it, by FaultOutcome: signal and si_code.
constexpr std::pair<int, int> HEARD[] = {{}, {SIGSEGV, SignalInfo::SEGV_MAPERR}, {SIGSEGV, SignalInfo::SEGV_ACCERR},
                                         {SIGBUS, SignalInfo::BUS_ADRERR}, {SIGKILL, SignalInfo::KERNEL}};

// "nothing mapped there (below 0x10000)", or which mapping `address` lies in.
static void describe_place(TextSink& sink, Vmar& vmar, VirtAddr address) {
    VirtRange gap{VMAR_LOWEST_ADDR, VMAR_CAP_ADDR}, heap = vmar.process_vm().heap().range();
    bool is_mapped = false;
    vmar.for_each([&](const VmMapping& mapping) {
        if (mapping.range.end <= address) gap.start = mapping.range.end;
        else if (mapping.range.start > address) gap.end = std::min(gap.end, mapping.range.start);
        if (!mapping.range.contains(address)) return;
        is_mapped = true;
        describe_mapping(sink, "not allowed there ({}-{} {}{} {})", mapping, heap);
    });
    if (address >= VMAR_CAP_ADDR) format_to(sink, "beyond the user's half of the address space");
    else if (address < VMAR_LOWEST_ADDR) format_to(sink, "nothing mapped there (below {})", VMAR_LOWEST_ADDR);
    else if (!is_mapped) format_to(sink, "nothing mapped there (gap {}-{})", gap.start, gap.end);
}

[[noreturn]] static void kill_for_fault(int signal, FaultOutcome outcome, VirtAddr address, Perms access, VirtAddr pc) {
    char buffer[256];
    BufferSink cause{std::span(buffer)};
    format_to(cause, "{} {} from {}, ", verb(access), address, pc);
    if (outcome == FaultOutcome::past_end) cause.write("past the end of the file mapped there");
    else if (outcome == FaultOutcome::out_of_memory) cause.write("out of memory");
    else describe_place(cause, current_user_thread().vmar(), address);
    kill_for(signal, cause.view());
}

// "sh[7]: killed by SIGSEGV: write to 0x10 from 0x11a4e, nothing mapped there (below 0x10000)"
void kill_for(int signal, std::string_view cause) {
    Process& process = current_process();
    CommandName name = process.lock()->name;
    alert("{}[{}]: killed by {}: {}\n", name.data(), process.pid(), SIGNAL_NAMES[signal], cause);
    exit_process(killed_status(signal));
}

bool arch::on_page_fault(VirtAddr address, Perms access, TrapFrame* frame) {
    UserThread& thread = current_user_thread();
    if (!thread.vmar_ref()) return false;
    FaultOutcome outcome = thread.vmar().handle_fault(address, access);
    if (outcome == FaultOutcome::resolved) [[likely]]
        return true;
    auto [signal, code] = HEARD[static_cast<size_t>(outcome)];
    if (frame && !raise_fault({.number = signal, .code = code, .fields = {address.value}}))
        kill_for_fault(signal, outcome, address, access, frame->user_pc());
    if (outcome != FaultOutcome::out_of_memory) return false;
    CommandName name = thread.process().lock()->name;
    alert("{}[{}]: killed: out of memory in a system call\n", name.data(), thread.process().pid());
    return lock_process_tree()->send(thread.process(), SignalInfo::from_kernel(SIGKILL)), false;
}

void arch::on_user_exception(TrapFrame& frame, int signal, int code, VirtAddr address) {
    if (raise_fault({.number = signal, .code = code, .fields = {address.value}})) return;
    char buffer[96];
    BufferSink cause{std::span(buffer)};
    std::string_view what = signal == SIGILL ? "illegal instruction" : signal == SIGTRAP ? "breakpoint" :
                            "access that the machine refused";
    format_to(cause, "{} at {}", what, frame.user_pc());
    kill_for(signal, cause.view());
}

std::string_view mapping_name(const VmMapping& mapping, VirtRange heap) {
    constexpr std::string_view KINDS[] = {"", "[stack]", "[vdso]", "[vvar]"};  // by MappingKind
    if (mapping.file) return mapping.file->path();
    bool is_heap = mapping.kind == MappingKind::ordinary && heap.overlaps(mapping.range);
    return is_heap ? "[heap]" : KINDS[static_cast<size_t>(mapping.kind)];
}

void describe_current_process(TextSink& sink) {
    Thread* thread = arch::this_hart().thread;
    if (!thread || !thread->space) return format_to(sink, "no program's address space is in use\n");
    auto& self = static_cast<UserThread&>(*thread);
    Process& process = self.process();
    format_to(sink, "process {} ({})\n", process.pid(), process.state_.unlocked().name.data());
    VirtRange heap = self.vmar().process_vm().heap().range_unlocked();
    auto describe = [&](const VmMapping& mapping) { describe_mapping(sink, "  {}-{} {}{} {}\n", mapping, heap); };
    self.vmar().for_each_unlocked(describe);
}
