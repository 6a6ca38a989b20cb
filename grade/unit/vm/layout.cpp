// Where things lie: the random pads, up to their ends.
#include "support.h"

using namespace support;

namespace {

constexpr uint64_t MOST_PAGES = (1 << 13) - 1;  // of the pad above the stack, and of the one below the heap

// A stack of this layout holds a program's arguments, and grows.
void use(const Layout& layout) {
    auto vmar = *Vmar::create({}, layout, {});
    Space space(vmar);
    space.run();
    StartInfo start;
    ASSERT_OK(start.argv.push("program"));
    start.exec_path = "/program";
    ASSERT_OK(vmar->process_vm().map_and_write_init_stack(*vmar, start, {}));
    cr_assert_eq(peek_word(vmar->process_vm().init_stack().user_sp()), 1u);
    cr_assert(poke(layout.stack_top - INIT_STACK_SIZE, 1) && !poke(layout.stack_top - INIT_STACK_SIZE - 1, 1));
    auto lowest = vmar->map({.size = PAGE_SIZE, .perms = Perms::rw()});
    cr_assert(lowest && *lowest < layout.stack_top - INIT_STACK_SIZE - STACK_GUARD_GAP);
}

// Draws layouts until one has this pad above its stack, and another below its heap.
void find_and_use(uint64_t pages) {
    Layout fixed = Layout::choose(INIT_STACK_SIZE, Randomize::no);
    bool stack_found = false, heap_found = false;
    for (int tries = 0; !stack_found || !heap_found; tries++) {
        cr_assert_lt(tries, 1'000'000, "no pad of %lu pages", pages);
        Layout layout = Layout::choose(INIT_STACK_SIZE, Randomize::yes);
        uint64_t stack_pad = (fixed.stack_top - layout.stack_top) >> PAGE_SHIFT, heap_pad = layout.brk_pad >> PAGE_SHIFT;
        cr_assert(stack_pad <= MOST_PAGES && heap_pad <= MOST_PAGES && layout.dynamic_base >= fixed.dynamic_base);
        if (stack_pad == pages || heap_pad == pages) use(layout);
        stack_found = stack_found || stack_pad == pages;
        heap_found = heap_found || heap_pad == pages;
    }
}

}  // namespace

MACHINE_TEST(layout, every_pad_may_be_smallest_or_largest) {
    seed_random({});
    for (uint64_t pages : {uint64_t{0}, MOST_PAGES}) find_and_use(pages);
    use(Layout::choose(INIT_STACK_SIZE, Randomize::no));
}
