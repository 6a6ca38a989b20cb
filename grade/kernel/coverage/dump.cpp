// make coverage: a kernel whose files of kern/vm count how often each of their branches was taken (gcc's --coverage). When
// the machine goes off, the counts go to the console, as lines that grade/coverage/guest.py makes gcov's files of:
//
//     coverage: file PATH.gcda
//     coverage: data 61646367...              so many bytes, in hexadecimal
extern "C" {
#include <gcov.h>
}

extern "C" {
extern const gcov_info* const __start_gcov_info[];  // made by the linker: one for each file that counts
extern const gcov_info* const __stop_gcov_info[];

// What gcc's library asks for, but does not call here: memory for counters of a kind that --coverage does not make, and a
// way to add what an earlier run left in a file.
void* mmap(void*, size_t, int, int, int, long) { return reinterpret_cast<void*>(-1); }
void __gcov_merge_add(int64_t*, unsigned) {}
}

namespace {

void begin_file(const char* name, void*) { alert("coverage: file {}\n", name); }

void put(const void* data, unsigned size, void*) {
    std::span bytes(static_cast<const uint8_t*>(data), size);
    while (!bytes.empty()) {
        Message line;
        line.write("coverage: data ");
        auto part = bytes.first(std::min<size_t>(bytes.size(), 64));
        for (unsigned byte : part) format_to(line, "{02x}", byte);
        line.write("\n");
        bytes = bytes.subspan(part.size());
    }
}

void* allocate(unsigned size, void*) { return ::operator new(size, std::nothrow); }

}  // namespace

// In place of dev::power_off_with(): see --wrap in kern.mk.
extern "C" void __real__ZN3dev14power_off_withEj(unsigned status);
extern "C" void __wrap__ZN3dev14power_off_withEj(unsigned status) {
    for (auto file = __start_gcov_info; file < __stop_gcov_info; file++) __gcov_info_to_gcda(*file, begin_file, put, allocate, nullptr);
    __real__ZN3dev14power_off_withEj(status);
}
