// Any strings as arguments and environment, under any RLIMIT_STACK: refused, or found again on the stack.
//
//     input:   stack limit in 4 KiB   number of arguments   number of variables   strings, a NUL behind each
//                   2 bytes                   1 byte                1 byte
#include "fuzz.h"

namespace {

std::string fill(ArgBlock& block, unsigned count, std::string_view& text) {
    std::string expected;
    for (unsigned i = 0; i < count && !text.empty(); i++) {
        size_t length = std::min(text.find('\0'), text.size());
        std::string_view word = text.substr(0, length);
        text.remove_prefix(std::min(length + 1, text.size()));
        if (!block.push(word)) return expected;
        expected += std::string(word) + '\0';
    }
    return expected;
}

uint64_t word_at(VirtAddr at) {
    uint64_t word = 0;
    FUZZ_CHECK(arch::host::load(at, &word, sizeof(word)));
    return word;
}

void check(Vmar& vmar, const std::string& arguments, const std::string& variables, size_t count) {
    InitStack& stack = vmar.process_vm().init_stack();
    fuzz::run(vmar);
    FUZZ_CHECK(is_aligned(stack.user_sp().value, 16) && word_at(stack.user_sp()) == count);
    FUZZ_CHECK(word_at(stack.user_sp() + 8 * (count + 1)) == 0);
    std::string seen(arguments.size() + 10, 'x');
    auto bytes = std::as_writable_bytes(std::span(seen));
    FUZZ_CHECK(InitStackReader(stack, vmar).argv(0, bytes) == arguments.size() && seen.starts_with(arguments));
    seen.assign(variables.size() + 10, 'x');
    bytes = std::as_writable_bytes(std::span(seen));
    FUZZ_CHECK(InitStackReader(stack, vmar).envp(0, bytes) == variables.size() && seen.starts_with(variables));
    VmSpace::switch_to(nullptr);
}

void play(fuzz::Input input) {
    unsigned low = input.byte(), high = input.byte();
    auto vmar = fuzz::make_space({.stack = (low | uint64_t{high} << 8) << PAGE_SHIFT});
    unsigned argument_count = input.byte(), variable_count = input.byte();
    std::string rest = input.rest();
    std::string_view text = rest;
    StartInfo start;
    std::string arguments = fill(start.argv, argument_count, text), variables = fill(start.envp, variable_count, text);
    std::string path(text.substr(0, std::min(text.find('\0'), text.size())));
    start.exec_path = path;
    AuxVec aux;
    FUZZ_CHECK(aux.set(AuxKey::AT_PAGESZ, PAGE_SIZE).has_value());
    auto written = vmar->process_vm().map_and_write_init_stack(*vmar, start, aux);
    if (written) check(*vmar, arguments, variables, start.argv.count());
    else FUZZ_CHECK(written.error() == Errno::E2BIG || written.error() == Errno::ENOMEM);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz::on_machine([=] { play({data, size}); });
}
