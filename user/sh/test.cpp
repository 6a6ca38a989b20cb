// test EXPRESSION, [ EXPRESSION ]: says by its status whether something holds, of files (-e -f -d -L -p -c -b -s -r -w -x), of
// text (-n -z = !=), of numbers (-eq -ne -lt -le -gt -ge), with ! and ( ) and -a and -o.

#include "sh.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class Test {
public:
    explicit Test(Words words) : words_(std::move(words)) {}

    int status() {
        if (words_.empty()) return 1;
        bool holds = any();
        if (at_ != words_.size()) throw ShellError("test: unexpected " + words_[at_]);
        return !holds;
    }

private:
    bool take(const char* word) {
        if (at_ == words_.size() || words_[at_] != word) return false;
        at_++;
        return true;
    }
    const std::string& next() {
        if (at_ == words_.size()) throw ShellError("test: a word is missing");
        return words_[at_++];
    }
    size_t left() const { return words_.size() - at_; }

    bool any() {
        bool holds = all();
        while (take("-o"))
            holds = all() || holds;
        return holds;
    }
    bool all() {
        bool holds = one();
        while (take("-a"))
            holds = one() && holds;
        return holds;
    }
    bool one() {
        if (left() >= 3 && is_binary(words_[at_ + 1])) return binary();
        if (left() > 1 && take("!")) return !one();
        if (left() > 1 && take("(")) {
            bool holds = any();
            if (!take(")")) throw ShellError("test: no closing parenthesis");
            return holds;
        }
        if (left() > 1 && words_[at_].size() == 2 && words_[at_][0] == '-') return unary();
        return !next().empty();
    }

    static bool is_binary(const std::string& word) {
        for (const char* known : {"=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
            if (word == known) return true;
        return false;
    }

    static long number(const std::string& text) {
        char* end;
        long value = strtol(text.c_str(), &end, 10);
        if (text.empty() || *end) throw ShellError("test: " + text + " is not a number");
        return value;
    }

    bool binary() {
        const std::string &left = next(), &operation = next(), &right = next();
        if (operation == "!=") return left != right;
        if (operation[0] == '=') return left == right;
        long a = number(left), b = number(right);
        if (operation == "-eq") return a == b;
        if (operation == "-ne") return a != b;
        if (operation == "-lt") return a < b;
        if (operation == "-le") return a <= b;
        return operation == "-gt" ? a > b : a >= b;
    }

    bool unary() {
        char what = next()[1];
        const std::string& word = next();
        if (what == 'n') return !word.empty();
        if (what == 'z') return word.empty();
        if (what == 't') return isatty(static_cast<int>(number(word)));
        if (what == 'r' || what == 'w' || what == 'x')
            return access(word.c_str(), what == 'r' ? R_OK : what == 'w' ? W_OK : X_OK) == 0;
        struct stat info;
        if ((what == 'L' || what == 'h' ? lstat(word.c_str(), &info) : stat(word.c_str(), &info)) != 0) return false;
        switch (what) {
        case 'b': return S_ISBLK(info.st_mode);
        case 'c': return S_ISCHR(info.st_mode);
        case 'd': return S_ISDIR(info.st_mode);
        case 'e': return true;
        case 'f': return S_ISREG(info.st_mode);
        case 'h':
        case 'L': return S_ISLNK(info.st_mode);
        case 'p': return S_ISFIFO(info.st_mode);
        case 's': return info.st_size > 0;
        }
        throw ShellError(std::string("test: -") + what + " is not known");
    }

    Words words_;
    size_t at_ = 0;
};

}  // namespace

int test_command(const Words& words) {
    Words expression(words.begin() + 1, words.end());
    if (words[0] == "[") {
        if (expression.empty() || expression.back() != "]") throw ShellError("[: no closing ]");
        expression.pop_back();
    }
    return Test(std::move(expression)).status();
}
