// The strings of an argv or envp, packed as they will lie on the stack: each with its NUL, one after the other.
//
//     "ls\0-l\0/bin\0"      count 3
#pragma once

inline constexpr size_t MAX_LEN_STRING_ARG = 131072;           // bytes of one string, its NUL among them
inline constexpr size_t MAX_NR_STRING_ARGS = (1u << 31) - 1;   // strings in one list

class ArgBlock {
public:
    // Adds a string (without its NUL). E2BIG when it or their number is over the limit, ENOMEM.
    Result<> push(std::string_view text);
    // Puts a string before all others: what exec does for a `#!` interpreter.
    Result<> push_front(std::string_view text);
    // Removes the first string, if there is one.
    void pop_front();

    size_t count() const { return count_; }
    std::span<const char> bytes() const { return bytes_; }
    std::string_view front() const { return count_ ? std::string_view(bytes_.data()) : std::string_view(); }

private:
    Vec<char> bytes_;
    size_t count_ = 0;
};
