// What the parts of the shell share. The way of a line through it:
//
//     text      for f in *.c; do wc "$f" | head -1; done       lexer.cpp    cuts it into words and operators
//     tree      for_loop{words: f *.c, parts: pipeline{...}}   parser.cpp   what belongs to what
//     fields    "a.c" "b.c"                                    expand.cpp   what $, quotes and * mean, at the moment it runs
//     processes fork, pipe, dup2, exec, wait                   run.cpp, jobs.cpp
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

using Words = std::vector<std::string>;

// ---- the tree -------------------------------------------------------------------------------------------------------

struct Redirection {
    enum Kind { input, output, append, read_write, duplicate, here };

    int fd;
    Kind kind;
    std::string word;     // the file; the descriptor, or -; the text of a here-document
    bool plain = false;   // a here-document in which nothing is replaced
};

struct Command {
    enum Kind {
        simple,      // words, also assignments; the others have parts
        pipeline,    // a | b
        sequence,    // a; b
        background,  // a &
        both,        // a && b
        either,      // a || b
        negation,    // ! a
        subshell,    // ( a )
        group,       // { a; }
        if_then,     // parts: condition, then, condition, then, ..., and the else without a condition
        while_loop,  // parts: condition, body
        until_loop,
        for_loop,    // words: the variable, then what it goes through
        case_of,     // words: the subject; each part a group with its patterns in words
        function,    // words: the name
    };

    Kind kind;
    Words words;  // as they are written, with their quotes
    std::vector<Redirection> redirections;
    std::vector<std::shared_ptr<Command>> parts;
    std::string text;  // how `jobs` shows it
};

using CommandRef = std::shared_ptr<Command>;

struct SyntaxError : std::runtime_error {
    using runtime_error::runtime_error;
};

// ---- lexer.cpp ------------------------------------------------------------------------------------------------------

// Where the quoted piece, substitution or plain character at `at` ends; npos if the text ends before.
size_t end_of_piece(const std::string& text, size_t at);
// Where the `end` stands that closes what was opened before `at`.
size_t closing(const std::string& text, size_t at, char end);
// "a b" 'c' \d -> a b c d, with nothing replaced.
std::string without_quotes(const std::string& word);

struct Token {
    enum Kind { word, operation, newline, end } kind = end;
    std::string text;
    int fd = -1;  // of 2> and its like
    size_t begin = 0, finish = 0;
};

// Gives one line with its newline; false at the end. `more` if it continues a command.
using LineSource = std::function<bool(std::string& line, bool more)>;

class Lexer {
public:
    explicit Lexer(LineSource source) : source_(std::move(source)) {}

    const Token& peek();
    Token take();
    std::string text(size_t begin, size_t end) const { return buffer_.substr(begin, end - begin); }
    // The text up to the line `end` follows the line that is being read; it is put into *target.
    void read_here_document(std::string end, bool strip_tabs, std::string* target);
    // Forgets what is left of the line: a new command begins.
    void start_command();
    void drop_line();

private:
    struct HereDocument {
        std::string end;
        bool strip_tabs;
        std::string* target;
    };

    Token next();
    bool more_text();
    void read_here_documents();

    LineSource source_;
    std::string buffer_;
    size_t at_ = 0;
    bool more_ = false;
    std::optional<Token> ahead_;
    std::vector<HereDocument> here_documents_;
};

// ---- parser.cpp -----------------------------------------------------------------------------------------------------

class Parser {
public:
    explicit Parser(LineSource source) : lexer_(std::move(source)) {}

    // One line, or as many as its commands take; null at the end.
    CommandRef next_line();
    void drop_line() { lexer_.drop_line(); }

private:
    CommandRef list();
    CommandRef terminated();  // an and_or and the ; or & behind it
    CommandRef and_or();
    CommandRef pipeline();
    CommandRef command();
    CommandRef simple_command();
    CommandRef compound(const std::string& first);
    CommandRef if_clause();
    CommandRef for_clause();
    CommandRef case_clause();
    CommandRef function(const std::string& name);
    void redirection(Command& command);

    std::string text_since(size_t begin);
    bool at_word(const char* text);
    bool at_operation(const char* text);
    bool at_end_of_list();
    void expect_word(const char* text);
    void expect_operation(const char* text);
    void skip_newlines();
    [[noreturn]] void unexpected();

    Lexer lexer_;
};

// ---- expand.cpp, glob.cpp, arithmetic.cpp ---------------------------------------------------------------------------

// Words after everything is replaced, split at blanks, and completed to the names of files.
Words expand(const Words& words);
// One word, neither split nor completed.
std::string expand_word(const std::string& word);
// The same for fnmatch(3): what was quoted is escaped.
std::string expand_pattern(const std::string& word);
std::string expand_here_document(const std::string& text);

// The files that a pattern matches, sorted; the pattern without its quotes if there is none.
Words matching_files(const std::string& pattern);
std::string unescape(const std::string& pattern);

long evaluate(const std::string& expression);

// ---- run.cpp, redirect.cpp, jobs.cpp, builtins.cpp, test.cpp ----------------------------------------------------------------------

struct ShellError : std::runtime_error {  // ends the command; its text has been expanded, but something is wrong
    using runtime_error::runtime_error;
};

int execute(const Command& command);
void redirect(const Redirection& redirection);

// For what runs in the shell itself: its descriptors come back when this goes.
class Redirected {
public:
    explicit Redirected(const std::vector<Redirection>& redirections);
    ~Redirected() { restore(); }
    // They stay as they are now: exec without a program.
    void keep();

private:
    void restore();

    std::vector<std::pair<int, int>> saved_;
};

// All of a text; the last status.
int run_text(const std::string& text);
// The process becomes the program; sh says why it cannot.
[[noreturn]] void become(const Words& words);
// What a command writes, without the newlines at its end.
std::string output_of(const std::string& text);

struct Process {
    pid_t pid;
    bool ended = false, stopped = false;
    int status = 0;  // as waitpid(2) gives it
};

struct Job {
    int number;
    pid_t group = 0;
    std::vector<Process> processes;
    std::string text;

    bool ended() const;
    bool stopped() const;
};

enum class Place { foreground, background };

void start_job_control();
Job& new_job(const std::string& text);
// One more process in the job; it runs body and exits with what that returns.
void add_process(Job& job, Place place, const std::function<int()>& body);
// Until it ends or stops; the job is gone then, or kept among the stopped. Its exit status.
int wait_for(Job& job);
void report_jobs();
pid_t last_process(const Job& job);

using Builtin = int (*)(const Words& words);
Builtin find_builtin(const std::string& name);
int test_command(const Words& words);
int list_jobs(const Words& words);
int wait_command(const Words& words);
int continue_job(const Words& words);
int signal_jobs(const Words& words);  // fg, bg

// ---- the shell's state ----------------------------------------------------------------------------------------------

struct Variable {
    std::string value;
    bool exported = false;
};

enum class End { exited, killed, stopped };
enum class Flow { normal, break_loop, continue_loop, return_function };

struct Shell {
    std::map<std::string, Variable> variables;
    std::map<std::string, CommandRef> functions;
    std::string name = "sh";  // $0
    Words parameters;         // $1, ...
    int last_status = 0;      // $?
    pid_t pid = 0;            // $$: of the shell itself also in its children
    pid_t last_background = 0;
    bool interactive = false;
    bool job_control = false;
    bool stop_on_failure = false, trace = false;  // set -e, set -x
    End last_end = End::exited;                   // of the last job: its status alone does not say
    int conditions = 0;                           // how deep in what is asked, not done: no set -e there
    Flow flow = Flow::normal;
    int levels = 0;  // loops that a break or continue still has to leave
    volatile bool interrupted = false;  // ^C: back to the prompt
};

extern Shell shell;

std::optional<std::string> variable(const std::string& name);
std::string word_separators();  // $IFS: what comes between the words of a value that is split
void set_variable(const std::string& name, const std::string& value);
bool is_name(const std::string& text);
std::optional<std::string> content_of(const std::string& file);
// One line of a descriptor, byte by byte: what follows is left for others. False at the end.
bool read_line(int fd, std::string& line);
void show(std::string_view text);  // on standard error, as it is
void complain(const std::string& what);
int run_init();

inline bool leaving() { return shell.flow != Flow::normal || shell.interrupted; }
