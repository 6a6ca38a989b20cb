// One memory seen by several, in two processes or on two harts, and what kernels have got wrong about that, about exec, and
// about stacks: docs/address-space.md names the promise of each test.

#include <algorithm>
#include <cstdint>
#include <setjmp.h>

#include "filetesting.h"
#include "threads.h"

namespace {

constexpr char GROUP[] = "sharing";

void limit(__rlimit_resource resource, rlim_t bytes) {
    rlimit value{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    EXPECT(setrlimit(resource, &value) == 0);
}

// ---- fork -----------------------------------------------------------------------------------------------------------

TEST(touched_shared_memory_is_written_by_both) {
    char* place = map(2, RW, SHARED);
    memset(place, 1, 2 * PAGE);
    auto& turn = shared<std::atomic<int>>();
    pid_t pid = start([&] {
        place[0] = 2;
        turn = 1;
        while (turn != 2) sched_yield();
        EXPECT(place[PAGE] == 3);
    });
    while (turn != 1) sched_yield();
    EXPECT(place[0] == 2);
    place[PAGE] = 3;
    turn = 2;
    EXPECT(wait_for(pid) == 0);
}

// A copy takes the place of the shared page: as many are resident as before.
TEST(copies_after_a_fork_count_as_what_they_replace) {
    constexpr size_t COUNT = 512;
    char* place = map(COUNT);
    memset(place, 1, COUNT * PAGE);
    auto resident = [] {
        std::string status = content_of("/proc/self/status");
        return std::stol(status.substr(status.find("VmRSS:") + 6)) / 4;
    };
    (void)resident();
    EXPECT(child([=] {
        (void)resident();  // touches all that it needs
        long before = resident();
        memset(place, 2, COUNT * PAGE);
        long grown = resident() - before;
        EXPECT(grown == 0 || (!is_astrolabe() && labs(grown) <= 128));  // Linux counts in batches
    }) == 0);
    EXPECT(std::all_of(place, place + COUNT * PAGE, [](char byte) { return byte == 1; }));
}

// What lies on the stack of a process is not its children's to change, whatever they run.
TEST(fork_and_exec_leave_the_parents_stack_alone) {
    volatile char bytes[64 * 1024];
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = static_cast<char>(i * 7);
    for (int i = 0; i < 5; i++)
        EXPECT(child([] { execl("/bin/true", "true", std::string(100'000, 'x').c_str(), nullptr); }) == 0);
    for (size_t i = 0; i < sizeof(bytes); i++) EXPECT(bytes[i] == static_cast<char>(i * 7));
}

// ---- two harts ------------------------------------------------------------------------------------------------------

// Waits in user mode: QEMU forgets all of a hart's translations whenever the kernel copies something for it, and stale ones are
// what these tests look for. Only where there is one hart must the other thread be let in.
template <typename Condition>
void spin_until(Condition condition) {
    for (unsigned i = 1; !condition(); i++)
        if (i % 50'000 == 0) sched_yield();
}

// The second thread has the page's old frame in its TLB when the first one gets a copy of it.
TEST(a_thread_reads_what_another_wrote_to_its_copy) {
    auto* page = reinterpret_cast<std::atomic<int>*>(map(1));
    static std::atomic<int> round = 0, answer = 0;
    Thread reader([=] {
        for (int seen = 0; seen >= 0;) {
            page->load();  // so that its translation is there
            spin_until([&] { return round != seen; });
            seen = round;
            answer = seen < 0 || page->load() == seen ? seen : 1000;
        }
    });
    for (int i = 1; i <= 40; i++) {
        pid_t holder = start([] { pause(); });  // shares the frame: the write below must copy it
        page->store(i);
        round = i;
        spin_until([&] { return answer == i || answer > 40; });
        EXPECT(answer == i);
        kill(holder, SIGKILL);
        EXPECT(wait_for(holder) == -SIGKILL);
    }
    round = -1;
}

sigjmp_buf after_fault;

void return_from_faults() {
    struct sigaction action = {};
    action.sa_handler = [](int) { siglongjmp(after_fault, 1); };
    action.sa_flags = SA_NODEFER;  // so that no call of the system is needed to come back
    EXPECT(sigaction(SIGSEGV, &action, nullptr) == 0);
}

// Whether this thread can write there.
bool can_write(volatile int* place) {
    if (sigsetjmp(after_fault, 0)) return false;
    *place = *place + 1;
    return true;
}

// A thread writes to the page while this one gives it (true) and takes it by turns: it can in every turn of the one kind, and
// in none of the other, although it did a moment ago.
template <typename Change>
void take_and_give(volatile int* page, Change change) {
    static std::atomic<int> phase = 0, done = 0;
    return_from_faults();
    Thread writer([=] {
        for (int seen = 0; seen < 400;) {
            spin_until([&] { return phase != seen; });
            seen = phase;
            EXPECT(can_write(page) == (seen % 2 == 1));
            done = seen;
        }
    });
    for (int i = 1; i <= 400; i++) {
        change(i % 2 == 1);
        phase = i;
        spin_until([&] { return done == i; });
    }
}

TEST(a_thread_cannot_write_what_another_has_protected) {
    char* page = map(1);
    take_and_give(reinterpret_cast<volatile int*>(page),
                  [=](bool gives) { EXPECT(mprotect(page, PAGE, gives ? RW : PROT_READ) == 0); });
}

TEST(a_thread_cannot_read_what_another_has_unmapped) {
    char* page = map(1);
    take_and_give(reinterpret_cast<volatile int*>(page), [=](bool gives) {
        if (gives) EXPECT(mmap(page, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == page);
        else EXPECT(munmap(page, PAGE) == 0);
    });
}

// ---- stacks, arguments, exec ----------------------------------------------------------------------------------------

[[gnu::noinline]] int use_stack(size_t bytes, volatile char* caller = nullptr) {
    volatile char frame[16 * 1024];
    frame[0] = 1;
    return bytes < sizeof(frame) ? caller != nullptr : use_stack(bytes - sizeof(frame), frame) + frame[0];
}

TEST(a_stack_grows_over_32_mib_when_its_limit_was_raised) {
    EXPECT(child([] {
        limit(RLIMIT_STACK, 64 << 20);
        use_stack(40 << 20);
    }) == 0);
    EXPECT(child([] {
        limit(RLIMIT_STACK, 64 << 20);
        use_stack(65 << 20);
    }) == -SIGSEGV);
}

TEST(arguments_over_several_pages_are_read_from_every_offset) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    std::string words[] = {std::string(5000, 'a'), "", std::string(4090, 'b'), std::string(300, 'c')}, expected;
    for (const std::string& word : {std::string("sh"), std::string("-c"), std::string("read x"), std::string("sh"), words[0], words[1], words[2], words[3]})
        expected += word + '\0';
    pid_t pid = start([&] {
        dup2(ends[0], 0);
        execl("/bin/sh", "sh", "-c", "read x", "sh", words[0].c_str(), words[1].c_str(), words[2].c_str(), words[3].c_str(), nullptr);
    });
    std::string path = "/proc/" + std::to_string(pid) + "/cmdline";
    while (!content_of(path.c_str()).starts_with("sh")) sched_yield();
    int fd = open(path.c_str(), O_RDONLY);
    for (size_t offset = 0; offset <= expected.size() + 1; offset++) {
        char bytes[40];
        ssize_t count = pread(fd, bytes, sizeof(bytes), static_cast<off_t>(offset));
        std::string wanted = offset < expected.size() ? expected.substr(offset, sizeof(bytes)) : "";
        EXPECT(count == static_cast<ssize_t>(wanted.size()) && !memcmp(bytes, wanted.data(), wanted.size()));
    }
    kill(pid, SIGKILL);
    EXPECT(wait_for(pid) == -SIGKILL);
}

// exec under so low a limit that not even the stack or the vDSO fits: an error for the caller here; Linux, which has given
// up the old program by then, may kill it. Somewhere above it works.
TEST(exec_under_a_low_limit_on_the_space_is_an_error) {
    bool worked = false;
    for (rlim_t pages = 1; pages <= 1 << 14; pages *= 2) {
        int ended = child([=] {
            limit(RLIMIT_AS, pages * PAGE);
            const char* words[] = {"true", nullptr};
            syscall(SYS_execve, "/bin/true", words, nullptr);
            syscall(SYS_exit_group, errno);
        });
        EXPECT(ended == 0 || (!worked && (ended == ENOMEM || (!is_astrolabe() && ended < 0))));
        worked = ended == 0;
    }
    EXPECT(worked);
}

}  // namespace
