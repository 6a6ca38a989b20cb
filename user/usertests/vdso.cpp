// The vDSO: the functions that every program finds in its space, and which of them need the kernel. See vdso(7).

#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "vdso";

char* vdso() {
    char* base = reinterpret_cast<char*>(getauxval(AT_SYSINFO_EHDR));
    EXPECT(base && !memcmp(base, ELFMAG, SELFMAG));
    return base;
}

// What lies at the address that the dynamic section gives for a tag.
template <typename T>
T* table(unsigned long tag) {
    auto* header = reinterpret_cast<Elf64_Ehdr*>(vdso());
    auto* segment = reinterpret_cast<Elf64_Phdr*>(vdso() + header->e_phoff);
    while (segment->p_type != PT_DYNAMIC)
        segment++;
    auto* entry = reinterpret_cast<Elf64_Dyn*>(vdso() + segment->p_vaddr);
    while (entry->d_tag != static_cast<long>(tag) && entry->d_tag)
        entry++;
    EXPECT(entry->d_tag);
    return reinterpret_cast<T*>(vdso() + entry->d_un.d_ptr);
}

// The function of this name, as a C library finds it; null: there is none.
void* function(const std::string& name) {
    auto* symbols = table<Elf64_Sym>(DT_SYMTAB);
    uint32_t count = table<uint32_t>(DT_HASH)[1];
    for (uint32_t i = 0; i < count; i++)
        if (name == table<char>(DT_STRTAB) + symbols[i].st_name && symbols[i].st_shndx) return vdso() + symbols[i].st_value;
    return nullptr;
}

using GetCpu = long (*)(unsigned*, unsigned*, void*);

TEST(it_has_the_functions_that_linux_has) {
    for (const char* name : {"clock_gettime", "clock_getres", "gettimeofday", "getcpu", "flush_icache", "rt_sigreturn"})
        EXPECT(function(std::string("__vdso_") + name));
    EXPECT(!function("__vdso_nothing"));
}

// In a child, whose copy of the vDSO has a breakpoint in the place of each system call.
template <typename Body>
int without_system_calls(Body body) {
    return child([&] {
        constexpr uint32_t ECALL = 0x73, EBREAK = 0x100073;
        EXPECT(mprotect(vdso(), PAGE, RW | PROT_EXEC) == 0);
        for (char* at = vdso(); at < vdso() + PAGE - sizeof(ECALL); at += 2)
            if (!memcmp(at, &ECALL, sizeof(ECALL))) memcpy(at, &EBREAK, sizeof(EBREAK));
        EXPECT(syscall(SYS_riscv_flush_icache, nullptr, nullptr, 0) == 0);  // the C library asks the vDSO
        body();
    });
}

TEST(the_time_is_told_without_a_system_call) {
    timespec time;
    EXPECT(without_system_calls([&] {
        for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME})
            EXPECT(clock_gettime(clock, &time) == 0);
        timeval day;
        EXPECT(gettimeofday(&day, nullptr) == 0 && day.tv_sec >= 0);
    }) == 0);
    EXPECT(without_system_calls([&] { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); }) == -SIGTRAP);
    EXPECT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);  // the copy was the child's own
}

TEST(its_data_cannot_be_written) {
    EXPECT_ERROR(EACCES, mprotect(vdso() - PAGE, PAGE, RW));
}

// ---- getcpu(2) ------------------------------------------------------------------------------------------------------

TEST(a_thread_learns_its_hart) {
    unsigned most = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)), hart = 99, node = 99;
    EXPECT(syscall(SYS_getcpu, &hart, &node, nullptr) == 0 && hart < most && node == 0);
    hart = node = 99;
    EXPECT(reinterpret_cast<GetCpu>(function("__vdso_getcpu"))(&hart, &node, nullptr) == 0 && hart < most && node == 0);
    EXPECT(static_cast<unsigned>(sched_getcpu()) < most && getcpu(&hart, &node) == 0 && hart < most);
    EXPECT(syscall(SYS_getcpu, nullptr, nullptr, nullptr) == 0);
    EXPECT_ERROR(EFAULT, syscall(SYS_getcpu, BAD_ADDRESS, nullptr, nullptr));
    EXPECT_ERROR(EFAULT, syscall(SYS_getcpu, nullptr, BAD_ADDRESS, nullptr));
}

// Two threads that do not wait come to run at the same time, if there are two harts.
TEST(two_busy_threads_are_on_two_harts) {
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) return;
    static volatile int other = -1;
    pthread_t thread;
    EXPECT(pthread_create(&thread, nullptr, [](void*) -> void* {
        for (;;) other = sched_getcpu();
    }, nullptr) == 0);
    while (other < 0 || other == sched_getcpu()) {}
}

}  // namespace
