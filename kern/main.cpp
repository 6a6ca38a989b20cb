// From the firmware to the first process, in the order a reader wants to see it.
#include "dev/board.h"
#include "fs/disk.h"
#include "fs/mount.h"
#include "port.h"
#include "process/lifecycle.h"
#include "syscall/table.h"

// Boot argument `selftest`: checks what only the machine can show, and powers off. See grade/kernel/selftest.cpp.
void start_selftests(std::string_view which);
// Boot argument `failnth`: see grade/kernel/fail_nth.cpp.
void fail_nth_allocation(uint64_t n);

static constinit BootArgs args{};
static constinit std::span<const std::byte> initramfs{};

[[noreturn]] static void give_up(std::string_view why) {
    alert("astrolabe: cannot start: {}\n", why);
    arch::power_off(PANIC_STATUS);
}

// How it is shown: the words that reach the console from here on.
static void set_up_messages(const BootArgs& args, uint64_t hart_id, const Machine& machine) {
    quiet = args.quiet;
    frame_messages(args.log_nonce);
    if (!quiet || !args.log_nonce.empty())
        alert("astrolabe: hart {} of {}, {} MiB of memory\n", hart_id, machine.hart_count,
              (machine.memory_end - machine.memory_start) >> 20);
    if (!args.unknown.empty()) print("astrolabe: boot argument ignored: {}\n", args.unknown);
}

static std::span<const std::byte> set_up_memory(const Machine& machine) {
    auto [start, end] = std::pair(machine.initrd_start, machine.initrd_end);
    if (start < end && (start < machine.memory_start || end > machine.memory_end)) give_up("the initramfs is outside memory");
    auto free_start = arch::set_up_memory(machine);
    if (!free_start) give_up("too little memory for the kernel and its initramfs");
    add_memory(*free_start, machine.memory_end, start, end);
    print("astrolabe: {} of {} frames free, initramfs of {} KiB\n", free_frame_count(), total_frame_count(), (end - start) >> 10);
    return {arch::phys_to_virt(start), end - start};
}

// The boot argument wins, so that a run can be repeated; then the firmware's seed; the clock is better than nothing.
static void set_up_random(const BootArgs& args, const Machine& machine) {
    uint64_t number = args.seed.value_or(arch::now_ns() ^ dev::wall_clock_ns());
    bool from_firmware = !args.seed && !machine.random_seed.empty();
    seed_random(from_firmware ? machine.random_seed : std::as_bytes(std::span(&number, 1)));
}

// The other harts come up by themselves from here on, and wait for something to run.
static void start_scheduler(const BootArgs& args, uint64_t hart_id, const Machine& machine) {
    Scheduler::start(args.hz);
    for (uint32_t id : std::span(machine.hart_ids, machine.hart_count))
        if (id != hart_id && !Scheduler::start_hart(id)) print("astrolabe: hart {} does not start\n", id);
}

// The root may be on a disk, which a thread can wait for.
static void finish_boot(Thread&) {
    if (!mount_root(initramfs, args)) give_up("no root file system");
    PhysAddr start = arch::virt_to_phys(initramfs.data()), end = (start + initramfs.size()).page_down();
    for (PhysAddr page = start.page_up(); page < end; page += PAGE_SIZE)
        if (const Frame& frame = frame_at(page); frame.use == FrameUse::kernel && !frame.refs.load())  // not a file's
            free_memory(page, page + PAGE_SIZE);
    if (args.fail_nth) fail_nth_allocation(*args.fail_nth);
    if (!args.selftest.empty()) start_selftests(args.selftest);
    else start_init(args);
    Scheduler::exit();
}

// `device_tree` is physical. Runs on the boot stack, which becomes the idle thread's.
extern "C" [[noreturn]] void kernel_main(uint64_t hart_id, PhysAddr device_tree) {
    arch::set_up_traps(hart_id);
    auto machine = arch::read_machine(device_tree);
    if (!machine) give_up("the firmware's device tree is malformed");
    args = parse_boot_args(machine->boot_arguments);

    arch::set_up_clock(*machine);
    dev::set_up_board(*machine);
    set_up_messages(args, hart_id, *machine);
    initramfs = set_up_memory(*machine);
    set_up_random(args, *machine);

    if (!set_up_vdso()) give_up("no memory for the vDSO");
    init_syscalls();
    start_scheduler(args, hart_id, *machine);
    set_up_disks(*machine);
    auto* last_steps = new (std::nothrow) Thread();
    if (!last_steps || !last_steps->prepare(finish_boot)) give_up("no memory for a thread");
    Scheduler::wake(*last_steps);
    Scheduler::run_idle();
}
