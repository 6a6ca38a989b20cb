// Any bytes as operations on two spaces that fork from each other: the invariants of vm/vmar.h hold after each.
//
//     an operation:   what   page   pages   how      a byte each; page 0 to 31 of a window, or beside it
#include "fuzz.h"

namespace {

constexpr uint64_t WINDOW = 0x20'0000'0000;

struct Player {
    Ref<Vmar> spaces[2] = {fuzz::make_space({.address_space = 1 << 30}), {}};
    Ref<Vmo> vmo = *Vmo::create(8 * PAGE_SIZE);
    unsigned what = 0, how = 0;
    VirtRange range{};

    Vmar& space() { return *spaces[0]; }

    void step(fuzz::Input& input) {
        what = input.byte();
        unsigned page = input.byte(), count = input.byte();
        how = input.byte();
        VirtAddr start = page < 0xf0 ? VirtAddr(WINDOW + page % 32 * PAGE_SIZE) : VMAR_CAP_ADDR - (page - 0xf0) * PAGE_SIZE;
        uint64_t size = (count < 0xf0 ? 1 + count % 16 : uint64_t{1} << (count & 0xf)) * PAGE_SIZE;
        range = VirtRange::sized(start, std::min<uint64_t>(size, VMAR_CAP_ADDR - start));
        if (!range.empty()) play();
    }

    void play() {
        switch (what % 10) {
        case 0: case 1: return map();
        case 2: return (void)space().unmap(range);
        case 3: return (void)space().protect(range, Perms(how % 8));
        case 4: return remap();
        case 5: return (void)space().advise(range, static_cast<Advice>(how % 10));
        case 6: return touch();
        case 7: return (void)space().process_vm().heap().brk(space(), range.start + how);
        case 8: return fork();
        case 9: return (void)vmo->resize(how % 16 * 1000);
        }
    }

    void map() {
        MapRequest request{.size = range.size(), .perms = Perms(how % 8), .at = range.start};
        request.placement = static_cast<Placement>(how / 8 % 4);
        request.sharing = how & 32 ? Sharing::shared : Sharing::private_;
        if (how & 64 || request.sharing == Sharing::shared) request.vmo = vmo, request.vmo_offset = (how / 128) * PAGE_SIZE;
        else request.grows_down = what == 1;
        (void)space().map(request);
    }

    void remap() {
        RemapRequest request{.old_range = range, .new_size = (1 + how % 16) * PAGE_SIZE, .may_move = (how & 16) != 0};
        if (how & 32) request.fixed = VirtAddr(WINDOW + how % 32 * PAGE_SIZE);
        request.dont_unmap = how & 64 && range.size() == request.new_size;
        if (request.fixed || request.dont_unmap) request.may_move = true;
        (void)space().remap(request);
    }

    void touch() {
        fuzz::run(space());
        uint8_t byte = static_cast<uint8_t>(how);
        for (VirtAddr page = range.start; page < range.end && page < range.start + 16 * PAGE_SIZE; page += PAGE_SIZE)
            (void)(how & 1 ? arch::host::store(page, &byte, 1) : arch::host::load(page, &byte, 1));
        VmSpace::switch_to(nullptr);
    }

    void fork() {
        if (!spaces[1]) {
            if (auto child = space().fork()) spaces[1] = std::move(*child);
        } else if (how % 4 == 0) {
            spaces[1] = nullptr;
        }
        if (spaces[1]) std::swap(spaces[0], spaces[1]);
    }

    void check() {
        VirtAddr end = VMAR_LOWEST_ADDR;
        uint64_t bytes = 0;
        space().for_each([&](const VmMapping& mapping) {
            FUZZ_CHECK(!mapping.range.empty() && mapping.range.start >= end && USER_SPACE.contains(mapping.range));
            end = mapping.range.end;
            bytes += mapping.range.size();
        });
        FUZZ_CHECK(space().total_bytes() == bytes && bytes <= space().limits().address_space);
        auto resident = space().resident_pages();
        FUZZ_CHECK((resident.anon + resident.file) * PAGE_SIZE <= bytes);
    }
};

void play(fuzz::Input input) {
    Player player;
    player.space().process_vm().heap().set_start(VirtAddr(WINDOW), 0);
    for (int steps = 0; steps < 200 && !input.is_empty(); steps++) {
        player.step(input);
        player.check();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return fuzz::on_machine([=] { play({data, size}); });
}
