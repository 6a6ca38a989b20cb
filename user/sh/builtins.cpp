// What is built in: it changes the shell itself, or is too small for a process.

#include "sh.h"

#include <algorithm>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

int number_at(const Words& words, size_t index, int otherwise) {
    return words.size() > index ? atoi(words[index].c_str()) : otherwise;
}

int fail_with_errno(const std::string& what) {
    complain(what + ": " + strerror(errno));
    return 1;
}

void write_out(const std::string& text) {
    for (size_t done = 0; done < text.size();) {
        ssize_t wrote = write(STDOUT_FILENO, text.data() + done, text.size() - done);
        if (wrote < 0) throw ShellError(std::string("write: ") + strerror(errno));
        done += static_cast<size_t>(wrote);
    }
}

int change_directory(const Words& words) {
    std::string to = words.size() > 1 ? words[1] : variable("HOME").value_or("/");
    bool back = to == "-";
    if (back) to = variable("OLDPWD").value_or("/");
    std::string before = variable("PWD").value_or("/");
    if (chdir(to.c_str()) != 0) return fail_with_errno("cd: " + to);
    char here[4096];
    set_variable("OLDPWD", before);
    if (getcwd(here, sizeof(here))) set_variable("PWD", here);
    if (back) write_out(to + "\n");
    return 0;
}

int print_directory(const Words&) {
    char here[4096];
    if (!getcwd(here, sizeof(here))) return fail_with_errno("pwd");
    write_out(std::string(here) + "\n");
    return 0;
}

int echo(const Words& words) {
    bool newline = words.size() < 2 || words[1] != "-n";
    std::string line;
    for (size_t i = newline ? 1 : 2; i < words.size(); i++)
        line += (line.empty() && i == (newline ? 1u : 2u) ? "" : " ") + words[i];
    write_out(newline ? line + "\n" : line);
    return 0;
}

int leave(const Words& words) { exit(number_at(words, 1, shell.last_status) & 255); }

int leave_loop(const Words& words) {
    shell.flow = words[0] == "break" ? Flow::break_loop : Flow::continue_loop;
    shell.levels = std::max(1, number_at(words, 1, 1));
    return 0;
}

int leave_function(const Words& words) {
    shell.last_status = number_at(words, 1, shell.last_status);
    shell.flow = Flow::return_function;
    return shell.last_status;
}

int export_variables(const Words& words) {
    for (size_t i = 1; i < words.size(); i++) {
        size_t equals = words[i].find('=');
        std::string name = words[i].substr(0, equals);
        if (!is_name(name)) throw ShellError("export: " + name + ": not a name");
        if (equals != std::string::npos) set_variable(name, words[i].substr(equals + 1));
        shell.variables[name].exported = true;
    }
    if (words.size() == 1)
        for (const auto& [name, variable] : shell.variables)
            if (variable.exported) write_out("export " + name + "=" + variable.value + "\n");
    return 0;
}

int unset(const Words& words) {
    for (size_t i = 1; i < words.size(); i++)
        if (shell.variables.erase(words[i]) == 0) shell.functions.erase(words[i]);
    return 0;
}

// set: shows variables. set -e, -x (with + they end). set [--] WORD...: the parameters.
int set(const Words& words) {
    size_t i = 1;
    for (; i < words.size() && (words[i][0] == '-' || words[i][0] == '+') && words[i] != "--"; i++)
        for (char option : words[i].substr(1)) {
            if (option != 'e' && option != 'x') throw ShellError("set: " + words[i] + " is not known");
            (option == 'e' ? shell.stop_on_failure : shell.trace) = words[i][0] == '-';
        }
    bool replaces = i < words.size();
    if (replaces && words[i] == "--") i++;
    if (replaces) shell.parameters.assign(words.begin() + static_cast<long>(i), words.end());
    if (words.size() == 1)
        for (const auto& [name, variable] : shell.variables)
            write_out(name + "=" + variable.value + "\n");
    return 0;
}

int shift(const Words& words) {
    size_t count = static_cast<size_t>(std::max(0, number_at(words, 1, 1)));
    if (count > shell.parameters.size()) return 1;
    shell.parameters.erase(shell.parameters.begin(), shell.parameters.begin() + static_cast<long>(count));
    return 0;
}

// read [-r] NAME...: a word of the next line for each, the rest for the last.
int read_words(const Words& words) {
    std::string line;
    bool found = read_line(STDIN_FILENO, line);
    if (!line.empty() && line.back() == '\n') line.pop_back();
    std::string separators = word_separators(), blanks = separators;
    std::erase_if(blanks, [](unsigned char c) { return !isspace(c); });
    size_t first = words.size() > 1 && words[1] == "-r" ? 2 : 1, at = 0;
    for (size_t i = first; i < words.size(); i++) {
        at = std::min(line.size(), line.find_first_not_of(blanks, at));
        size_t end = i + 1 < words.size() ? std::min(line.size(), line.find_first_of(separators, at))
                                          : line.find_last_not_of(blanks) + 1;
        set_variable(words[i], end > at ? line.substr(at, end - at) : "");
        at = std::min(line.size(), std::max(at, end) + 1);
    }
    return found ? 0 : 1;
}

int evaluate_words(const Words& words) {
    std::string text;
    for (size_t i = 1; i < words.size(); i++)
        text += words[i] + " ";
    return run_text(text);
}

int source(const Words& words) {
    if (words.size() < 2) throw ShellError(".: names no file");
    auto text = content_of(words[1]);
    return text ? run_text(*text) : fail_with_errno(words[1]);
}

int execute_program(const Words& words) { become(Words(words.begin() + 1, words.end())); }

int mask(const Words& words) {
    mode_t before = umask(0);
    umask(words.size() > 1 ? static_cast<mode_t>(strtol(words[1].c_str(), nullptr, 8)) : before);
    if (words.size() == 1) dprintf(STDOUT_FILENO, "%04o\n", before);
    return 0;
}

// The file that a name stands for as a command, or nothing.
std::string program_of(const std::string& name) {
    if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
    std::string path = variable("PATH").value_or("") + ":";
    for (size_t at = 0, end; (end = path.find(':', at)) != std::string::npos; at = end + 1) {
        std::string file = path.substr(at, end - at) + "/" + name;
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    return "";
}

// type NAME...: what each is as a command.
int tell_type(const Words& words) {
    int status = 0;
    for (size_t i = 1; i < words.size(); i++) {
        std::string file = program_of(words[i]);
        bool is_function = shell.functions.contains(words[i]), is_builtin = find_builtin(words[i]);
        std::string kind = is_function ? "a shell function" : is_builtin ? "a shell builtin" : file;
        write_out(words[i] + (kind.empty() ? ": not found" : " is " + kind) + "\n");
        if (kind.empty()) status = 127;
    }
    return status;
}

int help(const Words&);

int succeed(const Words&) { return 0; }
int fail(const Words&) { return 1; }

constexpr std::pair<const char*, Builtin> BUILTINS[] = {
    {".", source},          {":", succeed},           {"[", test_command},  {"bg", continue_job},
    {"break", leave_loop},  {"cd", change_directory}, {"continue", leave_loop}, {"echo", echo},
    {"eval", evaluate_words}, {"exec", execute_program}, {"exit", leave},     {"export", export_variables}, {"help", help},
    {"false", fail},        {"fg", continue_job},     {"jobs", list_jobs},  {"kill", signal_jobs},
    {"pwd", print_directory},
    {"read", read_words},   {"return", leave_function}, {"set", set},       {"shift", shift},
    {"test", test_command}, {"true", succeed},        {"type", tell_type},    {"umask", mask},      {"unset", unset},
    {"wait", wait_command},
};

int help(const Words&) {
    std::string names;
    for (auto [name, builtin] : BUILTINS)
        names += std::string(" ") + name;
    write_out("Built in:" + names + "\nif for while until case { ( f() | & && || < > >> << $x ${x} $(command) $((1 + 1)) * ? [a-z]\n"
              "Programs: ls /bin\n");
    return 0;
}

}  // namespace

Builtin find_builtin(const std::string& name) {
    for (auto [known, builtin] : BUILTINS)
        if (name == known) return builtin;
    return nullptr;
}
