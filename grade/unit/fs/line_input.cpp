#include <criterion/criterion.h>

#include <string>

#include "fs/line_input.h"

namespace {

void type(LineInput& input, const std::string& text) {
    for (char c : text)
        cr_assert(input.put(static_cast<uint8_t>(c)));
}

std::string read_ready(LineInput& input) {
    std::string text;
    while (input.ready())
        text += static_cast<char>(input.pop());
    return text;
}

}  // namespace

Test(line_input, a_line_is_ready_when_it_ends) {
    static LineInput input;
    type(input, "abc");
    cr_expect_eq(input.ready(), 0u);
    type(input, "\n");
    input.commit();
    type(input, "next");
    cr_expect(read_ready(input) == "abc\n");
    input.commit();
    cr_expect(read_ready(input) == "next");
}

Test(line_input, only_the_line_being_typed_is_taken_back) {
    static LineInput input;
    char c = 0;
    type(input, "done\n");
    input.commit();
    type(input, "xy");
    cr_expect(input.take_back(c) && c == 'y');
    cr_expect(input.take_back(c) && c == 'x');
    cr_expect_not(input.take_back(c));
    cr_expect(read_ready(input) == "done\n");
    type(input, "gone");
    input.clear();
    cr_expect_not(input.take_back(c));
}

Test(line_input, it_takes_what_fits_however_often_it_goes_round) {
    static LineInput input;
    for (int round = 0; round < 5; round++) {
        std::string line(LineInput::CAPACITY - 1, static_cast<char>('a' + round));
        type(input, line);
        cr_expect_not(input.has_room_in_line());
        type(input, "\n");
        cr_expect_not(input.put('x'));
        input.commit();
        cr_expect(input.pop() == static_cast<uint16_t>('a' + round));
        cr_expect(read_ready(input) == line.substr(1) + "\n");
    }
}
