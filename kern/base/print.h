// Formatted text, type-safe: `{}` takes the next argument in its usual form, `{x}` an integer in hexadecimal.
//
//     print("pid {} faulted at {}\n", pid, address);      // addresses print as 0x... by themselves
//
// print() goes to the console as one kernel message; format_to() goes to any TextSink (a /proc file, a buffer).
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/addr.h"
#include "base/perms.h"

namespace kern {

// Where text goes. A sink that runs full drops the rest.
class TextSink {
public:
    virtual void write(std::string_view text) = 0;

protected:
    ~TextSink() = default;
};

// Collects text in a caller's buffer, cutting off what does not fit.
class BufferSink final : public TextSink {
public:
    explicit BufferSink(std::span<char> buffer) : buffer_(buffer) {}
    void write(std::string_view text) override;
    std::string_view view() const { return {buffer_.data(), used_}; }

private:
    std::span<char> buffer_;
    size_t used_ = 0;
};

// One argument of a format, its type erased.
struct FormatArg {
    enum class Kind : uint32_t { text, character, decimal, negative, address, perms } kind;
    uint64_t number = 0;
    std::string_view text = {};

    FormatArg(std::string_view t) : kind(Kind::text), text(t) {}
    FormatArg(const char* t) : kind(Kind::text), text(t) {}
    FormatArg(char c) : kind(Kind::character), number(static_cast<uint8_t>(c)) {}
    FormatArg(bool b) : kind(Kind::text), text(b ? "true" : "false") {}
    FormatArg(std::unsigned_integral auto n) : kind(Kind::decimal), number(n) {}
    FormatArg(std::signed_integral auto n)
        : kind(n < 0 ? Kind::negative : Kind::decimal), number(n < 0 ? -static_cast<uint64_t>(n) : n) {}
    template <typename K>
    FormatArg(Address<K> a) : kind(Kind::address), number(a.value) {}
    FormatArg(const void* p) : kind(Kind::address), number(reinterpret_cast<uint64_t>(p)) {}
    FormatArg(Perms p) : kind(Kind::perms), number(p.bits()) {}
    template <typename E>
        requires __is_enum(E)
    FormatArg(E e) : FormatArg(static_cast<int64_t>(e)) {}
};

// `{}` `{x}` (hexadecimal) `{5}` (right-aligned in 5 columns) `{-5}` (left-aligned) `{05}` `{012x}` (zero-filled).
void format_to(TextSink& sink, std::string_view format, std::span<const FormatArg> args);

template <typename... Args>
void format_to(TextSink& sink, std::string_view format, const Args&... args) {
    const FormatArg list[] = {FormatArg(args)..., FormatArg("")};
    format_to(sink, format, std::span<const FormatArg>(list, sizeof...(Args)));
}

// A message of the kernel to the console, whole even when several harts print. Dropped under the `quiet` boot argument.
void print_message(std::string_view format, std::span<const FormatArg> args);
// The same, but also under `quiet`: for what the user must see (a killed program, a lab's hole, a panic).
void alert_message(std::string_view format, std::span<const FormatArg> args);
void set_quiet(bool quiet);

template <typename... Args>
void print(std::string_view format, const Args&... args) {
    const FormatArg list[] = {FormatArg(args)..., FormatArg("")};
    print_message(format, std::span<const FormatArg>(list, sizeof...(Args)));
}

template <typename... Args>
void alert(std::string_view format, const Args&... args) {
    const FormatArg list[] = {FormatArg(args)..., FormatArg("")};
    alert_message(format, std::span<const FormatArg>(list, sizeof...(Args)));
}

}  // namespace kern
