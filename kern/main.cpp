// From the firmware to the first process, in the order a reader wants to see it.
#include "arch/contract.h"
#include "base/console.h"
#include "base/rng.h"
#include "boot.h"
#include "dev/plic.h"
#include "dev/power.h"
#include "dev/rtc.h"
#include "dev/uart.h"
#include "fs/boot.h"
#include "mm/frame.h"
#include "process/init.h"
#include "process/vdso.h"
#include "process/process.h"
#include "sched/scheduler.h"
#include "selftest.h"
#include "syscall/table.h"

namespace kern {

namespace {

constexpr unsigned BOOT_FAILED = 125;

[[noreturn]] void give_up(std::string_view why) {
    alert("astrolabe: cannot start: {}\n", why);
    arch::power_off(BOOT_FAILED);
}

// How it is shown: the words that reach the console from here on.
void set_up_messages(const BootArgs& args, uint64_t hart_id, const Machine& machine) {
    set_quiet(args.quiet);
    frame_messages(args.log_nonce);
    if (!args.quiet || !args.log_nonce.empty())
        alert("astrolabe: hart {} of {}, {} MiB of memory\n", hart_id, machine.hart_count,
              (machine.memory_end - machine.memory_start) >> 20);
    for (std::string_view word : std::span(args.unknown, args.unknown_count))
        print("astrolabe: boot argument ignored: {}\n", word);
}

std::span<const std::byte> set_up_memory(const Machine& machine) {
    auto memory = arch::set_up_memory(machine);
    if (!memory)
        give_up("too little memory for the kernel and its initramfs");
    if (memory->initrd.empty() && machine.initrd_end > machine.initrd_start)
        give_up("the initramfs lies outside the memory");
    add_memory(memory->free_start, memory->free_end);
    print("astrolabe: {} of {} frames free, initramfs of {} KiB\n", free_frame_count(), total_frame_count(),
          memory->initrd.size() >> 10);
    return memory->initrd;
}

// The boot argument wins, so that a run can be repeated; then the firmware's seed; the clock is better than nothing.
void set_up_random(const BootArgs& args, const Machine& machine) {
    uint64_t number = args.has_seed ? args.seed : arch::now_ns() ^ dev::wall_clock_ns();
    bool from_firmware = !args.has_seed && !machine.random_seed.empty();
    seed_random(from_firmware ? machine.random_seed : std::as_bytes(std::span(&number, 1)));
}

void set_up_devices(const Machine& machine) {
    dev::set_up_plic(machine.plic);
    dev::set_up_rtc(machine.rtc);
}

[[noreturn]] void run_selftests_and_power_off(Thread&) { arch::power_off(run_selftests() ? 0 : 1); }

// On a user thread without a process: a bad pointer of theirs is nobody's mapping.
void start_selftests() {
    auto* thread = new (std::nothrow) UserThread(nullptr, nullptr);
    if (!thread || !thread->prepare(run_selftests_and_power_off))
        give_up("no memory for the self-tests");
    Scheduler::wake(*thread);
}

}  // namespace

// `device_tree` is physical. Runs on the boot stack, which becomes the idle thread's.
extern "C" [[noreturn]] void kernel_main(uint64_t hart_id, PhysAddr device_tree) {
    arch::set_up_traps(hart_id);
    auto info = arch::read_boot_info(device_tree);
    if (!info)
        give_up("the firmware's device tree is malformed");
    const Machine& machine = info->machine;
    BootArgs args = parse_boot_args(info->command_line);

    dev::set_up_uart(machine.uart);
    dev::set_up_power(machine.power);
    set_up_messages(args, hart_id, machine);
    if (!arch::set_up_clock(machine))
        give_up("the clock is faster than one tick a nanosecond");
    auto initramfs = set_up_memory(machine);
    set_up_devices(machine);
    set_up_random(args, machine);

    if (!set_up_vdso())
        give_up("no memory for the vDSO");
    init_syscalls();
    Scheduler::start_hart(static_cast<unsigned>(args.hz));
    if (!mount_root(initramfs, args.console))
        give_up("no root file system");
    if (args.selftest)
        start_selftests();
    else
        start_init(args);
    Scheduler::run_idle();
}

}  // namespace kern
