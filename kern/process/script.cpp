#include "process/script.h"

namespace kern {

namespace {

constexpr std::string_view BLANKS = " \t";

std::string_view trim(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(BLANKS), text.size()));
    return text.substr(0, text.find_last_not_of(BLANKS) + 1);
}

}  // namespace

Result<ScriptLine> parse_script_line(std::string_view start) {
    std::string_view line = start.substr(2, start.find_first_of(std::string_view("\n\0", 2)) - 2);
    bool is_cut = start.size() == SCRIPT_LINE_LIMIT && line.size() == start.size() - 2;
    line.remove_prefix(std::min(line.find_first_not_of(BLANKS), line.size()));
    size_t end = line.find_first_of(BLANKS);
    if (line.empty() || (is_cut && end == line.npos))
        return fail(Errno::ENOEXEC);
    std::string_view rest = end == line.npos ? std::string_view() : line.substr(end);
    return ScriptLine{line.substr(0, end), trim(rest)};
}

}  // namespace kern
