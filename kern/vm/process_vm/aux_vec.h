// The auxiliary vector: facts the kernel tells a program on its initial stack, pairs of key and value that end with
// AT_NULL. See getauxval(3) and the psABI, "Process Initialization".
#pragma once

enum class AuxKey : uint64_t {
    AT_NULL = 0,           // ends the vector
    AT_PHDR = 3,           // address of the program headers in memory
    AT_PHENT = 4,          // size of one of them
    AT_PHNUM = 5,          // their number
    AT_PAGESZ = 6,
    AT_BASE = 7,           // where the interpreter (ld.so) was loaded; 0 without one
    AT_FLAGS = 8,
    AT_ENTRY = 9,          // the program's own entry point
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_HWCAP = 16,         // a bit for each single-letter extension: bit n for the n-th letter
    AT_CLKTCK = 17,        // ticks a second of times(2)
    AT_SECURE = 23,        // set-user-ID or the like
    AT_RANDOM = 25,        // address of 16 random bytes
    AT_EXECFN = 31,        // address of the path the program was run by
    AT_SYSINFO_EHDR = 33,  // address of the vDSO's ELF header
    AT_MINSIGSTKSZ = 51,   // smallest stack a signal handler needs, bytes
};

struct AuxEntry {
    uint64_t key;
    uint64_t value;
};

class AuxVec {
public:
    // Sets or replaces the value of `key`. EINVAL for AT_NULL, which ends the vector by itself.
    Result<> set(AuxKey key, uint64_t value);

    // Pairs that serialise() writes, the closing AT_NULL among them.
    size_t entry_count() const { return count_ + 1; }
    // Writes the pairs in the order they were first set, then AT_NULL. `out` holds at least entry_count().
    void serialise(std::span<AuxEntry> out) const;

    static constexpr size_t CAPACITY = 24;

private:
    AuxEntry entries_[CAPACITY] = {};
    size_t count_ = 0;
};
