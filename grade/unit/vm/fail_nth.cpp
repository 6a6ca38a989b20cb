// Every allocation that the operations of a Vmar make fails once: the operation says so, and nothing is lost.
#include "support.h"

using namespace support;

namespace {

unsigned allocations, chosen;
bool is_chosen() { return ++allocations == chosen; }

}  // namespace

// On the host the kernel's objects come from the library: they are to fail as well.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    return allocation_fails && allocation_fails() ? nullptr : operator new(size);
}

namespace {

void touch(const Space& space, uint64_t first, uint64_t count) {
    space.run();
    for (uint64_t i = 0; i < count; i++) (void)poke(at(first + i * PAGE_SIZE), 7);
}

void change_mappings(const Space& space, const Ref<Vmo>& vmo) {
    (void)space->map(fixed(pages(0x100000, 12)));
    touch(space, 0x100000, 12);
    (void)space->protect(pages(0x102000, 1), Perms::r());
    (void)space->unmap(pages(0x106000, 2));
    (void)space->advise(pages(0x10a000, 1), Advice::dont_fork);
    (void)space->remap({.old_range = pages(0x108000, 2), .new_size = 4 * PAGE_SIZE, .may_move = true});
    MapRequest file = fixed(pages(0x40000000, 4));  // under a page table of its own
    file.vmo = vmo;
    (void)space->map(file);
    touch(space, 0x40000000, 4);
    file.at = at(0x50000000), file.sharing = Sharing::shared;
    (void)space->map(file);
    touch(space, 0x50000000, 2);
    std::byte bytes[100] = {};
    (void)space->write_bytes(at(0x102ff0), bytes);
}

void start_program(const Space& space) {
    StartInfo start;
    if (!start.argv.push("program") || !start.argv.push(std::string(3000, 'x')) || !start.envp.push("A=1")) return;
    start.exec_path = "/program";
    (void)space->process_vm().map_and_write_init_stack(*space.vmar, start, {});
    space->process_vm().heap().set_start(at(0x200000), 0);
    (void)space->process_vm().heap().brk(*space.vmar, at(0x203001));
    touch(space, 0x200000, 3);
    (void)space->process_vm().heap().brk(*space.vmar, at(0x201000));
}

void scenario(const Ref<Vmo>& vmo) {
    auto layout = Layout::choose(INIT_STACK_SIZE, Randomize::no);
    auto made = Vmar::create({}, layout, {});
    if (!made) return;
    Space space(*made);
    change_mappings(space, vmo);
    start_program(space);
    if (auto forked = space->fork()) {
        Space child(*forked);
        touch(child, 0x100000, 6);
        touch(child, 0x40000000, 4);
    }
    touch(space, 0x100000, 6);
}

}  // namespace

MACHINE_TEST(fail_nth, every_failed_allocation_is_an_error_and_nothing_is_lost) {
    auto vmo = numbered_vmo(8);
    allocation_fails = is_chosen;
    size_t frames = free_frame_count();
    for (chosen = 0; allocations >= chosen;) {
        chosen++;
        allocations = 0;
        scenario(vmo);
        cr_assert_eq(free_frame_count(), frames, "allocation %u: %zu frames before, %zu after", chosen, frames, free_frame_count());
    }
    allocation_fails = nullptr;
    cr_assert_gt(chosen, 40u, "the scenario has become small: %u allocations", chosen);
}
