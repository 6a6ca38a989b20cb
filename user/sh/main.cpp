// sh: a small shell, what POSIX calls the shell command language in its larger part.
//
//   sh [-ex] [FILE [ARGUMENT...]]    without a FILE it reads commands from standard input, with a prompt if that is a terminal
//   sh [-ex] -c TEXT [NAME [ARGUMENT...]]
//   init                             see init.cpp

#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <utility>

Shell shell;

std::optional<std::string> variable(const std::string& name) {
    if (name == "?") return std::to_string(shell.last_status);
    if (name == "$") return std::to_string(shell.pid);
    if (name == "#") return std::to_string(shell.parameters.size());
    if (name == "!") return shell.last_background ? std::to_string(shell.last_background) : "";
    if (name == "-") return shell.interactive ? "i" : "";
    if (name == "0") return shell.name;
    if (!name.empty() && isdigit(name[0])) {
        size_t index = static_cast<size_t>(atoi(name.c_str()));
        if (index == 0 || index > shell.parameters.size()) return {};
        return shell.parameters[index - 1];
    }
    auto found = shell.variables.find(name);
    return found == shell.variables.end() ? std::nullopt : std::optional(found->second.value);
}

std::string word_separators() { return variable("IFS").value_or(" \t\n"); }

void set_variable(const std::string& name, const std::string& value) { shell.variables[name].value = value; }

bool is_name(const std::string& text) {
    for (char c : text)
        if (!isalnum(c) && c != '_') return false;
    return !text.empty() && !isdigit(text[0]);
}

void show(std::string_view text) {
    if (write(STDERR_FILENO, text.data(), text.size()) < 0) {}  // nowhere to say so
}

void complain(const std::string& what) { dprintf(STDERR_FILENO, "sh: %s\n", what.c_str()); }

bool read_line(int fd, std::string& line) {
    char c;
    for (line.clear(); line.empty() || line.back() != '\n'; line += c) {
        ssize_t count = read(fd, &c, 1);
        if (count == 0 || (count < 0 && errno != EINTR)) return !line.empty();
        if (count < 0 && shell.interrupted) return line.assign(1, '\n'), true;  // ^C: the line begins anew
    }
    return true;
}

std::optional<std::string> content_of(const std::string& file) {
    int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::string content;
    char part[4096];
    ssize_t count;
    while ((count = read(fd, part, sizeof(part))) > 0)
        content.append(part, static_cast<size_t>(count));
    close(fd);
    return count < 0 ? std::nullopt : std::optional(content);
}

namespace {

void say_how_it_ended(int status) {
    if (status == 0 || shell.last_end == End::stopped) return;
    if (shell.last_end == End::killed)
        dprintf(STDERR_FILENO, "[killed by SIG%s]\n", sigabbrev_np(status - 128));
    else
        dprintf(STDERR_FILENO, "[exit %d]\n", status);
}

// Each part of a line typed by a person is followed by how it ended, unless it went well.
void run_line(const Command& line) {
    for (const CommandRef& part : line.parts) {
        shell.last_end = End::exited;
        execute(*part);
        if (shell.interactive && part->kind != Command::background) say_how_it_ended(shell.last_status);
        if (leaving()) break;
    }
}

int run_all(LineSource source) {
    Parser parser(std::move(source));
    for (;;) {
        try {
            CommandRef line = parser.next_line();
            if (!line) return shell.last_status;
            run_line(*line);
        } catch (const SyntaxError& error) {
            if (!shell.interrupted) complain(error.what());
            shell.last_status = 2;
            if (!shell.interactive) return 2;
            parser.drop_line();
        }
        if (shell.interactive) {
            shell.interrupted = false;
            shell.flow = Flow::normal;
        } else if (leaving()) {
            return shell.last_status;
        }
    }
}

bool prompted_line(std::string& line, bool more) {
    if (shell.interrupted) return false;  // a command of several lines is given up
    if (!more) report_jobs();
    show(more ? "> " : "$ ");
    bool found = read_line(STDIN_FILENO, line);
    if (!found || shell.interrupted) show("\n");
    return found;
}

int run_file(const std::string& name) {
    auto text = content_of(name);
    if (text) return run_text(*text);
    complain(name + ": " + strerror(errno));
    return 127;
}

int run_input() {
    shell.interactive = isatty(STDIN_FILENO);
    if (!shell.interactive) return run_all([](std::string& line, bool) { return read_line(STDIN_FILENO, line); });
    start_job_control();
    return run_all(prompted_line);
}

void take_environment() {
    for (char** entry = environ; *entry; entry++)
        if (const char* equals = strchr(*entry, '='))
            shell.variables[std::string(*entry, static_cast<size_t>(equals - *entry))] = {equals + 1, true};
}

}  // namespace

int run_text(const std::string& text) {
    size_t at = 0;
    bool interactive = std::exchange(shell.interactive, false);
    int status = run_all([&](std::string& line, bool) {
        if (at >= text.size()) return false;
        size_t end = std::min(text.find('\n', at), text.size());
        line = text.substr(at, end - at);
        at = end + 1;
        return true;
    });
    shell.interactive = interactive;
    return status;
}

int main(int argc, char** argv) {
    if (std::string_view(basename(argv[0])) == "init") return run_init();
    bool is_text = false;
    shell.pid = getpid();
    take_environment();
    for (int option; (option = getopt(argc, argv, "+cex")) != -1;) {
        if (option == '?') return 2;
        (option == 'c' ? is_text : option == 'e' ? shell.stop_on_failure : shell.trace) = true;
    }
    Words words(argv + optind, argv + argc);
    if (is_text && words.empty()) {
        complain("-c: the text is missing");
        return 2;
    }
    if (is_text && words.size() > 1) shell.name = words[1];
    if (!is_text && !words.empty()) shell.name = words[0];
    size_t first = is_text ? 2 : 1;
    if (words.size() > first) shell.parameters.assign(words.begin() + static_cast<long>(first), words.end());
    return is_text ? run_text(words[0]) : words.empty() ? run_input() : run_file(words[0]);
}
