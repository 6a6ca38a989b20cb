// Formatted text, type-safe: `{}` takes the next argument in its usual form, `{x}` an integer in hexadecimal.
//
//     print("pid {} faulted at {}\n", pid, address);      // addresses print as 0x... by themselves
//
// print() goes to the console as one kernel message; format_to() goes to any TextSink (a /proc file, a buffer).
#pragma once

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
    void write(std::string_view text) override { used_ += text.copy(buffer_.data() + used_, buffer_.size() - used_); }
    std::string_view view() const { return {buffer_.data(), used_}; }

private:
    std::span<char> buffer_;
    size_t used_ = 0;
};

// One argument of a format, its type erased: a text, or a number with its base and what stands in front of it.
struct FormatArg {
    std::string_view text;
    unsigned base = 0;  // 0: there is no number
    uint64_t number = 0;
    char letter = 0;

    FormatArg(std::string_view t) : text(t) {}
    FormatArg(const char* t) : text(t) {}
    FormatArg(Perms p) : text(p.text()) {}
    FormatArg(std::unsigned_integral auto n) : base(10), number(n) {}
    FormatArg(std::signed_integral auto n)
        : text(n < 0 ? "-" : ""), base(10), number(n < 0 ? -static_cast<uint64_t>(n) : n) {}
    template <typename K>
    FormatArg(Address<K> a) : text("0x"), base(16), number(a.value) {}
    template <typename E>
        requires __is_enum(E)
    FormatArg(E e) : FormatArg(static_cast<int64_t>(e)) {}
    FormatArg(char c) : text(&letter, 1), letter(c) {}
    FormatArg(bool) = delete;
    FormatArg(const FormatArg&) = delete;  // `text` may be within
};
using FormatArgs = std::initializer_list<FormatArg>;

// `{}` `{x}` (hexadecimal) `{5}` (right-aligned in 5 columns) `{05}` `{012x}` (zero-filled).
void format_to(TextSink& sink, std::string_view format, FormatArgs args);

void format_to(TextSink& sink, std::string_view format, const auto&... args) {
    format_to(sink, format, FormatArgs{FormatArg(args)...});
}

// A message of the kernel on the console, from its making to its end; whole even when several harts print.
class Message final : public TextSink {
public:
    Message();
    ~Message();
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    void write(std::string_view text) override;
};

void write_message(std::string_view format, FormatArgs args);
inline bool quiet = false;  // the boot argument

// A message in one step.
void alert(std::string_view format, const auto&... args) { write_message(format, {FormatArg(args)...}); }

// The same, but dropped under `quiet`: for what the user need not see. (He must see a killed program, a lab's hole, a panic.)
void print(std::string_view format, const auto&... args) {
    if (!quiet) alert(format, args...);
}

// From here on each message is framed, so that a reader can tell it from what programs write:
//     0x1e NONCE ':' text 0x1f
// At most 32 bytes of `nonce` count; empty turns the frames off.
void frame_messages(std::string_view nonce);

// A program's bytes to the same console, unchanged; whole against the kernel's messages.
void write_console(std::string_view bytes);
