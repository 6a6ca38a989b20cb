
static Atomic<uint32_t> panicking;  // 1 + the index of the hart that reports; 0: none

bool is_panicking() {
    uint32_t who = panicking.load();
    if (who && who != arch::this_hart().index + 1) arch::stop_hart();
    return who != 0;
}

// A panic while this hart reports one ends the machine at once.
void panic_message(std::string_view format, FormatArgs args) {
    arch::disable_interrupts();
    if (!panicking.compare_exchange(0, arch::this_hart().index + 1) && is_panicking()) arch::power_off(PANIC_STATUS);
    arch::stop_other_harts();
    char buffer[512];
    BufferSink cause{std::span(buffer)};
    format_to(cause, format, args);
    alert("panic: {}\n", cause.view());
    arch::report_panic();
    arch::power_off(PANIC_STATUS);
}

void RankedLock::report_wrong_order() const {
    if (!is_panicking())
        panic("lock order: a lock of rank {} is taken under one of rank {}; see base/lock_rank.h",
              LOCK_RANK_NAMES[static_cast<uint32_t>(rank_)], LOCK_RANK_NAMES[std::bit_width(arch::this_hart().held_locks) - 1]);
}

uint64_t lock_patience_ns = 10'000'000'000;

// Time in which this hart stood still itself, as one of a virtual machine may, is not counted: the holder stood still, too.
void RankedLock::wait_turn(Wait& wait) const {
    arch::cpu_relax();
    (void)is_panicking();  // another hart: stops this one
    uint64_t now = arch::now_ns();
    wait.ns += std::min<uint64_t>(now - std::exchange(wait.last_look, now), 1'000'000);
    if (wait.ns > lock_patience_ns)
        panic("hart {} has waited {} s for a lock of rank {}; the harts that hold it, a bit each: 0x{x}", arch::this_hart().index,
              wait.ns / 1'000'000'000, LOCK_RANK_NAMES[static_cast<uint32_t>(rank_)], holders_.load());
}
