
// FORMATTING

static void write_repeated(TextSink& sink, char c, size_t count) {
    while (count--) sink.write({&c, 1});
}

// `spec` is what stands between { and }.
static void write_argument(TextSink& sink, const FormatArg& arg, std::string_view spec) {
    char fill = spec.starts_with('0') ? '0' : ' ';
    size_t width = 0;
    for (char c : spec.substr(0, spec.find('x'))) width = width * 10 + static_cast<size_t>(c - '0');
    char buffer[20];
    char *const end = std::end(buffer), *digits = end;
    uint64_t base = spec.ends_with('x') ? 16 : arg.base;
    for (uint64_t rest = arg.number; arg.base && (rest || digits == end); rest /= base)
        *--digits = "0123456789abcdef"[rest % base];

    std::string_view number(digits, end);
    size_t padding = width - std::min(width, arg.text.size() + number.size());
    write_repeated(sink, ' ', fill == ' ' ? padding : 0);
    sink.write(arg.text);
    write_repeated(sink, '0', fill == '0' ? padding : 0);
    sink.write(number);
}

void format_to(TextSink& sink, std::string_view format, FormatArgs args) {
    for (const FormatArg& arg : args) {
        size_t open = format.find('{');
        size_t close = format.find('}', std::min(open, format.size()));
        if (close == format.npos) break;
        sink.write(format.substr(0, open));
        write_argument(sink, arg, format.substr(open + 1, close - open - 1));
        format.remove_prefix(close + 1);
    }
    sink.write(format);
}

// THE CONSOLE

static IrqSpinLock console_lock(LockRank::console);
static char nonce[32];
static size_t nonce_size;

// The panicking hart may have been stopped in the middle of a message: it takes no lock.
static void begin_turn() {
    if (!is_panicking()) console_lock.lock();
}

static void end_turn() {
    if (!is_panicking()) console_lock.unlock();
}

Message::Message() {
    begin_turn();
    if (nonce_size) format_to(*this, "\x1e{}:", std::string_view(nonce, nonce_size));
}

Message::~Message() {
    if (nonce_size) write("\x1f");
    end_turn();
}

void Message::write(std::string_view text) { arch::console_write(text); }

void write_message(std::string_view format, FormatArgs args) {
    Message message;
    format_to(message, format, args);
}

void frame_messages(std::string_view text) { nonce_size = text.copy(nonce, sizeof(nonce)); }

void write_console(std::string_view bytes) {
    begin_turn();
    arch::console_write(bytes);
    end_turn();
}
