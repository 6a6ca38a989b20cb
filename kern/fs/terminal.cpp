#include "dev/board.h"
#include "fs/devfs.h"
#include "fs/file.h"
#include "fs/line_input.h"
#include "mm/user_copy.h"

// The bits and characters of termios(3) that mean something here; others are remembered without effect.
constexpr uint32_t ICRNL = 0400, OPOST = 1, ONLCR = 4;
constexpr uint32_t B38400 = 017, CS8 = 060, CREAD = 0200;
constexpr uint32_t ISIG = 1, ICANON = 2, ECHO = 010, TOSTOP = 0400, IEXTEN = 0100000;
constexpr uint32_t ECHOE = 020, ECHOK = 040, ECHOCTL = 01000, ECHOKE = 04000;  // always so
enum Character { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSUSP = 10, VEOL, VWERASE = 14 };

constexpr int SIGWINCH = 28;
constexpr std::pair<Character, int> SIGNAL_KEYS[] = {{VINTR, 2}, {VQUIT, 3}, {VSUSP, 20}};  // SIGINT, SIGQUIT, SIGTSTP

// struct termios of the kernel's interface.
struct Settings {
    uint32_t input = ICRNL, output = OPOST | ONLCR, control = B38400 | CS8 | CREAD;
    uint32_t local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    uint8_t line = 0, characters[19] = {3, 034, 0177, 025, 4, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0};
};
static_assert(sizeof(Settings) == 36);

struct WindowSize {
    uint16_t rows = 24, columns = 80, width = 0, height = 0;
    bool operator==(const WindowSize&) const = default;
};

static bool is_control(char c) { return (static_cast<uint8_t>(c) < ' ' && c != '\t' && c != '\n') || c == 0177; }
static bool begins_character(char c) { return (c & 0xc0) != 0x80; }  // in UTF-8
static bool is_word(char c) {
    return c == '_' || (c & 0x80) || ('0' <= c && c <= '9') || ('a' <= (c | 0x20) && (c | 0x20) <= 'z');
}

// Some of what can be read.
struct Chunk {
    char bytes[128];
    size_t size = 0;
    bool is_last = false;  // a read ends here
};

struct Terminal {
    bool is_raw = false;
    Settings settings;
    WindowSize window;
    LineInput input;

    bool has(uint32_t local) const { return settings.local & local; }
    bool adds_returns() const { return (settings.output & OPOST) && (settings.output & ONLCR); }
    uint8_t character(Character which) const { return settings.characters[which]; }
    bool is(char c, Character which) const { return c && static_cast<uint8_t>(c) == character(which); }
    // Bytes that must be there for a read of `most`: a line, or what VMIN says. 0: it waits for none.
    size_t enough(size_t most) const {
        return has(ICANON) ? 1 : std::min<size_t>(most, std::max<size_t>(character(VMIN), character(VTIME) > 0));
    }
    // When a read ends with what there is: VTIME tenths of a second after the last byte, or after it began if VMIN is 0.
    uint64_t deadline(bool has_begun) const {
        bool is_timed = !has(ICANON) && character(VTIME) && (has_begun || !character(VMIN));
        return is_timed ? arch::now_ns() + character(VTIME) * 100'000'000ull : NEVER;
    }

    // `flushes`: what was typed under the old ones is forgotten.
    void set(const Settings& wanted, bool flushes) {
        settings = wanted;
        if (flushes) input.clear();
        if (!has(ICANON)) input.commit();
    }
    void echo(char c);
    void erase(Character key);
    void type(char c);
    Chunk take(size_t most);
};

static constinit Locked<Terminal, IrqSpinLock> terminal{LockRank::device};
static constinit WaitQueue readers;
static constinit Mutex output{LockRank::inode};

// THE KEYBOARD, in interrupt context

// A device that takes nothing just now is not waited for.
static void show(std::string_view text) {
    if (dev::uart_is_ready()) write_console(text);
}

void Terminal::echo(char c) {
    char caret[] = {'^', static_cast<char>(c ^ 0x40)};
    if (!has(ECHO)) return;
    if (c == '\n' && adds_returns()) show("\r\n");
    else show(is_control(c) ? std::string_view(caret, 2) : std::string_view(&c, 1));
}

// VERASE, VWERASE or VKILL. On the screen a control character took two columns, the later bytes of a character none.
void Terminal::erase(Character key) {
    char old;
    for (bool in_word = false; input.take_back(old);) {
        if (key == VWERASE && in_word && !is_word(old)) {
            input.put(static_cast<uint8_t>(old));
            break;
        }
        in_word |= is_word(old);
        if (has(ECHO) && begins_character(old)) show(is_control(old) ? "\b \b\b \b" : "\b \b");
        if (key == VERASE && begins_character(old)) break;
    }
}

// One key that is no signal.
void Terminal::type(char c) {
    bool ends_line = !has(ICANON) || c == '\n' || is(c, VEOL), ends_input = has(ICANON) && is(c, VEOF);
    if (has(ICANON) && (is(c, VERASE) || c == '\b')) return erase(VERASE);
    if (has(ICANON) && is(c, VKILL)) return erase(VKILL);
    if (has(ICANON) && has(IEXTEN) && is(c, VWERASE)) return erase(VWERASE);
    if (!ends_line && !ends_input && !input.has_room_in_line()) return;
    if (!ends_input) echo(c);
    if (input.put(ends_input ? LineInput::END_OF_FILE : static_cast<uint8_t>(c)) && (ends_line || ends_input))
        input.commit();
}

static void on_key(char c) {
    auto state = terminal.lock();
    if (c == '\r' && (state->settings.input & ICRNL)) c = '\n';
    for (auto [key, signal] : SIGNAL_KEYS) {
        if (!state->has(ISIG) || !state->is(c, key)) continue;
        state->echo(c);
        state->input.clear();
        return on_terminal_key(signal);
    }
    state->type(c);
    bool is_readable = state->input.ready();
    state.unlock();
    if (!is_readable) return;
    readers.wake_all();
    poll_changed();
}

// READING

// Takes up to `most` bytes of one line.
Chunk Terminal::take(size_t most) {
    Chunk chunk;
    while (input.ready() && !chunk.is_last && chunk.size < std::min(most, sizeof(chunk.bytes))) {
        uint16_t c = input.pop();
        if (c != LineInput::END_OF_FILE) chunk.bytes[chunk.size++] = static_cast<char>(c);
        chunk.is_last = has(ICANON) && (c == '\n' || c == LineInput::END_OF_FILE);
    }
    // A ^D right behind what filled the buffer has done its work; left there, it would end the next read as well.
    if (!chunk.is_last && input.ready() && input.front() == LineInput::END_OF_FILE) input.pop();
    return chunk;
}

// See termios(3), "Canonical and noncanonical mode".
static Result<Chunk> await_chunk(size_t most, bool may_sleep) {
    std::optional<Chunk> chunk;
    for (size_t seen = 0, ready = 0; !chunk; seen = ready) {
        uint64_t deadline = may_sleep ? terminal.lock()->deadline(seen) : WaitQueue::AT_ONCE;
        auto waited = readers.wait_until([&] {
            auto state = terminal.lock();
            ready = state->input.ready();
            if (ready >= state->enough(most) || (ready && !may_sleep)) chunk = state->take(most);
            return chunk || ready > seen;
        }, deadline);
        if (!waited && waited.error() != Errno::ETIMEDOUT) return fail(waited.error());
        if (!waited) return terminal.lock()->take(most);
    }
    return *chunk;
}

// THE FILES

// ioctl(2), see tty_ioctl(4).
enum Request : unsigned {
    TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF, TCSBRK = 0x5409, TCXONC, TCFLSH,
    TIOCGWINSZ = 0x5413, TIOCSWINSZ, FIONREAD = 0x541b,
};

struct TerminalFile final : Inode {
    TerminalFile(FileSystem& fs, unsigned minor_)
        : Inode(fs, mode_of(InodeType::character, minor_ ? 0600 : 0666)), minor(minor_) {
        device_number_ = device_number_of(5, minor);
    }
    bool is_seekable() const override { return false; }
    Result<Ref<Vmo>> open_content() override {
        return minor || is_controlling_terminal() ? Result<Ref<Vmo>>(nullptr) : fail(Errno::ENXIO);
    }
    uint32_t ready() override {
        auto state = terminal.lock();
        bool is_readable = state->input.ready() >= std::max<size_t>(state->enough(SIZE_MAX), 1);
        return poll_event::OUT | (is_readable ? poll_event::IN : 0);
    }

    Result<size_t> read(File& file, uint64_t, UserBytes to) override {
        TRY(check_foreground(TerminalUse::read));
        bool is_over = false, may_sleep = !file.has(open_flag::NON_BLOCKING);
        return in_parts<sizeof(Chunk::bytes)>(0, to.size, [&](size_t done, size_t part) -> Result<size_t> {
            if (is_over) return 0;
            Chunk chunk = done ? terminal.lock()->take(part) : TRY(await_chunk(to.size, may_sleep));
            is_over = chunk.is_last;
            return to.copy_in(chunk.bytes, done, chunk.size);
        });
    }

    // As many bytes at a time as the device takes without a wait, each \n with a \r before it; while it takes none, and
    // between two pieces, the hart does something else.
    Result<size_t> write(File&, uint64_t, UserBytes from) override {
        if (terminal.lock()->has(TOSTOP)) TRY(check_foreground(TerminalUse::change));
        LockGuard guard(output);
        bool adds_returns = terminal.lock()->adds_returns();
        constexpr size_t UNIT = dev::UART_QUEUE / 2;
        return in_parts<UNIT>(0, from.size, [&](size_t done, size_t part) -> Result<size_t> {
            char bytes[UNIT], cooked[2 * UNIT];
            if (done && current_thread().is_interrupted()) return 0;
            size_t copied = TRY(from.copy_out(bytes, done, part)), size = 0;
            for (char c : std::span(bytes, copied)) {
                if (c == '\n' && adds_returns) cooked[size++] = '\r';
                cooked[size++] = c;
            }
            for (Atomic<uint32_t> never; !dev::uart_is_ready();) {
                if (current_thread().is_interrupted()) return fail(Errno::EINTR);
                Scheduler::sleep_until_set(never, arch::now_ns() + 1'000'000, Scheduler::Interruptible::yes);
            }
            write_console({cooked, size});
            if (arch::this_hart().need_resched) Scheduler::yield();
            return copied;
        });
    }

    Result<> control(unsigned request, VirtAddr argument) override;

    const unsigned minor;
};

// What is written has gone out when write(2) returns, so nothing waits for that. The lock is free while the memory of
// the user is read or written: that may have to wait.
Result<> TerminalFile::control(unsigned request, VirtAddr argument) {
    auto state = terminal.lock();
    if (state->is_raw) return fail(Errno::ENOTTY);
    Settings settings = state->settings;
    WindowSize window = state->window;
    auto ready = static_cast<int>(state->input.ready());
    state.unlock();
    switch (request) {
    case TCGETS: return write_user(argument, settings);
    case TCSETS: case TCSETSW: case TCSETSF:
        TRY(check_foreground(TerminalUse::change));
        settings = TRY(read_user<Settings>(argument));
        terminal.lock()->set(settings, request == TCSETSF);
        return {};
    case TCSBRK: case TCXONC: return check_foreground(TerminalUse::change);
    case TCFLSH: {
        constexpr uint64_t OUTPUT = 1, BOTH = 2;
        TRY(check_foreground(TerminalUse::change));
        if (argument.value != OUTPUT && argument.value <= BOTH) terminal.lock()->input.clear();
        return argument.value <= BOTH ? Result<>() : fail(Errno::EINVAL);
    }
    case TIOCGWINSZ: return write_user(argument, window);
    case TIOCSWINSZ: {
        auto wanted = TRY(read_user<WindowSize>(argument));
        if (std::exchange(terminal.lock()->window, wanted) != wanted) signal_foreground(SIGWINCH);
        return {};
    }
    case FIONREAD: return write_user(argument, ready);
    }
    return control_job(request, argument);
}

Result<> add_terminal(Directory& devices, ConsoleMode mode) {
    if (mode == ConsoleMode::raw) {
        terminal.unlocked().is_raw = true;
        terminal.unlocked().settings = {0, 0, CS8 | CREAD, 0, 0, {}};
    }
    dev::set_uart_receiver(on_key);
    TRY(devices.put("tty", TRY(make_ref<TerminalFile>(devices.file_system(), 0))));
    return devices.put("console", TRY(make_ref<TerminalFile>(devices.file_system(), 1)));
}
