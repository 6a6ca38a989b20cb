#include "base/print.h"
#include "dev/board.h"
#include "fs/devfs.h"
#include "fs/file.h"
#include "fs/line_input.h"
#include "mm/user_copy.h"

namespace kern {

namespace {

// The bits and characters of termios(3) that mean something here; others are remembered without effect.
constexpr uint32_t INLCR = 0100, IGNCR = 0200, ICRNL = 0400;
constexpr uint32_t OPOST = 1, ONLCR = 4;
constexpr uint32_t ISIG = 1, ICANON = 2, ECHO = 010, ECHOE = 020, ECHOK = 040, ECHONL = 0100, NOFLSH = 0200, TOSTOP = 0400,
                   ECHOCTL = 01000, ECHOKE = 04000, IEXTEN = 0100000;
constexpr uint32_t CS8 = 060, CREAD = 0200, B38400 = 017;
enum Character { VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSUSP = 10, VEOL, VWERASE = 14, VEOL2 = 16 };

// struct termios2 of the kernel's interface; struct termios is all of it but the speeds.
struct Settings {
    uint32_t input = ICRNL;
    uint32_t output = OPOST | ONLCR;
    uint32_t control = B38400 | CS8 | CREAD;
    uint32_t local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    uint8_t line = 0;
    uint8_t characters[19] = {3, 034, 0177, 025, 4, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0};
    uint32_t input_speed = 38'400, output_speed = 38'400;
};
constexpr size_t TERMIOS = 36, TERMIOS2 = 44;
static_assert(sizeof(Settings) == TERMIOS2);

struct WindowSize {
    uint16_t rows = 24, columns = 80, width = 0, height = 0;
    bool operator==(const WindowSize&) const = default;
};

constexpr unsigned TCGETS = 0x5401, TCSETS = 0x5402, TCSETSF = 0x5404, TCSBRK = 0x5409, TCXONC = 0x540a, TCFLSH = 0x540b,
                   TIOCSCTTY = 0x540e, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCOUTQ = 0x5411, TIOCGWINSZ = 0x5413,
                   TIOCSWINSZ = 0x5414, FIONREAD = 0x541b, TIOCNOTTY = 0x5422, TIOCGSID = 0x5429;
constexpr unsigned TCGETS2 = 0x802c'542a, TCSETS2 = 0x402c'542b, TCSETSF2 = 0x402c'542d;

constexpr std::pair<Character, TerminalSignal> SIGNAL_KEYS[] = {
    {VINTR, TerminalSignal::interrupt}, {VQUIT, TerminalSignal::quit}, {VSUSP, TerminalSignal::stop},
};

// Some of what can be read.
struct Chunk {
    char bytes[128];
    size_t size = 0;
    bool is_last = false;  // a read ends here
};

enum class Erase { character, word, line };

struct Terminal {
    bool is_raw = false;
    Settings settings;
    WindowSize window;
    TerminalOwner owner;
    LineInput input;

    bool has(uint32_t local) const { return settings.local & local; }
    uint8_t character(Character which) const { return settings.characters[which]; }
    bool is(char c, Character which) const { return c && static_cast<uint8_t>(c) == character(which); }

    bool receive(char& c);
    bool is_signal(char c, TerminalSignal& signal) const;
    void echo(char c);
    void rub_out(uint8_t c);
    void erase(Erase what);
    void edit(char c);
    void end_line(uint16_t c);

    size_t enough(size_t most) const;
    Chunk take(size_t most);
};

constinit Locked<Terminal, IrqSpinLock> terminal{LockRank::device};
constinit WaitQueue readers;
constinit Mutex output{LockRank::inode};

// THE KEYBOARD

// What c becomes before anyone looks at it; false: nothing.
bool Terminal::receive(char& c) {
    if (c == '\r' && (settings.input & IGNCR)) return false;
    if (c == '\r' && (settings.input & ICRNL))
        c = '\n';
    else if (c == '\n' && (settings.input & INLCR))
        c = '\r';
    return true;
}

bool Terminal::is_signal(char c, TerminalSignal& signal) const {
    for (auto [key, meaning] : SIGNAL_KEYS)
        if (has(ISIG) && is(c, key)) {
            signal = meaning;
            return true;
        }
    return false;
}

bool is_control(uint8_t c) { return (c < ' ' && c != '\t') || c == 0177; }

// A device that takes nothing just now is not waited for: this is an interrupt.
void put_echo(std::string_view text) {
    if (dev::uart_is_ready())
        write_console(text);
}

void Terminal::echo(char c) {
    if (!has(ECHO) && !(c == '\n' && has(ECHONL) && has(ICANON))) return;
    char caret[] = {'^', static_cast<char>(c ^ 0x40)};
    if (c == '\n')
        put_echo((settings.output & OPOST) && (settings.output & ONLCR) ? "\r\n" : "\n");
    else if (is_control(static_cast<uint8_t>(c)) && has(ECHOCTL))
        put_echo({caret, 2});
    else
        put_echo({&c, 1});
}

// On the screen: a control character took two columns, the later bytes of a UTF-8 sequence none.
void Terminal::rub_out(uint8_t c) {
    if (has(ECHO) && (c & 0xc0) != 0x80)
        put_echo(is_control(c) && has(ECHOCTL) ? "\b \b\b \b" : "\b \b");
}

void Terminal::erase(Erase what) {
    bool on_screen = what == Erase::line ? has(ECHOK) && has(ECHOKE) : has(ECHOE);
    uint8_t old;
    for (bool in_word = false; input.take_back(old); in_word = old != ' ') {
        if (what == Erase::word && in_word && old == ' ') {
            input.put(old);
            break;
        }
        if (on_screen)
            rub_out(old);
        if (what == Erase::character && (old & 0xc0) != 0x80) break;
    }
    if (on_screen) return;
    echo(static_cast<char>(character(what == Erase::line ? VKILL : what == Erase::word ? VWERASE : VERASE)));
    if (what == Erase::line && has(ECHOK))
        echo('\n');
}

void Terminal::end_line(uint16_t c) {
    if (input.put(c))
        input.commit();
}

// One key of the line being typed.
void Terminal::edit(char c) {
    if (is(c, VERASE) || c == '\b') {
        erase(Erase::character);
    } else if (is(c, VKILL)) {
        erase(Erase::line);
    } else if (is(c, VWERASE) && has(IEXTEN)) {
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

// Interrupt context.
void on_key(char c) {
    auto state = terminal.lock();
    TerminalSignal signal;
    if (!state->receive(c)) return;
    if (state->is_signal(c, signal)) {
        state->echo(c);
        if (!state->has(NOFLSH))
            state->input.clear();
        return on_terminal_key(signal);
    }
    if (state->has(ICANON)) {
        state->edit(c);
    } else {
        state->echo(c);
        state->end_line(static_cast<uint8_t>(c));
    }
    bool readable = state->input.ready();
    state.unlock();
    if (!readable) return;
    readers.wake_all();
    poll_changed();
}

// READING

// Bytes that must be there for a read of `most`: a line, or what VMIN and VTIME say. 0: it waits for none.
size_t Terminal::enough(size_t most) const {
    if (has(ICANON)) return 1;
    return character(VMIN) ? std::min<size_t>(most, character(VMIN)) : character(VTIME) ? 1 : 0;
}

// Takes up to `most` bytes of one line.
Chunk Terminal::take(size_t most) {
    Chunk chunk;
    while (input.ready() && !chunk.is_last && chunk.size < std::min(most, sizeof(chunk.bytes))) {
        uint16_t c = input.pop();
        if (c != LineInput::END_OF_FILE)
            chunk.bytes[chunk.size++] = static_cast<char>(c);
        chunk.is_last = has(ICANON) && (c == '\n' || c == LineInput::END_OF_FILE);
    }
    // A ^D right behind what filled the buffer has done its work; left there, it would end the next read as well.
    if (!chunk.is_last && input.ready() && input.front() == LineInput::END_OF_FILE)
        input.pop();
    return chunk;
}

// Waits as termios(3), "Canonical and noncanonical mode", says: the pause that VTIME allows begins with the read when VMIN
// is 0, else anew with each byte.
Result<Chunk> await_chunk(size_t most, bool may_sleep) {
    for (;;) {
        auto state = terminal.lock();
        size_t had = state->input.ready();
        if (had >= state->enough(most) || (had && !may_sleep)) return state->take(most);
        if (!may_sleep) return fail(Errno::EAGAIN);
        bool has_pause = !state->has(ICANON) && state->character(VTIME) && (had || !state->character(VMIN));
        uint64_t deadline = has_pause ? arch::now_ns() + state->character(VTIME) * 100'000'000ull : NEVER;
        state.unlock();
        auto news = readers.wait_until([=] { return terminal.lock()->input.ready() != had; }, deadline);
        if (!news && news.error() == Errno::ETIMEDOUT) return terminal.lock()->take(most);
        TRY(news);
    }
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

// While the device takes nothing the hart does something else. EINTR.
Result<> put(std::string_view text) {
    while (!text.empty()) {
        Atomic<uint32_t> never;
        while (!dev::uart_is_ready()) {
            if (current_thread().is_interrupted()) return fail(Errno::EINTR);
            Scheduler::sleep_until_set(never, arch::now_ns() + 1'000'000, Scheduler::Interruptible::yes);
        }
        std::string_view part = text.substr(0, dev::UART_QUEUE);
        write_console(part);
        text.remove_prefix(part.size());
        if (arch::this_hart().need_resched)
            Scheduler::yield();
    }
    return {};
}

// WHO MAY USE IT

// What a group in the background may not do without being stopped: see tcsetpgrp(3).
Result<> check_foreground(TerminalSignal signal) {
    Job job = calling_job();
    TerminalOwner owner = terminal_owner();
    bool is_background = owner.session && owner.session == job.session && owner.group && owner.group != job.group;
    return is_background ? stop_background_job(signal) : Result<>();
}

// That it is the caller's controlling terminal. ENOTTY.
Result<TerminalOwner> own_terminal() {
    TerminalOwner owner = terminal_owner();
    return owner.session && owner.session == calling_job().session ? Result<TerminalOwner>(owner) : fail(Errno::ENOTTY);
}

// `steal`: root may take it from another session.
Result<> become_controlling(bool steal) {
    Job job = calling_job();
    auto state = terminal.lock();
    if (job.leads_session && state->owner.session == job.session) return {};
    if (!job.leads_session || (state->owner.session && !steal)) return fail(Errno::EPERM);
    state->owner = {job.session, job.group};
    return {};
}

Result<> set_foreground_group(VirtAddr argument) {
    auto allowed = check_foreground(TerminalSignal::background_write);
    if (!allowed) return fail(allowed.error() == Errno::EIO ? Errno::ENOTTY : allowed.error());
    TerminalOwner owner = TRY(own_terminal());
    int group = TRY(read_user<int>(argument));
    if (group < 0) return fail(Errno::EINVAL);
    if (TRY(session_of_group(group)) != owner.session) return fail(Errno::EPERM);
    terminal.lock()->owner.group = group;
    return {};
}

Result<> give_up_terminal() {
    TRY(own_terminal());
    if (Job job = calling_job(); job.leads_session)
        release_terminal(job.session);
    return {};
}

// ITS SETTINGS

// The first `size` bytes of them; `flush`: what was typed under the old ones is forgotten.
Result<> change_settings(VirtAddr argument, size_t size, bool flush) {
    TRY(check_foreground(TerminalSignal::background_write));
    Settings settings = terminal.lock()->settings;
    TRY(read_user({reinterpret_cast<std::byte*>(&settings), size}, argument));
    auto state = terminal.lock();
    state->settings = settings;
    if (flush)
        state->input.clear();
    if (!state->has(ICANON))
        state->input.commit();
    return {};
}

Result<> show_settings(VirtAddr argument, size_t size) {
    Settings settings = terminal.lock()->settings;
    return write_user(argument, {reinterpret_cast<const std::byte*>(&settings), size});
}

Result<> set_window(VirtAddr argument) {
    auto window = TRY(read_user<WindowSize>(argument));
    auto state = terminal.lock();
    bool changes = std::exchange(state->window, window) != window;
    int group = state->owner.group;
    state.unlock();
    if (changes && group)
        signal_group(group, TerminalSignal::resized);
    return {};
}

// What is written has gone out when write(2) returns, so only input can be thrown away.
Result<> flush(uint64_t which) {
    constexpr uint64_t OUTPUT = 1, BOTH = 2;
    TRY(check_foreground(TerminalSignal::background_write));
    if (which > BOTH) return fail(Errno::EINVAL);
    if (which != OUTPUT)
        terminal.lock()->input.clear();
    return {};
}

class TerminalFile final : public Inode {
public:
    TerminalFile(FileSystem& fs, unsigned minor)
        : Inode(fs, static_cast<uint32_t>(InodeType::character) | (minor ? 0600 : 0666)), minor_(minor) {}

    uint64_t device_number() const override { return device_number_of(5, minor_); }
    bool is_seekable() const override { return false; }
    Result<Ref<Vmo>> open_content() override {
        if (minor_ == 0 && !own_terminal()) return fail(Errno::ENXIO);
        return Ref<Vmo>();
    }
    uint32_t ready() override {
        auto state = terminal.lock();
        bool is_readable = state->input.ready() >= std::max<size_t>(state->enough(SIZE_MAX), 1);
        return poll_event::OUT | (is_readable ? poll_event::IN : 0);
    }
    Result<size_t> read(File& file, UserBytes to) override;
    Result<size_t> write(File& file, UserBytes from) override;
    Result<> control(unsigned request, VirtAddr argument) override;

private:
    unsigned minor_;
};

Result<size_t> TerminalFile::read(File& file, UserBytes to) {
    TRY(check_foreground(TerminalSignal::background_read));
    if (to.size == 0) return 0;
    Chunk chunk = TRY(await_chunk(to.size, !file.has(open_flag::NON_BLOCKING)));
    for (size_t done = 0;;) {
        size_t copied = to.copy_in(chunk.bytes, done, chunk.size);
        done += copied;
        if (copied < chunk.size) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        if (chunk.is_last || !chunk.size || done == to.size) return done;
        chunk = terminal.lock()->take(to.size - done);
    }
}

Result<size_t> TerminalFile::write(File&, UserBytes from) {
    Settings settings = terminal.lock()->settings;
    if (settings.local & TOSTOP)
        TRY(check_foreground(TerminalSignal::background_write));
    bool adds_returns = (settings.output & OPOST) && (settings.output & ONLCR);
    LockGuard guard(output);
    char bytes[256], cooked[2 * sizeof(bytes)];
    for (size_t done = 0; done < from.size;) {
        size_t part = std::min(from.size - done, sizeof(bytes));
        size_t copied = from.copy_out(bytes, done, part);
        std::string_view text(bytes, copied);
        auto written = put(adds_returns ? with_returns(text, cooked) : text);
        if (!written) return done ? Result<size_t>(done) : fail(written.error());
        done += copied;
        if (copied < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        if (current_thread().is_interrupted()) return done;
    }
    return from.size;
}

Result<> TerminalFile::control(unsigned request, VirtAddr argument) {
    if (terminal.unlocked().is_raw) return fail(Errno::ENOTTY);
    if (request - TCSETS <= TCSETSF - TCSETS) return change_settings(argument, TERMIOS, request == TCSETSF);
    if (request - TCSETS2 <= TCSETSF2 - TCSETS2) return change_settings(argument, TERMIOS2, request == TCSETSF2);
    switch (request) {
    case TCGETS:
        return show_settings(argument, TERMIOS);
    case TCGETS2:
        return show_settings(argument, TERMIOS2);
    case TIOCGWINSZ:
        return write_user(argument, WindowSize(terminal.lock()->window));
    case TIOCSWINSZ:
        return set_window(argument);
    case TIOCGPGRP:
        return write_user(argument, TRY(own_terminal()).group);
    case TIOCGSID:
        return write_user(argument, TRY(own_terminal()).session);
    case TIOCSPGRP:
        return set_foreground_group(argument);
    case TIOCSCTTY:
        return become_controlling(argument.value == 1);
    case TIOCNOTTY:
        return give_up_terminal();
    case FIONREAD:
        return write_user(argument, static_cast<int>(terminal.lock()->input.ready()));
    case TIOCOUTQ:
        return write_user(argument, 0);
    case TCFLSH:
        return flush(argument.value);
    case TCSBRK:
    case TCXONC:
        return check_foreground(TerminalSignal::background_write);
    default:
        return fail(Errno::ENOTTY);
    }
}

}  // namespace

TerminalOwner terminal_owner() { return terminal.lock()->owner; }

void release_terminal(int session) {
    auto state = terminal.lock();
    if (!session || state->owner.session != session) return;
    int group = std::exchange(state->owner, {}).group;
    state.unlock();
    for (TerminalSignal signal : {TerminalSignal::hang_up, TerminalSignal::resume})
        if (group)
            signal_group(group, signal);
}

void start_terminal(ConsoleMode mode) {
    if (mode == ConsoleMode::raw) {
        terminal.unlocked().is_raw = true;
        terminal.unlocked().settings = {0, 0, CS8 | CREAD, 0, 0, {}};
    }
    dev::set_uart_receiver(on_key);
}

Result<Ref<Inode>> make_terminal(FileSystem& fs, unsigned minor) { return Ref<Inode>(TRY(make_ref<TerminalFile>(fs, minor))); }

}  // namespace kern
