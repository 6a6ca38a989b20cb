#include "base/boot_args.h"

#include <algorithm>

#include "base/result.h"

namespace kern {

namespace {

constexpr uint64_t MAX_HZ = 10'000;

Result<uint64_t> parse_number(std::string_view text) {
    uint64_t value = 0;
    for (char c : text) {
        if (c < '0' || c > '9')
            return fail(Errno::EINVAL);
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    if (text.empty())
        return fail(Errno::EINVAL);
    return value;
}

Result<> apply_value(BootArgs& args, std::string_view name, std::string_view value) {
    if (name == "init") {
        args.init = value;
    } else if (name == "seed") {
        args.seed = TRY(parse_number(value));
        args.has_seed = true;
    } else if (name == "hz") {
        args.hz = std::clamp<uint64_t>(TRY(parse_number(value)), 1, MAX_HZ);
    } else if (name == "console" && (value == "raw" || value == "tty")) {
        args.console = value == "raw" ? ConsoleMode::raw : ConsoleMode::tty;
    } else if (name == "log") {
        args.log_nonce = value;
    } else {
        return fail(Errno::EINVAL);
    }
    return {};
}

Result<> apply(BootArgs& args, std::string_view word) {
    size_t equals = word.find('=');
    if (equals != word.npos)
        return apply_value(args, word.substr(0, equals), word.substr(equals + 1));
    if (word == "norandmaps")
        args.randomize_maps = false;
    else if (word == "quiet")
        args.quiet = true;
    else if (word == "selftest")
        args.selftest = true;
    else
        return fail(Errno::EINVAL);
    return {};
}

char unescape(char c) { return c == 'n' ? '\n' : c; }

// Rewrites `text` as words with a NUL between them, without quotes and escapes, and returns the new size.
size_t unquote(std::span<char> text, size_t& count) {
    size_t in = 0, out = 0;
    for (;;) {
        while (in < text.size() && text[in] == ' ')
            in++;
        if (in >= text.size())
            return out;
        bool quoted = false;
        for (; in < text.size() && (quoted || text[in] != ' '); in++) {
            if (text[in] == '"')
                quoted = !quoted;
            else if (quoted && text[in] == '\\' && in + 1 < text.size())
                text[out++] = unescape(text[++in]);
            else
                text[out++] = text[in];
        }
        count++;
        if (in++ == text.size())
            return out;
        text[out++] = '\0';  // in the place of the space just read, or before it
    }
}

}  // namespace

BootArgs parse_boot_args(std::span<char> text) {
    BootArgs args;
    std::string_view rest(text.data(), text.size());
    while (!rest.empty()) {
        std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        if (word == "--") {
            size_t size = unquote(text.last(rest.size()), args.argument_count);
            args.arguments = rest.substr(0, size);
            break;
        }
        if (!word.empty() && !apply(args, word) && args.unknown_count < BootArgs::MAX_UNKNOWN)
            args.unknown[args.unknown_count++] = word;
    }
    return args;
}

std::string_view take_argument(std::string_view& arguments) {
    std::string_view first = arguments.substr(0, arguments.find('\0'));
    arguments.remove_prefix(std::min(first.size() + 1, arguments.size()));
    return first;
}

}  // namespace kern
