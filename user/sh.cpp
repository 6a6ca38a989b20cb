// sh: a small shell. Runs programs found by PATH, one after another, and says how those that fail have ended.
//
//   sh                  reads commands from standard input, with a prompt if that is a terminal
//   sh FILE | sh -c STRING
//
// A line is commands separated by `;`. Words are separated by blanks; '...', "..." and \ quote; $NAME and $? are
// replaced (not inside '...'); # begins a comment. Built in: cd [DIR], exit [STATUS].

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <signal.h>
#include <string.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using Words = std::vector<std::string>;

bool interactive = false;
int last_status = 0;

// Cuts one line into commands, and those into words.
class Lexer {
public:
    explicit Lexer(const std::string& line) : line_(line) {}

    // The next command's words; empty at the end of the line. False on an unclosed quote.
    bool next_command(Words& words) {
        words.clear();
        while (at_ < line_.size()) {
            char c = line_[at_];
            if (c == ';' || c == '\n') {
                at_++;
                if (!words.empty()) {
                    return true;
                }
            } else if (c == '#') {
                at_ = line_.find('\n', at_);
            } else if (isspace(static_cast<unsigned char>(c))) {
                at_++;
            } else if (!next_word(words.emplace_back())) {
                return false;
            }
        }
        return true;
    }

private:
    bool next_word(std::string& word) {
        char quote = 0;
        for (; at_ < line_.size(); at_++) {
            char c = line_[at_];
            if (quote == 0 && (isspace(static_cast<unsigned char>(c)) || c == ';')) {
                return true;
            }
            if (c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == '\\' && quote != '\'' && at_ + 1 < line_.size()) {
                word += line_[++at_];
            } else if (c == '$' && quote != '\'') {
                word += variable();
            } else {
                word += c;
            }
        }
        return quote == 0;
    }

    // The value of the variable at the `$`; leaves at_ on its last character.
    std::string variable() {
        if (line_.compare(at_ + 1, 1, "?") == 0) {
            at_++;
            return std::to_string(last_status);
        }
        std::string name;
        while (at_ + 1 < line_.size() &&
               (isalnum(static_cast<unsigned char>(line_[at_ + 1])) || line_[at_ + 1] == '_')) {
            name += line_[++at_];
        }
        const char* value = getenv(name.c_str());
        return name.empty() ? "$" : value ? value : "";
    }

    const std::string& line_;
    size_t at_ = 0;
};

[[noreturn]] void become(const Words& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    signal(SIGINT, SIG_DFL);
    execvp(arguments[0], arguments.data());
    const char* reason = errno == ENOENT ? "not found" : strerror(errno);
    dprintf(STDERR_FILENO, "sh: %s: %s\n", arguments[0], reason);
    _exit(errno == ENOENT ? 127 : 126);
}

void run_program(const Words& words) {
    std::cout.flush();
    pid_t child = fork();
    if (child == 0) {
        become(words);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        std::cerr << "sh: " << words[0] << ": " << strerror(errno) << "\n";
        last_status = 126;
    } else if (WIFSIGNALED(status)) {
        last_status = 128 + WTERMSIG(status);
        if (interactive) {
            std::cerr << "[killed by SIG" << sigabbrev_np(WTERMSIG(status)) << "]\n";
        }
    } else {
        last_status = WEXITSTATUS(status);
        if (interactive && last_status != 0) {
            std::cerr << "[exit " << last_status << "]\n";
        }
    }
}

void change_directory(const Words& words) {
    const char* home = getenv("HOME");
    std::string directory = words.size() > 1 ? words[1] : home ? home : "/";
    last_status = 0;
    if (chdir(directory.c_str()) != 0) {
        std::cerr << "sh: cd: " << directory << ": " << strerror(errno) << "\n";
        last_status = 1;
    }
}

void run_line(const std::string& line) {
    Lexer lexer(line);
    Words words;
    while (lexer.next_command(words) && !words.empty()) {
        if (words[0] == "exit") {
            std::cout.flush();
            exit(words.size() > 1 ? atoi(words[1].c_str()) : last_status);
        } else if (words[0] == "cd") {
            change_directory(words);
        } else {
            run_program(words);
        }
    }
    if (!words.empty()) {
        std::cerr << "sh: a quote is not closed\n";
        last_status = 2;
    }
}

void run_all(std::istream& input) {
    std::string line;
    while (std::cout << (interactive ? "$ " : "") << std::flush, std::getline(input, line)) {
        run_line(line);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2 && strcmp(argv[1], "-c") == 0) {
        run_line(argv[2]);
    } else if (argc > 1) {
        std::ifstream script(argv[1]);
        if (!script) {
            std::cerr << "sh: " << argv[1] << ": " << strerror(errno) << "\n";
            return 127;
        }
        run_all(script);
    } else {
        interactive = isatty(STDIN_FILENO);
        if (interactive) {
            signal(SIGINT, SIG_IGN);
        }
        run_all(std::cin);
    }
    return last_status;
}
