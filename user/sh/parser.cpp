// Words and operators into a tree, by recursive descent: a function for each rule of the grammar.
//
//     list      and_or ((; | & | newline) and_or)*
//     and_or    pipeline ((&& | ||) pipeline)*
//     pipeline  !* command (| command)*
//     command   simple | { list } | ( list ) | if | while | until | for | case | name() command,   then redirections

#include "sh.h"

#include <string.h>

namespace {

CommandRef make(Command::Kind kind, std::vector<CommandRef> parts = {}) {
    auto made = std::make_shared<Command>();
    made->kind = kind;
    made->parts = std::move(parts);
    return made;
}

// What ends a list: nothing may begin with it.
constexpr const char* CLOSING_WORDS[] = {"then", "elif", "else", "fi", "do", "done", "esac", "}"};

}  // namespace

bool Parser::at_word(const char* text) { return lexer_.peek().kind == Token::word && lexer_.peek().text == text; }

bool Parser::at_operation(const char* text) {
    return lexer_.peek().kind == Token::operation && lexer_.peek().text == text;
}

bool Parser::at_end_of_list() {
    if (lexer_.peek().kind == Token::end || at_operation(")") || at_operation(";;")) return true;
    for (const char* word : CLOSING_WORDS)
        if (at_word(word)) return true;
    return false;
}

void Parser::unexpected() {
    const Token& token = lexer_.peek();
    throw SyntaxError(token.kind == Token::end       ? "the text ends within a command"
                      : token.kind == Token::newline ? "the line ends within a command"
                                                     : "unexpected " + token.text);
}

void Parser::expect_word(const char* text) {
    if (!at_word(text)) unexpected();
    lexer_.take();
}

void Parser::expect_operation(const char* text) {
    if (!at_operation(text)) unexpected();
    lexer_.take();
}

void Parser::skip_newlines() {
    while (lexer_.peek().kind == Token::newline)
        lexer_.take();
}

std::string Parser::text_since(size_t begin) {
    std::string text = lexer_.text(begin, lexer_.peek().begin);
    return text.erase(text.find_last_not_of(" \t\n") + 1);
}

CommandRef Parser::next_line() {
    lexer_.start_command();
    CommandRef line = make(Command::sequence);
    while (lexer_.peek().kind != Token::newline) {
        if (lexer_.peek().kind == Token::end) return line->parts.empty() ? nullptr : line;
        line->parts.push_back(terminated());
    }
    lexer_.take();
    return line;
}

CommandRef Parser::list() {
    CommandRef list = make(Command::sequence);
    for (skip_newlines(); !at_end_of_list(); skip_newlines()) {
        list->parts.push_back(terminated());
    }
    if (list->parts.empty()) unexpected();
    return list;
}

// What may not stand here although it ends a list, a `)` on its own, is refused as the next command.
CommandRef Parser::terminated() {
    CommandRef part = and_or();
    bool background = at_operation("&");
    if (background || at_operation(";"))
        lexer_.take();
    else if (lexer_.peek().kind != Token::newline && !at_end_of_list())
        unexpected();
    return background ? make(Command::background, {part}) : part;
}

CommandRef Parser::and_or() {
    size_t begin = lexer_.peek().begin;
    CommandRef left = pipeline();
    while (at_operation("&&") || at_operation("||")) {
        auto kind = lexer_.take().text == "&&" ? Command::both : Command::either;
        skip_newlines();
        left = make(kind, {left, pipeline()});
        left->text = text_since(begin);
    }
    return left;
}

CommandRef Parser::pipeline() {
    if (at_word("!")) {
        lexer_.take();
        return make(Command::negation, {pipeline()});
    }
    size_t begin = lexer_.peek().begin;
    CommandRef line = make(Command::pipeline, {command()});
    while (at_operation("|")) {
        lexer_.take();
        skip_newlines();
        line->parts.push_back(command());
    }
    CommandRef made = line->parts.size() == 1 ? line->parts[0] : line;
    made->text = text_since(begin);
    return made;
}

CommandRef Parser::command() {
    CommandRef made;
    if (at_operation("("))
        made = compound("(");
    else if (lexer_.peek().kind == Token::word)
        made = compound(lexer_.peek().text);
    if (!made) return simple_command();
    while (lexer_.peek().kind == Token::operation && strchr("<>", lexer_.peek().text[0]))
        redirection(*made);
    return made;
}

// Null if the word begins a simple command.
CommandRef Parser::compound(const std::string& first) {
    auto body_of_loop = [&](Command::Kind kind, CommandRef condition) {
        expect_word("do");
        CommandRef body = list();
        expect_word("done");
        return make(kind, {condition, body});
    };
    if (first == "(" || first == "{") {
        lexer_.take();
        CommandRef inner = list();
        first == "(" ? expect_operation(")") : expect_word("}");
        return make(first == "(" ? Command::subshell : Command::group, {inner});
    }
    if (first == "while" || first == "until") {
        auto kind = first == "while" ? Command::while_loop : Command::until_loop;
        lexer_.take();
        CommandRef condition = list();
        return body_of_loop(kind, condition);
    }
    if (first == "if") return if_clause();
    if (first == "for") return for_clause();
    if (first == "case") return case_clause();
    if (at_end_of_list()) unexpected();
    return nullptr;
}

CommandRef Parser::if_clause() {
    CommandRef made = make(Command::if_then);
    do {
        lexer_.take();  // if, elif
        made->parts.push_back(list());
        expect_word("then");
        made->parts.push_back(list());
    } while (at_word("elif"));
    if (at_word("else")) {
        lexer_.take();
        made->parts.push_back(list());
    }
    expect_word("fi");
    return made;
}

CommandRef Parser::for_clause() {
    lexer_.take();
    CommandRef made = make(Command::for_loop);
    if (lexer_.peek().kind != Token::word || !is_name(lexer_.peek().text)) unexpected();
    made->words = {lexer_.take().text};
    skip_newlines();
    if (at_word("in")) {
        lexer_.take();
        while (lexer_.peek().kind == Token::word)
            made->words.push_back(lexer_.take().text);
    } else {
        made->words.push_back("\"$@\"");
    }
    if (at_operation(";")) lexer_.take();
    skip_newlines();
    expect_word("do");
    made->parts = {list()};
    expect_word("done");
    return made;
}

CommandRef Parser::case_clause() {
    lexer_.take();
    CommandRef made = make(Command::case_of);
    if (lexer_.peek().kind != Token::word) unexpected();
    made->words = {lexer_.take().text};
    skip_newlines();
    expect_word("in");
    for (skip_newlines(); !at_word("esac"); skip_newlines()) {
        CommandRef branch = make(Command::group);
        if (at_operation("(")) lexer_.take();
        do {
            if (at_operation("|")) lexer_.take();
            if (lexer_.peek().kind != Token::word) unexpected();
            branch->words.push_back(lexer_.take().text);
        } while (at_operation("|"));
        expect_operation(")");
        skip_newlines();
        if (!at_end_of_list()) branch->parts = {list()};
        if (!at_word("esac")) expect_operation(";;");
        made->parts.push_back(branch);
    }
    lexer_.take();
    return made;
}

CommandRef Parser::function(const std::string& name) {
    expect_operation("(");
    expect_operation(")");
    skip_newlines();
    CommandRef made = make(Command::function, {command()});
    made->words = {name};
    return made;
}

CommandRef Parser::simple_command() {
    CommandRef made = make(Command::simple);
    for (;;) {
        const Token& token = lexer_.peek();
        if (token.kind == Token::word) {
            made->words.push_back(lexer_.take().text);
            if (made->words.size() == 1 && at_operation("(") && is_name(made->words[0])) return function(made->words[0]);
        } else if (token.kind == Token::operation && strchr("<>", token.text[0])) {
            redirection(*made);
        } else {
            break;
        }
    }
    if (made->words.empty() && made->redirections.empty()) unexpected();
    return made;
}

void Parser::redirection(Command& command) {
    Token token = lexer_.take();
    bool reads = token.text[0] == '<';
    if (lexer_.peek().kind != Token::word) unexpected();
    std::string word = lexer_.take().text;
    Redirection made{.fd = token.fd >= 0 ? token.fd : reads ? 0 : 1, .kind = Redirection::output, .word = word};
    if (token.text == "<<" || token.text == "<<-") {
        made.kind = Redirection::here;
        made.plain = word != without_quotes(word);
        made.word = "";
    } else if (token.text == "<" || token.text == ">>" || token.text == "<>") {
        made.kind = token.text == "<" ? Redirection::input : token.text == ">>" ? Redirection::append : Redirection::read_write;
    } else if (token.text == "<&" || token.text == ">&") {
        made.kind = Redirection::duplicate;
    }
    command.redirections.reserve(16);  // the text of a here-document is put into it later
    if (command.redirections.size() == 16) throw SyntaxError("too many redirections");
    command.redirections.push_back(std::move(made));
    if (command.redirections.back().kind == Redirection::here)
        lexer_.read_here_document(without_quotes(word), token.text == "<<-", &command.redirections.back().word);
}
