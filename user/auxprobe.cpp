// auxprobe: what a C++ program finds when it starts: its initial stack, each key of the auxiliary vector, heap and
// streams.
//
// Values that any correct kernel gives alike are printed as they are, the others as statements about them, so the
// output on Astrolabe and on Linux is the same text. Each statement is followed by yes or no; the exit status is 1
// after a no.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <iomanip>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <sys/auxv.h>
#include <unistd.h>
#include <vector>

extern "C" const Elf64_Ehdr __ehdr_start;
extern "C" void _start();

namespace {

bool all_hold = true;

void check(const std::string& statement, bool holds) {
    std::cout << "  " << statement << ": " << (holds ? "yes" : "no") << "\n";
    all_hold = all_hold && holds;
}

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// The end of a string with its NUL: where the next one begins if the two are packed.
const char* end_of(const char* string) { return string + strlen(string) + 1; }

// argc at sp, then argv, NULL, envp, NULL, then the auxiliary vector; the strings above it all, in that order.
void initial_stack(int argc, char** argv, char** environment) {
    std::cout << "initial stack\n";
    std::cout << "  argc " << argc << "\n";
    for (int i = 0; i < argc; i++) {
        std::cout << "  argv[" << i << "] " << std::quoted(argv[i]) << "\n";
    }
    int variables = 0;
    while (environment[variables]) {
        std::cout << "  envp[" << variables << "] " << std::quoted(environment[variables]) << "\n";
        variables++;
    }
    check("argc stands on a 16-byte boundary", (address(argv) - 8) % 16 == 0);
    check("argc is what stands below argv", reinterpret_cast<const long*>(argv)[-1] == argc);
    check("argv ends in a null pointer", argv[argc] == nullptr);
    check("the environment follows argv", environment == argv + argc + 1);
    check("each argument follows the one before",
          std::adjacent_find(argv, argv + argc, [](char* a, char* b) { return end_of(a) != b; }) == argv + argc);
    check("each variable follows the one before",
          std::adjacent_find(environment, environment + variables, [](char* a, char* b) { return end_of(a) != b; }) ==
              environment + variables);
    if (variables > 0) {
        const char* execfn = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
        check("the variables' strings follow the arguments'", end_of(argv[argc - 1]) == environment[0]);
        check("the name of the program follows both", end_of(environment[variables - 1]) == execfn);
        uint64_t top = 1;
        memcpy(&top, end_of(execfn), sizeof top);
        check("eight zero bytes follow the name", top == 0);
        check("and the stack's last page ends there", (address(end_of(execfn)) + 8) % 4096 == 0);
    }
}

struct AuxEntry {
    uint64_t key, value;
};

void aux_vector(char** environment) {
    std::cout << "auxiliary vector\n";
    while (*environment) {
        environment++;
    }
    std::map<uint64_t, int> seen;
    const auto* entry = reinterpret_cast<const AuxEntry*>(environment + 1);
    bool agrees = true;
    for (; entry->key != AT_NULL; entry++) {
        seen[entry->key]++;
        agrees = agrees && getauxval(entry->key) == entry->value;
    }
    check("getauxval finds what the stack holds", agrees);
    check("no key comes twice", std::all_of(seen.begin(), seen.end(), [](auto& item) { return item.second == 1; }));
    // Key 33, the vDSO's address, is there only where there is a vDSO.
    for (int key : {16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 31, 51}) {
        check("key " + std::to_string(key) + " is there", seen.contains(key));
    }
    check("the vector ends with a value of zero", entry->value == 0);
}

void aux_values() {
    std::cout << "its values\n";
    for (auto [name, key] : {std::pair{"AT_PAGESZ", AT_PAGESZ},
                             {"AT_CLKTCK", AT_CLKTCK},
                             {"AT_PHENT", AT_PHENT},
                             {"AT_BASE", AT_BASE},
                             {"AT_FLAGS", AT_FLAGS},
                             {"AT_UID", AT_UID},
                             {"AT_EUID", AT_EUID},
                             {"AT_GID", AT_GID},
                             {"AT_EGID", AT_EGID},
                             {"AT_SECURE", AT_SECURE}}) {
        std::cout << "  " << name << " " << getauxval(key) << "\n";
    }
    std::cout << "  AT_EXECFN " << std::quoted(reinterpret_cast<const char*>(getauxval(AT_EXECFN))) << "\n";
    check("AT_SYSINFO_EHDR is zero or a page's address", getauxval(AT_SYSINFO_EHDR) % 4096 == 0);
    uint64_t letters = 0;
    for (char letter : {'a', 'c', 'd', 'f', 'i', 'm'}) {
        letters |= uint64_t{1} << (letter - 'a');
    }
    check("AT_HWCAP has the letters imafdc", (getauxval(AT_HWCAP) & letters) == letters);
    check("AT_PHDR is where the ELF header says", getauxval(AT_PHDR) == address(&__ehdr_start) + __ehdr_start.e_phoff);
    check("AT_PHNUM is what the ELF header says", getauxval(AT_PHNUM) == __ehdr_start.e_phnum);
    check("AT_ENTRY is _start", getauxval(AT_ENTRY) == reinterpret_cast<uintptr_t>(&_start));
    const auto* random = reinterpret_cast<const unsigned char*>(getauxval(AT_RANDOM));
    check("AT_RANDOM's bytes are not all alike",
          std::any_of(random, random + 16, [&](unsigned char c) { return c != random[0]; }));
    check("AT_MINSIGSTKSZ holds a signal's frame", getauxval(AT_MINSIGSTKSZ) >= 1024);
}

void heap_and_streams() {
    std::cout << "heap and streams\n";
    auto* start = static_cast<char*>(sbrk(0));
    check("sbrk(0) says the same twice", sbrk(0) == start);
    check("the break moves up by 12345 bytes", sbrk(12345) == start && sbrk(0) == start + 12345);
    check("its new bytes are zero", std::all_of(start, start + 12345, [](char c) { return c == 0; }));
    check("and moves back", sbrk(-12345) == start + 12345 && sbrk(0) == start);

    std::vector<int> numbers(1'000'000);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::cout << "  a sum over a million numbers " << std::accumulate(numbers.begin(), numbers.end(), 0LL) << "\n";
    std::map<std::string, size_t> lengths;
    for (std::string word : {"frame", "page", "mapping", "space"}) {
        lengths[word] = word.size();
    }
    std::ostringstream line;
    for (const auto& [word, length] : lengths) {
        line << word << "=" << length << " ";
    }
    line << std::setprecision(6) << std::fixed << 2.0 / 3.0 << " " << std::hex << std::showbase << 48879;
    std::cout << "  " << line.str() << "\n";
    const char* path = getenv("PATH");
    std::cout << "  PATH " << (path ? path : "(unset)") << "\n";
    check("a name that is not set is not found", getenv("ASTROLABE_UNSET") == nullptr);
}

}  // namespace

int main(int argc, char** argv, char** environment) {
    initial_stack(argc, argv, environment);
    aux_vector(environment);
    aux_values();
    heap_and_streams();
    return all_hold ? 0 : 1;
}
