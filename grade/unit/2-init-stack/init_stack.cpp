// Lab 2: the bytes a program finds on its stack, and the stack's growth.
#include <cstring>

#include "support.h"

using namespace support;

namespace {

StartInfo start_info(const std::vector<std::string>& argv, const std::vector<std::string>& envp, const char* path = "/bin/prog") {
    StartInfo start;
    for (const std::string& text : argv)
        cr_assert(start.argv.push(text).has_value());
    for (const std::string& text : envp)
        cr_assert(start.envp.push(text).has_value());
    start.exec_path = path;
    for (size_t i = 0; i < start.random.size(); i++)
        start.random[i] = static_cast<std::byte>(0xa0 + i);
    return start;
}

Result<> write_stack(Space& space, const StartInfo& start, const AuxVec& aux = {}) {
    return space->process_vm().map_and_write_init_stack(*space.vmar, start, aux);
}

std::string string_at(uint64_t address) {
    std::string text;
    while (int c = peek(at(address++))) {
        cr_assert_neq(c, -1);
        text += static_cast<char>(c);
    }
    return text;
}

// The value of an aux key, as a program would look for it; counts the pairs before AT_NULL.
std::optional<uint64_t> find_aux(VirtAddr aux, AuxKey key, size_t* count = nullptr) {
    for (size_t i = 0;; i++, aux += 16) {
        uint64_t found = peek_word(aux);
        if (count)
            *count = i;
        if (found == static_cast<uint64_t>(key))
            return peek_word(aux + 8);
        if (found == 0)
            return std::nullopt;
    }
}

}  // namespace

MACHINE_TEST(init_stack, holds_what_the_abi_says) {
    for (size_t extra = 0; extra < 18; extra++) {  // every remainder of the strings' size
        Space space;
        std::string odd(extra, 'x');
        std::vector<std::string> argv{"prog", "", odd}, envp{"A=1", "PATH=/bin"};
        AuxVec aux;
        ASSERT_OK(aux.set(AuxKey::AT_PAGESZ, 1));
        ASSERT_OK(aux.set(AuxKey::AT_UID, 7));
        ASSERT_OK(aux.set(AuxKey::AT_PAGESZ, PAGE_SIZE));
        ASSERT_OK(write_stack(space, start_info(argv, envp), aux));

        VirtAddr sp = space->process_vm().init_stack().user_sp();
        cr_assert_eq(sp.value % 16, 0u);
        cr_assert_eq(peek_word(sp), argv.size());
        VirtAddr word = sp + 8;
        uint64_t first = peek_word(word), expected = first;
        for (const std::string& text : argv) {
            cr_assert_eq(peek_word(word), expected, "strings lie one behind the other");
            cr_assert(string_at(expected) == text);
            expected += text.size() + 1;
            word += 8;
        }
        cr_assert_eq(peek_word(word), 0u);
        word += 8;
        for (const std::string& text : envp) {
            cr_assert_eq(peek_word(word), expected);
            cr_assert(string_at(expected) == text);
            expected += text.size() + 1;
            word += 8;
        }
        cr_assert_eq(peek_word(word), 0u);
        word += 8;
        size_t count = 0;
        cr_assert(!find_aux(word, static_cast<AuxKey>(999), &count));
        cr_assert_eq(count, 4u);
        cr_assert_eq(*find_aux(word, AuxKey::AT_PAGESZ), PAGE_SIZE);
        cr_assert_eq(*find_aux(word, AuxKey::AT_UID), 7u);
        cr_assert_eq(*find_aux(word, AuxKey::AT_EXECFN), expected);
        cr_assert(string_at(expected) == "/bin/prog");
        uint64_t top = space->process_vm().layout().stack_top.value;
        cr_assert_eq(expected + strlen("/bin/prog") + 1, top - 8);
        cr_assert_eq(peek_word(at(top - 8)), 0u);
        uint64_t random = *find_aux(word, AuxKey::AT_RANDOM);
        cr_assert_eq(random, first - 16);
        cr_assert_eq(peek(at(random + 5)), 0xa5);
    }
}

MACHINE_TEST(init_stack, arguments_over_the_limits) {
    StartInfo start;
    ASSERT_OK(start.argv.push(std::string(MAX_LEN_STRING_ARG - 1, 'a')));
    ASSERT_FAILS(start.argv.push(std::string(MAX_LEN_STRING_ARG, 'a')), E2BIG);

    // 512 KiB of RLIMIT_STACK allow 128 KiB of strings and pointers.
    constexpr size_t LIMIT = 128 << 10;
    for (int over : {-1, 0, 1}) {
        Space space({.stack = 512 << 10});
        const char* path = "/p";
        size_t room = LIMIT - strlen(path) - 1 - 2 * sizeof(uint64_t) - sizeof("E=1") - 1;
        StartInfo full = start_info({std::string(room + static_cast<size_t>(over), 'a')}, {"E=1"}, path);
        Result<> result = write_stack(space, full);
        cr_assert_eq(result.has_value(), over <= 0, "%d bytes over", over);
        if (over > 0)
            cr_assert(result.error() == Errno::E2BIG);
    }
    Space tiny({.stack = 64 << 10});
    ASSERT_FAILS(write_stack(tiny, start_info({std::string(100'000, 'a')}, {})), E2BIG);
}

MACHINE_TEST(init_stack, reader_sees_the_bytes_as_they_are_now) {
    Space space;
    ASSERT_OK(write_stack(space, start_info({"first", std::string(5000, 'b'), "c"}, {"E=1"})));
    InitStackReader reader(space->process_vm().init_stack(), *space.vmar);
    size_t total = 6 + 5001 + 2;
    std::vector<std::byte> out(8192);
    cr_assert_eq(reader.argv(0, out), total);
    cr_assert_eq(memcmp(out.data(), "first\0bbb", 9), 0);
    for (size_t offset = 0; offset < total; offset += 97) {
        cr_assert_eq(reader.argv(offset, std::span(out).first(64)), std::min<size_t>(64, total - offset));
        cr_assert_eq(static_cast<char>(out[0]), offset < 5 ? "first"[offset] : offset < 5006 ? 'b' : 'c');
    }
    cr_assert_eq(reader.argv(total - 1, out), 1u);
    cr_assert_eq(reader.argv(total, out), 0u);
    cr_assert_eq(reader.argv(UINT64_MAX, out), 0u);
    cr_assert_eq(reader.envp(0, out), 4u);
    cr_assert_eq(memcmp(out.data(), "E=1", 4), 0);

    VirtAddr args = space->process_vm().init_stack().arg_strings().start;
    poke(args, 'F');
    cr_assert_eq(reader.argv(0, out), total);
    cr_assert_eq(static_cast<char>(out[0]), 'F');
    VirtAddr second_page = args.page_up();
    ASSERT_OK(space->unmap({second_page, second_page + PAGE_SIZE}));
    cr_assert_eq(reader.argv(0, out), second_page - args);
}

MACHINE_TEST(init_stack, stack_grows_to_its_limit_and_keeps_its_distance) {
    Space space({.stack = 1 << 20});
    ASSERT_OK(write_stack(space, start_info({"p"}, {})));
    uint64_t top = space->process_vm().layout().stack_top.value;
    cr_assert(poke(at(top - (512 << 10)), 1));  // far below what is mapped
    cr_assert(poke(at(top - (1 << 20)), 2));    // the last byte allowed
    cr_assert(!poke(at(top - (1 << 20) - 1), 3));
    cr_assert_eq(space->mapping_count(), 1u);
    space->set_limits({.stack = 64 << 20});
    cr_assert(poke(at(top - (1 << 20) - 1), 3));
    ASSERT_OK(space->map(fixed(pages(top - (4 << 20), 1))));
    VirtAddr closest = at(top - (4 << 20) + PAGE_SIZE + STACK_GUARD_GAP);
    cr_assert(poke(closest, 4));
    cr_assert(!poke(closest - 1, 5));
    cr_assert(space->handle_fault(closest - 1, Perms::r()) == FaultOutcome::not_mapped);
    cr_assert_eq(space->process_vm().init_stack().user_sp().value % 16, 0u);
}
