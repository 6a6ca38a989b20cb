#include "base/boot_args.h"

constexpr uint64_t MAX_HZ = 10'000;

// Says whether the word, NAME or NAME=VALUE, means something to us.
static bool apply(BootArgs& args, std::string_view value) {
    std::string_view name = take_until(value, '=');
    auto number = parse_number(value);
    if (name == "norandmaps") args.randomize_maps = false;
    else if (name == "quiet") args.quiet = true;
    else if (name == "selftest") args.selftest = value.empty() ? "all" : value;
    else if (name == "init") args.init = value;
    else if (name == "root") args.root = value;
    else if (name == "log") args.log_nonce = value;
    else if (name == "seed" && number) args.seed = number;
    else if (name == "failnth" && number) args.fail_nth = number;
    else if (name == "hz" && number) args.hz = std::clamp<uint64_t>(*number, 1, MAX_HZ);
    else if (name == "console" && (value == "raw" || value == "tty"))
        args.console = value == "raw" ? ConsoleMode::raw : ConsoleMode::tty;
    else return false;
    return true;
}

// Rewrites the words of `text`, which begins with a space, without quotes and escapes and with a NUL behind each.
// Returns the new size. (What is written never overtakes what is read: the first space makes room for the last NUL.)
static size_t unquote(std::span<char> text) {
    size_t out = 0;
    bool quoted = false, in_word = false;
    for (size_t in = 0; in < text.size(); in++) {
        bool escaped = quoted && text[in] == '\\' && in + 1 < text.size();
        char c = text[in += escaped];
        if (!escaped && !quoted && c == ' ') {
            if (in_word) text[out++] = '\0';
            in_word = false;
            continue;
        }
        in_word = true;
        if (!escaped && c == '"') quoted = !quoted;
        else text[out++] = escaped && c == 'n' ? '\n' : c;
    }
    if (in_word) text[out++] = '\0';
    return out;
}

std::string_view take_until(std::string_view& text, char end) {
    std::string_view front = text.substr(0, text.find(end));
    text.remove_prefix(std::min(front.size() + 1, text.size()));
    return front;
}

static char command_line[1024];  // as it was; the rest of a longer one is left out

std::string_view boot_command_line() { return command_line; }

BootArgs parse_boot_args(std::span<char> text) {
    BootArgs args;
    std::string_view rest(text.data(), text.size());
    rest.copy(command_line, sizeof(command_line) - 1);
    while (!rest.empty()) {
        std::string_view word = take_until(rest, ' ');
        if (word == "--" && !rest.empty()) {
            std::span<char> behind = text.last(rest.size() + 1);  // with the space
            args.arguments = {behind.data(), unquote(behind)};
            break;
        }
        if (!word.empty() && !apply(args, word) && args.unknown.empty()) args.unknown = word;
    }
    return args;
}
