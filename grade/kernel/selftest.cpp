// What only the machine itself can show about the kernel (the rest is tested on the host): make test-kernel.
#include <algorithm>
#include <cstring>

#include "mm/slab.h"
#include "mm/vm_space.h"
#include "port.h"
#include "process/process.h"
#include "sched/wait_queue.h"

void start_selftests(std::string_view which);

namespace {

// A test says what was wrong; null: nothing.
using Complaint = const char*;
#define CHECK(condition) \
    if (!(condition))    \
        return #condition

Complaint text_is_formatted() {
    char buffer[64];
    BufferSink sink{std::span(buffer)};
    format_to(sink, "{}|{4}|{04x}|{}|{}", -7, 42, 0xabu, VirtAddr(0x1000), Perms::rx());
    CHECK(sink.view() == "-7|  42|00ab|0x1000|r-x");
    return nullptr;
}

// The key stream of RFC 8439, appendix A.1, test vector 1 (key and nonce zero), its second half.
Complaint random_numbers_are_chacha20() {
    uint64_t fresh[4];
    random_bytes(std::as_writable_bytes(std::span(fresh)));
    seed_random({});
    CHECK(random_u64() == 0x8d485751'7c5941da);
    seed_random(std::as_bytes(std::span(fresh)));
    return nullptr;
}

Complaint memory_is_copied_and_filled() {
    static uint8_t area[400], expected[400];
    for (size_t size : {0, 1, 7, 8, 9, 63, 64, 65, 130})
        for (int distance : {-65, -8, -1, 0, 1, 8, 65}) {
            for (size_t i = 0; i < sizeof(area); i++)
                area[i] = expected[i] = static_cast<uint8_t>(i * 7);
            for (size_t i = 0; i < size; i++)
                expected[100 + distance + i] = static_cast<uint8_t>((100 + i) * 7);
            memmove(area + 100 + distance, area + 100, size);
            CHECK(memcmp(area, expected, sizeof(area)) == 0);
            memset(area + 3, 0x5a, size);
            CHECK(std::all_of(area + 3, area + 3 + size, [](uint8_t byte) { return byte == 0x5a; }));
            CHECK(area[3 + size] == expected[3 + size]);
        }
    return nullptr;
}

Complaint functions_have_names() {
    auto address = reinterpret_cast<uint64_t>(&start_selftests);
    CHECK(arch::find_symbol(address).name == "start_selftests");
    CHECK(arch::find_symbol(address).offset == 0);
    CHECK(arch::find_symbol(address + 2).offset == 2);
    CHECK(arch::find_symbol(0x1000).name.empty());
    return nullptr;
}

Complaint stacks_have_a_guard_page() {
    CHECK(!arch::is_kernel_memory(reinterpret_cast<uint64_t>(arch::boot_stack)));
    CHECK(arch::is_kernel_memory(reinterpret_cast<uint64_t>(arch::boot_stack) + PAGE_SIZE));
    return nullptr;
}

Complaint freed_memory_comes_back() {
    size_t frames = free_frame_count(), bytes = heap_used_bytes();
    for (size_t size = 1; size < 100'000; size *= 3) {
        void* block = heap_allocate(size);
        CHECK(block);
        memset(block, 1, size);
        heap_free(block);
    }
    CHECK(heap_used_bytes() == bytes);
    CHECK(free_frame_count() == frames);
    return nullptr;
}

Complaint clock_and_timer_go_on() {
    uint64_t start = arch::now_ns();
    Atomic<uint32_t> never_set;
    while (arch::now_ns() < start + 5'000'000)
        Scheduler::sleep_until_set(never_set, start + 5'000'000, Scheduler::Interruptible::no);
    return nullptr;
}

// One user page at 0x10000, and nothing behind it: a copy that runs over the end stops at the exact byte.
Complaint check_user_copies(VmSpace& space) {
    static std::byte bytes[300];
    constexpr VirtAddr PAGE(0x10000);
    auto frame = FrameRef::allocate(FrameUse::anon);
    CHECK(frame);
    auto table = space.lock();
    auto slot = table->reach(PAGE);
    CHECK(slot);
    table->fill(*slot, std::move(*frame), Perms::rw());
    table.unlock();
    for (size_t room : {1, 8, 64, 77, 133, 299}) {
        CHECK(arch::user_write(PAGE + (PAGE_SIZE - room), bytes, sizeof(bytes)) == room);
        CHECK(arch::user_read(bytes, PAGE + (PAGE_SIZE - room), sizeof(bytes)) == room);
    }
    CHECK(arch::user_read(bytes, VirtAddr(0x1000), 8) == 0);
    CHECK(arch::user_read(bytes, VirtAddr(USER_HALF_END - 4), 8) == 0);
    CHECK(arch::user_read(bytes, VirtAddr(arch::DIRECT_MAP + 0x80200000), 8) == 0);
    return nullptr;
}

Complaint user_copies_survive_bad_pointers() {
    auto root = VmSpace::make_root();
    CHECK(root);
    VmSpace space(std::move(*root));
    bool enabled = arch::disable_interrupts();
    VmSpace::switch_to(&space);
    Complaint complaint = check_user_copies(space);
    VmSpace::switch_to(nullptr);
    arch::restore_interrupts(enabled);
    return complaint;
}

// SEVERAL HARTS

std::string_view chosen;

// A thread of the kernel that runs `entry`, on another hart if there is one.
void start_thread(void (*entry)(Thread&), VmSpace* space = nullptr) {
    auto* thread = new (std::nothrow) UserThread(nullptr, nullptr);
    ASSERT(thread && thread->prepare(entry));
    thread->space = space;
    Scheduler::wake(*thread);
}

constexpr VirtAddr WATCHED(0x10000);
Atomic<uint64_t> watched_value, looks;
Atomic<uint32_t> is_over;

// Reads the page again and again. Not by user_read(): QEMU forgets all translations when SUM changes.
void watch_page(Thread&) {
    constexpr uint64_t SUM = 1 << 18;
    while (!is_over.load()) {
        asm volatile("csrs sstatus, %0" ::"r"(SUM));
        for (int i = 0; i < 200; i++) {
            watched_value.store(*reinterpret_cast<volatile uint64_t*>(WATCHED.value));
            looks.fetch_add(1);
        }
        asm volatile("csrc sstatus, %0" ::"r"(SUM));
        Scheduler::yield();
    }
    is_over.store_release(2);
    Scheduler::exit();
}

// Puts another frame in the page's place, and returns when nobody can reach the old one.
Complaint replace_page(VmSpace& space, uint64_t value) {
    auto frame = FrameRef::allocate(FrameUse::anon);
    CHECK(frame);
    *reinterpret_cast<uint64_t*>((*frame)->data()) = value;
    FlushBatch batch(space);
    auto table = space.lock();
    Pte* slot = table->find(WATCHED);
    batch.retire(WATCHED, FrameRef::adopt(&frame_at(slot->frame())));
    *slot = Pte::user_page(frame->release()->address(), Perms::rw());
    return nullptr;
}

Complaint check_flushes(VmSpace& space) {
    for (uint64_t round = 1; round <= 2000; round++) {
        if (Complaint complaint = replace_page(space, round)) return complaint;
        for (uint64_t start = looks.load(); looks.load() < start + 2;)
            Scheduler::yield();
        CHECK(watched_value.load() == round);
    }
    return nullptr;
}

Complaint other_harts_forget_translations() {
    auto root = VmSpace::make_root();
    auto frame = FrameRef::allocate(FrameUse::anon);
    CHECK(root && frame);
    auto* space = new (std::nothrow) VmSpace(std::move(*root));  // stays: the other hart may still be on its way out of it
    CHECK(space);
    {
        auto table = space->lock();
        auto slot = table->reach(WATCHED);
        CHECK(slot);
        table->fill(*slot, std::move(*frame), Perms::rw());
    }
    start_thread(watch_page, space);
    Complaint complaint = check_flushes(*space);
    is_over.store(1);
    while (is_over.load_acquire() != 2)
        Scheduler::yield();
    return complaint;
}

// A lock whose waiters sleep, and who waits for it.
Mutex desk(LockRank::inode);
Atomic<Thread*> visitor;
Atomic<uint32_t> visits;

void visit_desk(Thread& self) {
    visitor.store(&self);
    {
        LockGuard guard(desk);
        visits.fetch_add(1);
    }
    Scheduler::exit();
}

Complaint a_sleeping_lock_is_handed_on() {
    uint32_t before = visits.load();
    visitor.store(nullptr);
    desk.lock();
    start_thread(visit_desk);
    while (!visitor.load() || !visitor.load()->is_sleeping())
        Scheduler::yield();
    bool waited = visits.load() == before;
    desk.unlock();
    while (visits.load() == before)
        Scheduler::yield();
    CHECK(waited);
    return nullptr;
}

constexpr struct {
    const char* name;
    Complaint (*run)();
} TESTS[] = {
    {"text is formatted", text_is_formatted},
    {"random numbers are ChaCha20", random_numbers_are_chacha20},
    {"memory is copied and filled", memory_is_copied_and_filled},
    {"functions have names", functions_have_names},
    {"stacks have a guard page", stacks_have_a_guard_page},
    {"freed memory comes back", freed_memory_comes_back},
    {"clock and timer go on", clock_and_timer_go_on},
    {"user copies survive bad pointers", user_copies_survive_bad_pointers},
    {"other harts forget translations", other_harts_forget_translations},
    {"a sleeping lock is handed on", a_sleeping_lock_is_handed_on},
};

bool run_selftests() {
    bool all_passed = true;
    for (const auto& test : TESTS) {
        Complaint complaint = test.run();
        alert("selftest: {4} {}{}{}\n", complaint ? "FAIL" : "ok", test.name, complaint ? ": not " : "",
              complaint ? complaint : "");
        all_passed = all_passed && !complaint;
    }
    return all_passed;
}

// WHAT ENDS THE MACHINE, most of it in a panic, by name. Those that wait for another hart need two.

Locked<uint32_t> coveted(LockRank::vmo);

void hold_for_ever(Thread&) {
    auto held = coveted.lock();
    looks.store(1);
    for (;;)
        arch::cpu_relax();
}

void stall() {
    lock_patience_ns = 100'000'000;
    looks.store(0);
    start_thread(hold_for_ever);
    while (looks.load() == 0)
        arch::cpu_relax();
    (void)coveted.lock();
}

// One thread waits for a sleeping lock, one hart for a spinning one: what a debugger shows of both is known.
void stay_a_while(Thread&) {
    auto held = coveted.lock();
    looks.store(1);
    for (uint64_t start = arch::now_ns(); arch::now_ns() < start + 20'000'000;)
        arch::cpu_relax();
    held.unlock();
    Scheduler::exit();
}

void wait_for_locks() {
    if (a_sleeping_lock_is_handed_on()) arch::power_off(1);
    if (Scheduler::hart_count() > 1) {
        looks.store(0);
        start_thread(stay_a_while);
        while (looks.load() == 0)
            arch::cpu_relax();
        (void)coveted.lock();
    }
    arch::power_off(0);
}

void sleep_with_a_lock() {
    auto held = coveted.lock();
    Scheduler::yield();
}

void take_out_of_order() {
    auto held = coveted.lock();
    Locked<uint32_t> outer(LockRank::vmar);
    (void)outer.lock();
}

void overflow_the_stack() {
    volatile char wide[512] = {};
    if (!wide[0])
        overflow_the_stack();
    wide[1] = 1;
}

// What only a kernel built with SAN=1 notices.

void read_freed_memory() {
    auto* words = static_cast<volatile uint64_t*>(heap_allocate(64));
    heap_free(const_cast<uint64_t*>(words));
    (void)words[3];
}

void write_behind_an_object() { static_cast<volatile uint8_t*>(heap_allocate(70))[85] = 1; }  // in its slot of 96

void write_to_a_freed_frame() {
    auto frame = FrameRef::allocate(FrameUse::anon);
    volatile auto* bytes = reinterpret_cast<volatile uint8_t*>((*frame)->data());
    *frame = FrameRef();
    bytes[100] = 1;
}

void shift_too_far() {
    volatile int distance = 40, one = 1;
    one = one << distance;
}

constexpr struct {
    std::string_view name;
    void (*run)();
} PANICS[] = {
    {"freed", read_freed_memory},
    {"behind", write_behind_an_object},
    {"frame", write_to_a_freed_frame},
    {"shift", shift_too_far},
    {"stall", stall},
    {"locks", wait_for_locks},
    {"sleep", sleep_with_a_lock},
    {"order", take_out_of_order},
    {"overflow", overflow_the_stack},
};

void run_one(Thread&) {
    for (const auto& provoked : PANICS)
        if (provoked.name == chosen)
            provoked.run();
    arch::power_off(run_selftests() ? 0 : 1);
}

}  // namespace

// On a user thread without a process: a bad pointer of theirs is nobody's mapping.
void start_selftests(std::string_view which) {
    chosen = which;
    start_thread(run_one);
}
