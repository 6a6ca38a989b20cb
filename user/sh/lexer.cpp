// Text into words and operators. A word keeps its quotes: what they mean is decided when it is expanded.

#include "sh.h"

#include <ctype.h>
#include <string.h>

size_t end_of_piece(const std::string& text, size_t at) {
    auto past = [](size_t found) { return found == std::string::npos ? found : found + 1; };
    switch (text[at]) {
    case '\\':
        return at + 1 < text.size() ? at + 2 : std::string::npos;
    case '\'':
    case '"':
    case '`':
        return past(closing(text, at + 1, text[at]));
    case '$':
        if (text.compare(at, 2, "$(") == 0) return past(closing(text, at + 2, ')'));
        if (text.compare(at, 2, "${") == 0) return past(closing(text, at + 2, '}'));
    }
    return at + 1;
}

size_t closing(const std::string& text, size_t at, char end) {
    if (end == '\'') return text.find(end, at);  // nothing means anything in there
    bool in_quotes = end == '"' || end == '`';
    while (at < text.size() && text[at] != end) {
        if (in_quotes && (text[at] == '\'' || (end == '`' && text[at] != '\\'))) {
            at++;
        } else if (text[at] == '(' && end == ')') {
            size_t inner = closing(text, at + 1, ')');
            at = inner == std::string::npos ? inner : inner + 1;
        } else {
            at = end_of_piece(text, at);
        }
    }
    return at < text.size() ? at : std::string::npos;
}

std::string without_quotes(const std::string& word) {
    std::string plain;
    char quote = 0;
    for (size_t i = 0; i < word.size(); i++) {
        if (word[i] == quote)
            quote = 0;
        else if (quote == 0 && (word[i] == '\'' || word[i] == '"'))
            quote = word[i];
        else if (word[i] == '\\' && quote != '\'' && i + 1 < word.size())
            plain += word[++i];
        else
            plain += word[i];
    }
    return plain;
}

bool Lexer::more_text() {
    std::string line;
    if (!source_(line, more_)) return false;
    std::erase(line, 0);
    if (line.empty() || line.back() != '\n') line += '\n';
    buffer_ += line;
    more_ = true;
    return true;
}

void Lexer::start_command() {
    if (ahead_) return;
    buffer_.erase(0, at_);
    at_ = 0;
    more_ = !buffer_.empty();
}

void Lexer::drop_line() {
    ahead_.reset();
    here_documents_.clear();
    buffer_.clear();
    at_ = 0;
    more_ = false;
}

void Lexer::read_here_document(std::string end, bool strip_tabs, std::string* target) {
    here_documents_.push_back({std::move(end), strip_tabs, target});
}

void Lexer::read_here_documents() {
    for (HereDocument& document : here_documents_) {
        for (;;) {
            if (at_ == buffer_.size() && !more_text()) throw SyntaxError("a here-document has no line " + document.end);
            size_t end = buffer_.find('\n', at_);
            std::string line = buffer_.substr(at_, end - at_);
            at_ = end + 1;
            if (document.strip_tabs) line.erase(0, line.find_first_not_of('\t'));
            if (line == document.end) break;
            *document.target += line + "\n";
        }
    }
    here_documents_.clear();
}

const Token& Lexer::peek() {
    if (!ahead_) ahead_ = next();
    return *ahead_;
}

Token Lexer::take() {
    Token token = peek();
    ahead_.reset();
    return token;
}

namespace {

constexpr const char* OPERATIONS[] = {"&&", "||", ";;", "<<-", "<<", ">>", "<&", ">&", "<>", ">|",
                                      "|",  "&",  ";",  "<",   ">",  "(",  ")"};

const char* operation_at(const std::string& text, size_t at) {
    for (const char* operation : OPERATIONS)
        if (text.compare(at, strlen(operation), operation) == 0) return operation;
    return nullptr;
}

bool ends_word(const std::string& text, size_t at) { return strchr(" \t\n|&;<>()", text[at]); }

}  // namespace

Token Lexer::next() {
    for (;;) {
        while (at_ < buffer_.size() && (buffer_[at_] == ' ' || buffer_[at_] == '\t'))
            at_++;
        if (at_ == buffer_.size()) {
            if (!more_text()) return {Token::end, "", -1, at_, at_};
        } else if (buffer_[at_] == '#') {
            at_ = buffer_.find('\n', at_);
        } else if (buffer_.compare(at_, 2, "\\\n") == 0) {
            at_ += 2;
        } else {
            break;
        }
    }
    size_t begin = at_;
    if (buffer_[at_] == '\n') {
        at_++;
        read_here_documents();
        return {Token::newline, "", -1, begin, begin};
    }
    int fd = -1;
    if (isdigit(buffer_[at_]) && strchr("<>", buffer_[at_ + 1])) fd = buffer_[at_++] - '0';
    if (const char* operation = operation_at(buffer_, at_)) {
        at_ += strlen(operation);
        return {Token::operation, operation, fd, begin, at_};
    }
    std::string word;
    while (!ends_word(buffer_, at_)) {
        size_t end;
        while ((end = end_of_piece(buffer_, at_)) == std::string::npos)
            if (!more_text()) throw SyntaxError("a quote is not closed");
        if (buffer_.compare(at_, 2, "\\\n") != 0)
            word += buffer_.substr(at_, end - at_);
        else if (end == buffer_.size() && !more_text())
            break;
        at_ = end;
    }
    return {Token::word, word, -1, begin, at_};
}
