// Random operations on a Vmar against a model that knows nothing but pages: what each allows and what byte it holds.
#include <map>
#include <random>

#include "support.h"

using namespace support;

namespace {

constexpr uint64_t WINDOW = 0x200000;
constexpr uint64_t WINDOW_PAGES = 64;

struct ModelPage {
    Perms perms;
    uint8_t byte = 0;
};
using Model = std::map<uint64_t, ModelPage>;  // by page number in the window

void compare(Space& space, const Model& model, unsigned step) {
    for (uint64_t page = 0; page < WINDOW_PAGES; page++) {
        VirtAddr where = at(WINDOW + page * PAGE_SIZE);
        auto known = model.find(page);
        bool readable = known != model.end() && known->second.perms.bits() & (Perms::R | Perms::W);
        int expected = readable ? known->second.byte : -1;
        cr_assert_eq(peek(where), expected, "step %u, page 0x%lx: %d, not %d", step, where.value, peek(where), expected);
        cr_assert_eq(space->mapped_bytes(VirtRange::sized(where, PAGE_SIZE)) != 0, known != model.end());
        bool executable = known != model.end() && known->second.perms.has(Perms::X);
        cr_assert_eq(arch::host::can_access(where, Perms(Perms::X)), executable);
    }
    const VmMapping* before = nullptr;  // no two neighbours could be one
    space->for_each([&](const VmMapping& mapping) {
        cr_assert(!before || before->range.end < mapping.range.start || before->perms != mapping.perms);
        before = &mapping;
    });
    cr_assert_eq(space->total_bytes(), model.size() * PAGE_SIZE);
}

class Player {
public:
    explicit Player(unsigned seed) : random_(seed) {}

    void step(Space& space, Model& model) {
        uint64_t first = random_() % WINDOW_PAGES;
        uint64_t count = 1 + random_() % std::min<uint64_t>(8, WINDOW_PAGES - first);
        VirtRange range = pages(WINDOW + first * PAGE_SIZE, count);
        Perms perms(random_() % 8);
        switch (random_() % 5) {
        case 0: return map(space, model, range, first, perms);
        case 1: return unmap(space, model, range, first);
        case 2: return protect(space, model, range, first, perms);
        default: return write(model, range, first);
        }
    }

private:
    static void map(Space& space, Model& model, VirtRange range, uint64_t first, Perms perms) {
        MapRequest request = fixed(range, perms);
        request.placement = Placement::fixed_replace;
        ASSERT_OK(space->map(request));
        for (uint64_t i = 0; i < range.pages(); i++)
            model[first + i] = {perms};
    }
    static void unmap(Space& space, Model& model, VirtRange range, uint64_t first) {
        ASSERT_OK(space->unmap(range));
        for (uint64_t i = 0; i < range.pages(); i++)
            model.erase(first + i);
    }
    static void protect(Space& space, Model& model, VirtRange range, uint64_t first, Perms perms) {
        bool complete = space->protect(range, perms).has_value();
        for (uint64_t i = 0; i < range.pages(); i++) {
            if (!model.contains(first + i)) {
                cr_assert(!complete);
                return;
            }
            model[first + i].perms = perms;
        }
        cr_assert(complete);
    }
    void write(Model& model, VirtRange range, uint64_t first) {
        for (uint64_t i = 0; i < range.pages(); i++) {
            auto byte = static_cast<uint8_t>(random_());
            bool writable = model.contains(first + i) && model[first + i].perms.has(Perms::W);
            cr_assert_eq(poke(range.start + i * PAGE_SIZE, byte), writable);
            if (writable)
                model[first + i].byte = byte;
        }
    }

    std::mt19937 random_;
};

}  // namespace

MACHINE_TEST(random_operations, match_the_page_model_through_forks) {
    const char* seed_text = getenv("SEED");
    unsigned seed = seed_text ? static_cast<unsigned>(atoi(seed_text)) : 1;
    fprintf(stderr, "random_operations: SEED=%u\n", seed);
    Player player(seed);
    Space parent;
    Model parent_model;
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned step = 0; step < 60; step++) {
            player.step(parent, parent_model);
            if (step % 4 == 0)
                compare(parent, parent_model, step);
        }
        Space child(*parent->fork());
        Model child_model = parent_model;
        for (unsigned step = 0; step < 30; step++) {
            child.run();
            player.step(child, child_model);
            parent.run();
            player.step(parent, parent_model);
        }
        compare(parent, parent_model, 1000 + round);
        child.run();
        compare(child, child_model, 2000 + round);
        parent.run();
    }
}
