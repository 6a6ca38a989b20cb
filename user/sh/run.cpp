// Runs the tree. What is built in, and every loop and condition, runs in the shell's own process; a program, a part of a
// pipeline and ( ... ) in a child.

#include "sh.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

namespace {

// ---- simple commands ------------------------------------------------------------------------------------------------

bool is_assignment(const std::string& word) {
    size_t equals = word.find('=');
    return equals != std::string::npos && is_name(word.substr(0, equals));
}

void assign(const std::string& word) {
    size_t equals = word.find('=');
    set_variable(word.substr(0, equals), expand_word(word.substr(equals + 1)));
}

int call_function(const CommandRef& body, const Words& words) {
    Words parameters(words.begin() + 1, words.end());
    std::swap(parameters, shell.parameters);
    int status = execute(*body);
    std::swap(parameters, shell.parameters);
    if (shell.flow == Flow::return_function) {
        shell.flow = Flow::normal;
        status = shell.last_status;
    }
    return status;
}

// NAME=value before a command counts for that alone.
class Assigned {
public:
    explicit Assigned(const Words& assignments) {
        for (const std::string& word : assignments) {
            std::string name = word.substr(0, word.find('='));
            auto known = shell.variables.find(name);
            saved_.push_back({name, known == shell.variables.end() ? std::nullopt : std::optional(known->second)});
            assign(word);
            shell.variables[name].exported = true;
        }
    }
    ~Assigned() {
        for (; !saved_.empty(); saved_.pop_back()) {
            auto& [name, variable] = saved_.back();
            variable ? void(shell.variables[name] = *variable) : void(shell.variables.erase(name));
        }
    }

private:
    std::vector<std::pair<std::string, std::optional<Variable>>> saved_;
};

void trace(const Words& words) {
    std::string line = "+";
    for (const std::string& word : words)
        line += " " + word;
    dprintf(STDERR_FILENO, "%s\n", line.c_str());
}

struct SplitCommand {
    Words assignments, words;
};

SplitCommand split(const Command& command) {
    auto first = command.words.begin();
    while (first != command.words.end() && is_assignment(*first))
        ++first;
    return {Words(command.words.begin(), first), expand(Words(first, command.words.end()))};
}

// In the shell's process if it is a function or built in; else nothing, and the caller makes a process for it.
std::optional<int> run_in_shell(const Command& command, const SplitCommand& parts) {
    auto function = shell.functions.find(parts.words[0]);
    Builtin builtin = find_builtin(parts.words[0]);
    if (function == shell.functions.end() && !builtin) return {};
    CommandRef body = function == shell.functions.end() ? nullptr : function->second;
    Redirected redirected(command.redirections);
    Assigned assigned(parts.assignments);
    if (parts.words[0] == "exec" && parts.words.size() == 1) return redirected.keep(), 0;
    return body ? call_function(body, parts.words) : builtin(parts.words);
}

int run_program(const Command& command, const SplitCommand& parts) {
    for (const Redirection& redirection : command.redirections)
        redirect(redirection);
    Assigned assigned(parts.assignments);
    become(parts.words);
}

int run_simple(const Command& command) {
    shell.last_end = End::exited;
    shell.last_status = command.words.empty() || !is_assignment(command.words[0]) ? shell.last_status : 0;
    SplitCommand parts = split(command);
    if (shell.trace) trace(parts.words.empty() ? parts.assignments : parts.words);
    if (parts.words.empty()) {
        Redirected redirected(command.redirections);
        for (const std::string& word : parts.assignments)
            assign(word);
        return parts.assignments.empty() ? 0 : shell.last_status;  // that of a $(...) in it
    }
    if (auto status = run_in_shell(command, parts)) return *status;
    Job& job = new_job(command.text);
    add_process(job, Place::foreground, [&] { return run_program(command, parts); });
    return wait_for(job);
}

// ---- processes ------------------------------------------------------------------------------------------------------

// The whole work of a child. A program takes its place, so that it has the child's number.
int run_in_child(const Command& command) {
    if (command.kind == Command::simple) {
        SplitCommand parts = split(command);
        if (!parts.words.empty() && !shell.functions.contains(parts.words[0]) && !find_builtin(parts.words[0]))
            return run_program(command, parts);
    }
    return execute(command);
}

// Each part reads from the one before: [a] -> pipe -> [b] -> pipe -> [c].
void start_pipeline(Job& job, const std::vector<CommandRef>& parts, Place place) {
    int input = -1;
    for (size_t i = 0; i < parts.size(); i++) {
        int ends[2] = {-1, -1};
        if (i + 1 < parts.size() && pipe(ends) != 0) throw ShellError(std::string("pipe: ") + strerror(errno));
        add_process(job, place, [&] {
            if (input >= 0) dup2(input, STDIN_FILENO), close(input);
            if (ends[1] >= 0) dup2(ends[1], STDOUT_FILENO), close(ends[1]), close(ends[0]);
            return run_in_child(*parts[i]);
        });
        if (input >= 0) close(input);
        if (ends[1] >= 0) close(ends[1]);
        input = ends[0];
    }
}

int run_background(const CommandRef& command) {
    Job& job = new_job(command->text);
    bool is_pipeline = command->kind == Command::pipeline;
    start_pipeline(job, is_pipeline ? command->parts : std::vector<CommandRef>{command}, Place::background);
    shell.last_background = last_process(job);
    if (shell.interactive) dprintf(STDERR_FILENO, "[%d] %d\n", job.number, shell.last_background);
    return 0;
}

// ---- conditions and loops -------------------------------------------------------------------------------------------

bool holds(const CommandRef& condition) {
    shell.conditions++;
    int status = execute(*condition);
    shell.conditions--;
    return status == 0;
}

int run_if(const Command& command) {
    size_t i = 0;
    for (; i + 1 < command.parts.size(); i += 2) {
        bool held = holds(command.parts[i]);
        if (leaving()) return shell.last_status;
        if (held) return execute(*command.parts[i + 1]);
    }
    return i < command.parts.size() ? execute(*command.parts[i]) : 0;
}

// After the body of a loop: whether it goes round again.
bool goes_on() {
    if (shell.flow == Flow::normal || shell.flow == Flow::return_function) return !leaving();
    if (--shell.levels > 0) return false;
    bool again = shell.flow == Flow::continue_loop;
    shell.flow = Flow::normal;
    return again;
}

int run_while(const Command& command) {
    int status = 0;
    while (holds(command.parts[0]) == (command.kind == Command::while_loop) && !leaving()) {
        status = execute(*command.parts[1]);
        if (!goes_on()) return status;
    }
    if (leaving()) goes_on();
    return status;
}

int run_for(const Command& command) {
    int status = 0;
    for (const std::string& value : expand(Words(command.words.begin() + 1, command.words.end()))) {
        set_variable(command.words[0], value);
        status = execute(*command.parts[0]);
        if (!goes_on()) break;
    }
    return status;
}

int run_case(const Command& command) {
    std::string subject = expand_word(command.words[0]);
    for (const CommandRef& branch : command.parts)
        for (const std::string& pattern : branch->words)
            if (fnmatch(expand_pattern(pattern).c_str(), subject.c_str(), 0) == 0)
                return branch->parts.empty() ? 0 : execute(*branch->parts[0]);
    return 0;
}

int run_sequence(const Command& command) {
    int status = 0;
    for (const CommandRef& part : command.parts) {
        status = execute(*part);
        if (leaving()) break;
    }
    return status;
}

// What stands in a condition may fail without ending the shell under set -e.
int run_and_or(const Command& command) {
    bool held = holds(command.parts[0]);
    if (leaving() || held == (command.kind == Command::either)) return shell.last_status;
    return execute(*command.parts[1]);
}

int run_compound(const Command& command) {
    switch (command.kind) {
    case Command::sequence:
    case Command::group:
        return run_sequence(command);
    case Command::both:
    case Command::either:
        return run_and_or(command);
    case Command::negation:
        return holds(command.parts[0]) ? 1 : 0;
    case Command::if_then:
        return run_if(command);
    case Command::while_loop:
    case Command::until_loop:
        return run_while(command);
    case Command::for_loop:
        return run_for(command);
    case Command::case_of:
        return run_case(command);
    case Command::function:
        shell.functions[command.words[0]] = command.parts[0];
        return 0;
    case Command::background:
        return run_background(command.parts[0]);
    case Command::simple:
        return run_simple(command);
    case Command::pipeline:
    case Command::subshell:
        Job& job = new_job(command.text);
        start_pipeline(job, command.parts, Place::foreground);
        return wait_for(job);
    }
    return 0;
}

bool may_end_the_shell(Command::Kind kind) {
    return kind == Command::simple || kind == Command::pipeline || kind == Command::subshell;
}

}  // namespace

int execute(const Command& command) {
    try {
        if (command.kind == Command::simple) {
            shell.last_status = run_simple(command);
        } else {
            Redirected redirected(command.redirections);
            shell.last_status = run_compound(command);
        }
    } catch (const ShellError& error) {
        complain(error.what());
        shell.last_status = 2;
    }
    if (shell.stop_on_failure && shell.last_status != 0 && shell.conditions == 0 && may_end_the_shell(command.kind))
        exit(shell.last_status);
    return shell.last_status;
}

std::string output_of(const std::string& text) {
    int ends[2];
    if (pipe(ends) != 0) throw ShellError(std::string("pipe: ") + strerror(errno));
    bool job_control = shell.job_control;
    shell.job_control = false;  // it belongs to the shell's own group
    Job& job = new_job(text);
    add_process(job, Place::foreground, [&] {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        return run_text(text);
    });
    close(ends[1]);
    std::string output;
    char part[4096];
    for (ssize_t count; (count = read(ends[0], part, sizeof(part))) > 0 || (count < 0 && errno == EINTR);)
        if (count > 0) output.append(part, static_cast<size_t>(count));
    close(ends[0]);
    shell.last_status = wait_for(job);
    shell.job_control = job_control;
    output.erase(output.find_last_not_of('\n') + 1);
    return output;
}

void become(const Words& words) {
    std::vector<char*> arguments;
    std::vector<std::string> variables;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    for (const auto& [name, variable] : shell.variables)
        if (variable.exported) variables.push_back(name + "=" + variable.value);
    std::vector<char*> environment;
    for (std::string& variable : variables)
        environment.push_back(variable.data());
    environment.push_back(nullptr);
    environ = environment.data();
    execvp(arguments[0], arguments.data());
    int reason = errno;
    complain(words[0] + ": " + (reason == ENOENT ? "not found" : strerror(reason)));
    _exit(reason == ENOENT ? 127 : 126);
}
