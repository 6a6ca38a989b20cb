#include <criterion/criterion.h>

#include <string>

namespace {

template <typename... Args>
std::string formatted(std::string_view format, const Args&... args) {
    char buffer[128];
    BufferSink sink{std::span(buffer)};
    format_to(sink, format, args...);
    return std::string(sink.view());
}

}  // namespace

Test(text, arguments_in_their_usual_form) {
    cr_expect_eq(formatted("{} {} {}", 1, -2, 'c'), "1 -2 c");
    cr_expect_eq(formatted("{} {}", VirtAddr(0x1000), Perms::rx()), "0x1000 r-x");
    cr_expect_eq(formatted("{} {}", UINT64_MAX, INT64_MIN), "18446744073709551615 -9223372036854775808");
}

Test(text, widths_fills_and_bases) {
    cr_expect_eq(formatted("[{5}|{05}|{x}|{08x}]", 42, 42, 255, 0xbeef), "[   42|00042|ff|0000beef]");
    cr_expect_eq(formatted("[{5}|{1}]", "ab", "abc"), "[   ab|abc]");
    cr_expect_eq(formatted("[{05}|{8}]", -42, VirtAddr(0x10)), "[-0042|    0x10]");
}

Test(text, too_few_arguments_or_braces_are_text) {
    cr_expect_eq(formatted("{} {}", 1), "1 {}");
    cr_expect_eq(formatted("{ {", 1), "{ {");
    cr_expect_eq(formatted("} {}", 1), "} 1");
}

Test(text, a_full_buffer_drops_the_rest) {
    char buffer[4];
    BufferSink sink{std::span(buffer)};
    format_to(sink, "{}", "abcdef");
    sink.write("x");
    cr_expect_eq(std::string(sink.view()), "abcd");
}
