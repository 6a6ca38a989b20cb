// What a word means when its command runs: variables, substitutions and quotes replaced, the result split at blanks and
// completed to the names of files.
//
// While a word grows it is a pattern: a character that was quoted and would mean something to fnmatch(3) has a backslash.

#include "sh.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

class Expander {
public:
    Expander(const std::string& text, bool split) : text_(text), split_(split) {}

    // As between "..." if `in_quotes`.
    void expand(bool in_quotes);
    // The words so far; the patterns of them.
    Words finish() {
        end_word();
        return std::move(words_);
    }

private:
    void put(char c, bool quoted) {
        if (c == '\\' || (quoted && strchr("*?[]", c))) word_ += '\\';
        word_ += c;
        begun_ = true;
    }
    void put_value(const std::string& value, bool quoted);
    void end_word() {
        if (begun_) words_.push_back(std::move(word_));
        word_.clear();
        begun_ = false;
    }
    void dollar(bool quoted);
    void braces(const std::string& inner, bool quoted);
    void put_parameters(char which, bool quoted);
    std::string piece(size_t open, char end);

    const std::string& text_;
    const bool split_;
    size_t at_ = 0;
    Words words_;
    std::string word_;
    bool begun_ = false;  // "" is a word, too
};

void Expander::put_value(const std::string& value, bool quoted) {
    begun_ = begun_ || quoted;
    std::string separators = split_ && !quoted ? word_separators() : "";
    for (char c : value) {
        if (separators.find(c) == std::string::npos) {
            put(c, quoted);
        } else {
            begun_ = begun_ || !isspace(c);  // "a::b" has an empty word where "a  b" has none
            end_word();
        }
    }
}

// "$@" is a word for each parameter, "$*" one for all.
void Expander::put_parameters(char which, bool quoted) {
    bool first = true;
    for (const std::string& parameter : shell.parameters) {
        if (!first && split_ && (which == '@' || !quoted))
            end_word();
        else if (!first)
            put(' ', quoted);
        put_value(parameter, quoted);
        first = false;
    }
}

// The text from `open` to the `end` that closes it; at_ is behind that then.
std::string Expander::piece(size_t open, char end) {
    size_t close = closing(text_, open, end);
    if (close == std::string::npos) throw ShellError("a quote is not closed");
    at_ = close + 1;
    return text_.substr(open, close - open);
}

void Expander::dollar(bool quoted) {
    size_t begin = at_++;
    if (text_.compare(begin, 3, "$((") == 0) {
        std::string inner = piece(begin + 2, ')');
        if (inner.size() >= 2 && inner.back() == ')')
            return put_value(std::to_string(evaluate(expand_word("\"" + inner.substr(1, inner.size() - 2) + "\""))), quoted);
        return put_value(output_of(inner), quoted);
    }
    if (text_.compare(begin, 2, "$(") == 0) return put_value(output_of(piece(begin + 2, ')')), quoted);
    if (text_.compare(begin, 2, "${") == 0) return braces(piece(begin + 2, '}'), quoted);
    std::string name(1, at_ < text_.size() ? text_[at_] : 0);
    if (name == "@" || name == "*") return at_++, put_parameters(name[0], quoted);
    if (isalpha(name[0]) || name[0] == '_') {
        for (name = ""; at_ < text_.size() && (isalnum(text_[at_]) || text_[at_] == '_'); at_++)
            name += text_[at_];
    } else if (name[0] && (strchr("?$!#-", name[0]) || isdigit(name[0]))) {
        at_++;
    } else {
        return put('$', quoted);
    }
    put_value(variable(name).value_or(""), quoted);
}

std::string without_match(std::string value, const std::string& pattern, bool at_end, bool longest) {
    for (size_t i = 0; i <= value.size(); i++) {
        size_t length = longest ? value.size() - i : i;
        std::string part = at_end ? value.substr(value.size() - length) : value.substr(0, length);
        if (fnmatch(pattern.c_str(), part.c_str(), 0) == 0)
            return at_end ? value.substr(0, value.size() - length) : value.substr(length);
    }
    return value;
}

// ${NAME}, ${#NAME}, ${NAME:-word} with - = + ? and with or without the colon, ${NAME#pattern} with # ## % %%.
void Expander::braces(const std::string& inner, bool quoted) {
    if (inner.size() > 1 && inner[0] == '#')
        return put_value(std::to_string(variable(inner.substr(1)).value_or("").size()), quoted);
    size_t end = 0;
    while (end < inner.size() && (isalnum(inner[end]) || inner[end] == '_'))
        end++;
    if (end == 0) end = std::min<size_t>(1, inner.size());
    std::string name = inner.substr(0, end);
    if (end == inner.size() && (name == "@" || name == "*")) return put_parameters(name[0], quoted);
    auto value = variable(name);
    if (end == inner.size()) return put_value(value.value_or(""), quoted);
    if (inner[end] == ':') {
        end++;
        if (value && value->empty()) value.reset();
    }
    std::string word = end < inner.size() ? inner.substr(end + 1) : "";
    switch (end < inner.size() ? inner[end] : 0) {
    case '-':
        return put_value(value ? *value : expand_word(word), quoted);
    case '+':
        return put_value(value ? expand_word(word) : "", quoted);
    case '=':
        if (!value) set_variable(name, expand_word(word));
        return put_value(variable(name).value_or(""), quoted);
    case '?':
        if (!value) throw ShellError(name + ": " + (word.empty() ? "not set" : expand_word(word)));
        return put_value(*value, quoted);
    case '#':
    case '%': {
        bool longest = !word.empty() && word[0] == inner[end];
        std::string pattern = expand_pattern(word.substr(longest));
        return put_value(without_match(value.value_or(""), pattern, inner[end] == '%', longest), quoted);
    }
    }
    throw ShellError("${" + inner + "}: this cannot be replaced");
}

void Expander::expand(bool in_quotes) {
    if (!in_quotes && text_[0] == '~' && (text_.size() == 1 || text_[1] == '/')) {
        put_value(variable("HOME").value_or("/"), true);
        at_++;
    }
    while (at_ < text_.size()) {
        char c = text_[at_];
        if (c == '\\' && at_ + 1 < text_.size()) {
            bool escapes = !in_quotes || strchr("$`\"\\\n", text_[at_ + 1]);
            if (!escapes) put('\\', true);
            at_ += escapes;
            if (text_[at_] != '\n' || !escapes) put(text_[at_], true);
            at_++;
        } else if (c == '$') {
            dollar(in_quotes);
        } else if (c == '`') {
            std::string command = piece(at_ + 1, '`');
            for (size_t i = 0; (i = command.find('\\', i)) != std::string::npos; i++)
                if (strchr("$`\\", command[i + 1])) command.erase(i, 1);
            put_value(output_of(command), in_quotes);
        } else if (c == '\'' && !in_quotes) {
            put_value(piece(at_ + 1, '\''), true);
        } else if (c == '"' && !in_quotes) {
            std::string inner = piece(at_ + 1, '"');
            Expander quoted(inner, split_);
            quoted.expand(true);
            bool only_parameters = inner == "$@" && shell.parameters.empty();
            for (size_t i = 0; i < quoted.words_.size(); i++) {  // "a$@b" of several parameters
                word_ += quoted.words_[i];
                begun_ = true;
                end_word();
            }
            word_ += quoted.word_;
            begun_ = begun_ || !only_parameters;
        } else {
            put(c, in_quotes);
            at_++;
        }
    }
}

std::string expand_whole(const std::string& text, bool in_quotes) {
    Expander expander(text, false);
    expander.expand(in_quotes);
    Words words = expander.finish();
    return words.empty() ? "" : words[0];
}

}  // namespace

std::string expand_word(const std::string& word) { return unescape(expand_whole(word, false)); }

std::string expand_pattern(const std::string& word) { return expand_whole(word, false); }

std::string expand_here_document(const std::string& text) { return unescape(expand_whole(text, true)); }

Words expand(const Words& words) {
    Words result;
    for (const std::string& word : words) {
        Expander expander(word, true);
        expander.expand(false);
        for (const std::string& pattern : expander.finish())
            for (std::string& name : matching_files(pattern))
                result.push_back(std::move(name));
    }
    return result;
}
