// The first line of a script:  #! /path/of/interpreter one optional argument
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace kern {

inline constexpr size_t SCRIPT_LINE_LIMIT = 256;  // bytes of a file that are looked at
inline constexpr unsigned SCRIPT_DEPTH = 5;       // scripts whose interpreter is a script

struct ScriptLine {
    std::string_view interpreter;
    std::string_view argument;  // all of the rest, blanks trimmed; empty: none
};

// Takes the line from the file's first bytes (SCRIPT_LINE_LIMIT, or all of a shorter file). ENOEXEC: it is a script that
// names no interpreter, or cuts its name off. See execve(2), "Interpreter scripts".
inline bool is_script(std::string_view start) { return start.starts_with("#!"); }
Result<ScriptLine> parse_script_line(std::string_view start);

}  // namespace kern
