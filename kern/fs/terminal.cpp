#include "base/print.h"
#include "dev/board.h"
#include "fs/devfs.h"
#include "fs/file.h"
#include "fs/line_input.h"
#include "mm/user_copy.h"

namespace kern {

namespace {

// The bits and characters of termios(3) that mean something here; others are remembered without effect.
constexpr uint32_t ICRNL = 0400;
constexpr uint32_t OPOST = 1, ONLCR = 4;
constexpr uint32_t ISIG = 1, ICANON = 2, ECHO = 010, ECHOE = 020, ECHOK = 040, NOFLSH = 0200, ECHOCTL = 01000,
                   ECHOKE = 04000, IEXTEN = 0100000;
constexpr uint32_t CS8 = 060, CREAD = 0200, B38400 = 017;
enum Character { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSUSP = 10, VEOL, VWERASE = 14, VEOL2 = 16 };

// struct termios and struct winsize of the kernel's interface.
struct Settings {
    uint32_t input = ICRNL;
    uint32_t output = OPOST | ONLCR;
    uint32_t control = B38400 | CS8 | CREAD;
    uint32_t local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    uint8_t line = 0;
    uint8_t characters[19] = {3, 034, 0177, 025, 4, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0};
};
static_assert(sizeof(Settings) == 36);

struct WindowSize {
    uint16_t rows = 24, columns = 80, width = 0, height = 0;
};

constexpr unsigned TCGETS = 0x5401, TCSETS = 0x5402, TCSETSW = 0x5403, TCSETSF = 0x5404, TCSBRK = 0x5409, TCXONC = 0x540a,
                   TCFLSH = 0x540b, TIOCSCTTY = 0x540e, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCGWINSZ = 0x5413,
                   TIOCSWINSZ = 0x5414, FIONREAD = 0x541b;

constexpr int SIGNAL_INTERRUPT = 2, SIGNAL_QUIT = 3, SIGNAL_STOP = 20;

class Terminal final : public Inode {
public:
    Terminal(FileSystem& fs, ConsoleMode mode)
        : Inode(fs, static_cast<uint32_t>(InodeType::character) | 0620), is_raw_(mode == ConsoleMode::raw) {
        if (is_raw_)
            state_.unlocked().settings = {0, 0, CS8 | CREAD, 0, 0, {}};
    }

    uint64_t device_number() const override { return device_number_of(5, 1); }
    bool is_seekable() const override { return false; }
    uint32_t ready() override;
    Result<size_t> read(File& file, UserBytes to) override;
    Result<size_t> write(File& file, UserBytes from) override;
    Result<> control(unsigned request, VirtAddr argument) override;

    // A key was pressed: interrupt context.
    void receive(char c);

private:
    enum class Erase { character, word, line };

    struct State {
        Settings settings;
        WindowSize window;
        LineInput input;

        bool has(uint32_t local) const { return settings.local & local; }
        bool is(char c, Character which) const { return c && static_cast<uint8_t>(c) == settings.characters[which]; }
        // Bytes that must be there before a read for `most` returns.
        size_t enough(size_t most) const {
            return has(ICANON) ? 1 : std::min<size_t>(most, std::max<size_t>(settings.characters[VMIN], 1));
        }
        int signal_of(char c) const;
        void echo(char c);
        void rub_out(uint8_t c);
        void erase(Erase what);
        void edit(char c);
        void end_line(uint16_t c);
    };

    // Some of what can be read.
    struct Chunk {
        char bytes[128];
        size_t size = 0;
        bool is_last = false;  // a read ends here
    };

    bool take(Chunk& chunk, size_t most, bool first);
    Result<> await(Chunk& chunk, size_t most, File& file);
    Result<> change_settings(VirtAddr argument, bool flush);

    const bool is_raw_;
    Locked<State, IrqSpinLock> state_{LockRank::device};
    WaitQueue readers_;
    Mutex output_{LockRank::inode};
    Atomic<int> foreground_group_;
};

Terminal* keyboard_focus;

// INPUT

int Terminal::State::signal_of(char c) const {
    if (!has(ISIG)) return 0;
    return is(c, VINTR) ? SIGNAL_INTERRUPT : is(c, VQUIT) ? SIGNAL_QUIT : is(c, VSUSP) ? SIGNAL_STOP : 0;
}

bool is_control(uint8_t c) { return (c < ' ' && c != '\t') || c == 0177; }

void Terminal::State::echo(char c) {
    if (!has(ECHO)) return;
    char caret[] = {'^', static_cast<char>(c ^ 0x40)};
    if (c == '\n')
        write_console((settings.output & ONLCR) ? "\r\n" : "\n");
    else if (is_control(static_cast<uint8_t>(c)) && has(ECHOCTL))
        write_console({caret, 2});
    else
        write_console({&c, 1});
}

// On the screen: a control character took two columns, the later bytes of a UTF-8 sequence none.
void Terminal::State::rub_out(uint8_t c) {
    if (!has(ECHO) || (c & 0xc0) == 0x80) return;
    write_console(is_control(c) && has(ECHOCTL) ? "\b \b\b \b" : "\b \b");
}

void Terminal::State::erase(Erase what) {
    uint8_t old;
    for (bool in_word = false; input.take_back(old); in_word = old != ' ') {
        if (what == Erase::word && in_word && old == ' ') {
            input.put(old);
            return;
        }
        rub_out(old);
        if (what == Erase::character && (old & 0xc0) != 0x80) return;
    }
}

void Terminal::State::end_line(uint16_t c) {
    if (input.put(c))
        input.commit();
}

// One key of the line being typed.
void Terminal::State::edit(char c) {
    if (is(c, VERASE) || c == '\b') {
        erase(Erase::character);
    } else if (is(c, VKILL)) {
        erase(Erase::line);
    } else if (is(c, VWERASE)) {
        erase(Erase::word);
    } else if (is(c, VEOF)) {
        end_line(LineInput::END_OF_FILE);
    } else if (c == '\n' || is(c, VEOL) || is(c, VEOL2)) {
        echo(c);
        end_line(static_cast<uint8_t>(c));
    } else if (input.has_room_in_line()) {
        echo(c);
        input.put(static_cast<uint8_t>(c));
    }
}

void Terminal::receive(char c) {
    auto state = state_.lock();
    if (c == '\r' && (state->settings.input & ICRNL))
        c = '\n';
    int signal = state->signal_of(c);
    if (signal) {
        state->echo(c);
        if (!state->has(NOFLSH))
            state->input.clear();
    } else if (state->has(ICANON)) {
        state->edit(c);
    } else {
        state->echo(c);
        state->end_line(static_cast<uint8_t>(c));
    }
    bool readable = state->input.ready();
    state.unlock();
    if (signal)
        on_terminal_signal(signal, foreground_group_.load());
    if (readable) {
        readers_.wake_all();
        poll_changed();
    }
}

// READING

// Takes up to `most` bytes of one line; false when there is nothing yet. What follows a first chunk is there already.
bool Terminal::take(Chunk& chunk, size_t most, bool first) {
    auto state = state_.lock();
    LineInput& input = state->input;
    chunk = {};
    if (input.ready() < (first ? state->enough(most) : 1)) return false;
    bool canonical = state->has(ICANON);
    while (input.ready() && !chunk.is_last && chunk.size < std::min(most, sizeof(chunk.bytes))) {
        uint16_t c = input.pop();
        if (c != LineInput::END_OF_FILE)
            chunk.bytes[chunk.size++] = static_cast<char>(c);
        chunk.is_last = canonical && (c == '\n' || c == LineInput::END_OF_FILE);
    }
    // A ^D right behind what filled the buffer has done its work; left there, it would end the next read as well.
    if (!chunk.is_last && input.ready() && input.front() == LineInput::END_OF_FILE)
        input.pop();
    return true;
}

// Waits for a first chunk. It stays empty when VMIN and VTIME say that a read need not get any.
Result<> Terminal::await(Chunk& chunk, size_t most, File& file) {
    if (take(chunk, most, true)) return {};
    Settings settings = state_.lock()->settings;
    bool may_give_up = !(settings.local & ICANON) && settings.characters[VMIN] == 0;
    uint64_t tenths = settings.characters[VTIME];
    if (may_give_up && tenths == 0) return {};
    if (file.has(open_flag::NON_BLOCKING)) return fail(Errno::EAGAIN);
    uint64_t deadline = may_give_up ? arch::now_ns() + tenths * 100'000'000 : NEVER;
    auto taken = readers_.wait_until([&] { return take(chunk, most, true); }, deadline);
    return taken || taken.error() == Errno::ETIMEDOUT ? Result<>() : fail(taken.error());
}

Result<size_t> Terminal::read(File& file, UserBytes to) {
    if (to.size == 0) return 0;
    Chunk chunk;
    TRY(await(chunk, to.size, file));
    size_t done = 0;
    for (;;) {
        size_t copied = arch::user_write(to.at + done, chunk.bytes, chunk.size);
        done += copied;
        if (copied < chunk.size) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        if (chunk.is_last || done == to.size || !take(chunk, to.size - done, false)) return done;
    }
}

uint32_t Terminal::ready() {
    auto state = state_.lock();
    return poll_event::OUT | (state->input.ready() >= state->enough(SIZE_MAX) ? poll_event::IN : 0);
}

// WRITING

// Puts a \r before each \n.
std::string_view with_returns(std::string_view text, char* out) {
    char* end = out;
    for (char c : text) {
        if (c == '\n')
            *end++ = '\r';
        *end++ = c;
    }
    return {out, static_cast<size_t>(end - out)};
}

Result<size_t> Terminal::write(File&, UserBytes from) {
    LockGuard guard(output_);
    char bytes[256], cooked[2 * sizeof(bytes)];
    uint32_t flags = state_.lock()->settings.output;
    bool adds_returns = (flags & OPOST) && (flags & ONLCR);
    for (size_t done = 0; done < from.size;) {
        size_t part = std::min(from.size - done, sizeof(bytes));
        size_t copied = arch::user_read(bytes, from.at + done, part);
        std::string_view text(bytes, copied);
        write_console(adds_returns ? with_returns(text, cooked) : text);
        done += copied;
        if (copied < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
    }
    return from.size;
}

// CONTROL

Result<> Terminal::change_settings(VirtAddr argument, bool flush) {
    auto settings = TRY(read_user<Settings>(argument));
    auto state = state_.lock();
    state->settings = settings;
    if (flush)
        state->input.clear();
    if (!state->has(ICANON))
        state->input.commit();
    return {};
}

Result<> Terminal::control(unsigned request, VirtAddr argument) {
    if (is_raw_) return fail(Errno::ENOTTY);
    WindowSize window;
    switch (request) {
    case TCGETS:
        return write_user(argument, Settings(state_.lock()->settings));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return change_settings(argument, request == TCSETSF);
    case TIOCGWINSZ:
        return write_user(argument, WindowSize(state_.lock()->window));
    case TIOCSWINSZ:
        window = TRY(read_user<WindowSize>(argument));
        state_.lock()->window = window;
        return {};
    case TIOCGPGRP:
        return write_user(argument, foreground_group_.load());
    case TIOCSPGRP:
        foreground_group_.store(TRY(read_user<int>(argument)));
        return {};
    case FIONREAD:
        return write_user(argument, static_cast<int>(state_.lock()->input.ready()));
    case TCFLSH:
        state_.lock()->input.clear();
        return {};
    case TCSBRK:
    case TCXONC:
    case TIOCSCTTY:
        return {};
    default:
        return fail(Errno::ENOTTY);
    }
}

}  // namespace

Result<Ref<Inode>> make_terminal(FileSystem& fs, ConsoleMode mode) {
    auto terminal = TRY(make_ref<Terminal>(fs, mode));
    keyboard_focus = terminal.get();
    terminal->ref();  // the interrupt's own
    dev::set_uart_receiver([](char c) { keyboard_focus->receive(c); });
    return Ref<Inode>(terminal);
}

}  // namespace kern
