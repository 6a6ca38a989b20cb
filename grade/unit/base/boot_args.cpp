#include <criterion/criterion.h>

#include <random>
#include <string>
#include <vector>

#include "base/boot_args.h"

namespace {

struct CommandLine {
    std::vector<char> text;
    BootArgs args;

    explicit CommandLine(const std::string& line) : text(line.begin(), line.end()), args(parse_boot_args(text)) {}

    std::vector<std::string> arguments() const {
        std::vector<std::string> words;
        std::string_view rest = args.arguments;
        cr_assert(rest.empty() || rest.back() == 0);
        while (!rest.empty())
            words.emplace_back(take_until(rest, '\0'));
        return words;
    }
};

using Words = std::vector<std::string>;

}  // namespace

Test(boot_args, every_word_is_understood) {
    CommandLine line("init=/bin/sh norandmaps seed=42 quiet selftest hz=250 console=raw log=abc");
    cr_expect(line.args.init == "/bin/sh");
    cr_expect_not(line.args.randomize_maps);
    cr_expect(line.args.seed == 42u);
    cr_expect(line.args.quiet && line.args.selftest == "all");
    cr_expect(CommandLine("selftest=stall").args.selftest == "stall");
    cr_expect_eq(line.args.hz, 250u);
    cr_expect(line.args.console == ConsoleMode::raw);
    cr_expect(line.args.log_nonce == "abc");
    cr_expect(line.args.unknown.empty());
}

Test(boot_args, what_is_unknown_or_malformed_is_kept_for_the_report) {
    CommandLine line("rootwait=1  hz=fast seed= console=x ro -- hz=9");
    cr_expect(line.args.unknown == "rootwait=1");
    cr_expect_eq(line.args.hz, 100u);
    cr_expect_not(line.args.seed.has_value());
    cr_expect(CommandLine("console=x ro").args.unknown == "console=x");
    cr_expect(line.arguments() == Words{"hz=9"});
}

Test(boot_args, arguments_are_quoted_and_escaped) {
    cr_expect(CommandLine("--").arguments().empty());
    cr_expect(CommandLine("-- a  b ").arguments() == (Words{"a", "b"}));
    CommandLine quoted(R"(-- "a b" "" c"d e"f "x\"y\\z\nw")");
    cr_expect(quoted.arguments() == (Words{"a b", "", "cd ef", "x\"y\\z\nw"}));
    cr_expect(CommandLine(R"(-- plain\n "open)").arguments() == (Words{"plain\\n", "open"}));
}

// The sanitizers watch.
Test(boot_args, any_text_is_taken_apart) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; round++) {
        std::string text = round % 2 ? "-- " : "";
        for (uint64_t size = random() % 24; size; size--)
            text += "a \"\\n-="[random() % 7];
        CommandLine(text).arguments();
    }
}
