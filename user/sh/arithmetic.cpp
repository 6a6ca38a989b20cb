// $((...)): long integers, variables by name, the operators of C from || to *, ? :, unary - + ! ~, parentheses.

#include "sh.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

namespace {

// From loosest to tightest; of two that begin alike the longer comes first.
constexpr const char* LEVELS[][5] = {{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<=", ">=", "<", ">"},
                                     {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};
constexpr size_t LEVEL_COUNT = sizeof(LEVELS) / sizeof(LEVELS[0]);

class Evaluator {
public:
    explicit Evaluator(const std::string& text) : at_(text.c_str()) {}

    long whole() {
        long value = choice();
        if (*at_) throw ShellError(std::string("arithmetic: unexpected ") + at_);
        return value;
    }

private:
    bool take(const char* text) {
        skip_blanks();
        if (strncmp(at_, text, strlen(text)) != 0) return false;
        at_ += strlen(text);
        return true;
    }
    void skip_blanks() {
        while (isspace(*at_))
            at_++;
    }

    // Where "&&" stands, "&" does not.
    bool take_operation(const char* text) {
        skip_blanks();
        bool is_doubled = (*text == '&' || *text == '|') && !text[1] && at_[0] == *text && at_[1] == *text;
        return !is_doubled && take(text);
    }

    long choice() {
        long value = binary(0);
        if (!take("?")) return value;
        long yes = choice();
        if (!take(":")) throw ShellError("arithmetic: no : after ?");
        long no = choice();
        return value ? yes : no;
    }

    long binary(size_t level) {
        if (level == LEVEL_COUNT) return unary();
        long left = binary(level + 1);
        for (;;) {
            const char* const* operation = LEVELS[level];
            while (*operation && !take_operation(*operation))
                operation++;
            if (!*operation) return skip_blanks(), left;
            left = apply(*operation, left, binary(level + 1));
        }
    }

    static long apply(std::string_view operation, long a, long b) {
        if (operation == "||") return a || b;
        if (operation == "&&") return a && b;
        if (operation == "|") return a | b;
        if (operation == "^") return a ^ b;
        if (operation == "&") return a & b;
        if (operation == "<<") return static_cast<long>(static_cast<unsigned long>(a) << (b & 63));
        if (operation == ">>") return a >> (b & 63);
        if (operation == "==") return a == b;
        if (operation == "!=") return a != b;
        if (operation == "<=") return a <= b;
        if (operation == ">=") return a >= b;
        if (operation == "<") return a < b;
        if (operation == ">") return a > b;
        if (operation == "+") return static_cast<long>(static_cast<unsigned long>(a) + static_cast<unsigned long>(b));
        if (operation == "-") return static_cast<long>(static_cast<unsigned long>(a) - static_cast<unsigned long>(b));
        if (operation == "*") return static_cast<long>(static_cast<unsigned long>(a) * static_cast<unsigned long>(b));
        if (b == 0) throw ShellError("arithmetic: division by zero");
        if (b == -1) return operation == "/" ? static_cast<long>(-static_cast<unsigned long>(a)) : 0;
        return operation == "/" ? a / b : a % b;
    }

    long unary() {
        if (take("-")) return static_cast<long>(-static_cast<unsigned long>(unary()));
        if (take("+")) return unary();
        if (take("!")) return !unary();
        if (take("~")) return ~unary();
        if (take("(")) {
            long value = choice();
            if (!take(")")) throw ShellError("arithmetic: no closing parenthesis");
            return value;
        }
        std::string name;
        for (skip_blanks(); isalnum(*at_) || *at_ == '_'; at_++)
            name += *at_;
        if (name.empty()) throw ShellError(std::string("arithmetic: a number is missing at ") + (*at_ ? at_ : "the end"));
        if (!isdigit(name[0])) return strtol(variable(name).value_or("0").c_str(), nullptr, 0);
        char* end;
        long value = strtol(name.c_str(), &end, 0);
        if (*end) throw ShellError("arithmetic: " + name + " is not a number");
        return value;
    }

    const char* at_;
};

}  // namespace

long evaluate(const std::string& expression) {
    bool blank = expression.find_first_not_of(" \t\n") == std::string::npos;
    return blank ? 0 : Evaluator(expression).whole();
}
