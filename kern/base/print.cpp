#include "base/print.h"

#include "arch/contract.h"
#include "base/console.h"
#include "base/panic.h"
#include "base/spinlock.h"

namespace kern {

void BufferSink::write(std::string_view text) {
    size_t room = buffer_.size() - used_;
    used_ += text.copy(buffer_.data() + used_, room);
}

// FORMATTING

namespace {

// What stands between { and }.
struct Spec {
    uint32_t width = 0;
    bool left = false;
    bool zero_fill = false;
    bool hex = false;
};

Spec parse_spec(std::string_view text) {
    Spec spec;
    for (char c : text) {
        if (c == '-')
            spec.left = true;
        else if (c == 'x')
            spec.hex = true;
        else if (c == '0' && spec.width == 0)
            spec.zero_fill = true;
        else if (c >= '0' && c <= '9')
            spec.width = spec.width * 10 + static_cast<uint32_t>(c - '0');
    }
    return spec;
}

void pad(TextSink& sink, size_t used, const Spec& spec) {
    for (size_t i = used; i < spec.width; i++)
        sink.write(spec.zero_fill ? "0" : " ");
}

void write_padded(TextSink& sink, std::string_view text, const Spec& spec) {
    if (!spec.left)
        pad(sink, text.size(), spec);
    sink.write(text);
    if (spec.left)
        pad(sink, text.size(), spec);
}

void write_number(TextSink& sink, std::string_view prefix, uint64_t number, unsigned base, const Spec& spec) {
    char buffer[24];
    char* const end = buffer + sizeof(buffer);
    char* at = end;
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    if (spec.zero_fill) {
        sink.write(prefix);
        prefix = {};
    }
    while (!prefix.empty()) {
        *--at = prefix.back();
        prefix.remove_suffix(1);
    }
    write_padded(sink, {at, static_cast<size_t>(end - at)}, spec);
}

void write_argument(TextSink& sink, const FormatArg& arg, const Spec& spec) {
    switch (arg.kind) {
    case FormatArg::Kind::text:
        return write_padded(sink, arg.text, spec);
    case FormatArg::Kind::character: {
        char c = static_cast<char>(arg.number);
        return write_padded(sink, {&c, 1}, spec);
    }
    case FormatArg::Kind::decimal:
        return write_number(sink, "", arg.number, spec.hex ? 16 : 10, spec);
    case FormatArg::Kind::negative:
        return write_number(sink, "-", arg.number, spec.hex ? 16 : 10, spec);
    case FormatArg::Kind::address:
        return write_number(sink, "0x", arg.number, 16, spec);
    case FormatArg::Kind::perms: {
        const char text[] = {arg.number & Perms::R ? 'r' : '-', arg.number & Perms::W ? 'w' : '-',
                             arg.number & Perms::X ? 'x' : '-'};
        return write_padded(sink, {text, 3}, spec);
    }
    }
}

}  // namespace

void format_to(TextSink& sink, std::string_view format, std::span<const FormatArg> args) {
    while (!format.empty()) {
        size_t open = format.find('{');
        size_t close = format.find('}', open == format.npos ? 0 : open);
        if (open == format.npos || close == format.npos || args.empty())
            return sink.write(format);
        sink.write(format.substr(0, open));
        write_argument(sink, args.front(), parse_spec(format.substr(open + 1, close - open - 1)));
        args = args.subspan(1);
        format.remove_prefix(close + 1);
    }
}

// THE CONSOLE

namespace {

IrqSpinLock console_lock(LockRank::console);
bool quiet_boot;
char nonce[32];
size_t nonce_size;

// The panicking hart may have been stopped in the middle of a message: it takes no lock.
class ConsoleTurn {
public:
    ConsoleTurn() : locked_(!is_panicking()) {
        if (locked_)
            console_lock.lock();
    }
    ~ConsoleTurn() {
        if (locked_)
            console_lock.unlock();
    }
    ConsoleTurn(const ConsoleTurn&) = delete;
    ConsoleTurn& operator=(const ConsoleTurn&) = delete;

private:
    bool locked_;
};

struct ConsoleSink final : TextSink {
    void write(std::string_view text) override { arch::console_write(text); }
};

void write_message(std::string_view format, std::span<const FormatArg> args) {
    ConsoleTurn turn;
    ConsoleSink sink;
    if (nonce_size) {
        sink.write("\x1e");
        sink.write({nonce, nonce_size});
        sink.write(":");
    }
    format_to(sink, format, args);
    if (nonce_size)
        sink.write("\x1f");
}

}  // namespace

void print_message(std::string_view format, std::span<const FormatArg> args) {
    if (!quiet_boot)
        write_message(format, args);
}

void alert_message(std::string_view format, std::span<const FormatArg> args) { write_message(format, args); }

void set_quiet(bool quiet) { quiet_boot = quiet; }

void write_console(std::string_view bytes) {
    ConsoleTurn turn;
    arch::console_write(bytes);
}

void frame_messages(std::string_view text) { nonce_size = text.copy(nonce, sizeof(nonce)); }

}  // namespace kern
