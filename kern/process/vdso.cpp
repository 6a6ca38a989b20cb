#include <cstring>

#include "arch/contract.h"
#include "dev/board.h"
#include "process/process_vmar.h"
#include "vdso/vvar.h"

namespace kern {

namespace {

Ref<Vmo> pages;  // vvar, then the vDSO

Result<> map_page(Vmar& vmar, MappingKind kind, VirtAddr at, Perms perms, uint64_t offset) {
    TRY(vmar.map({.size = PAGE_SIZE, .perms = perms, .may_perms = Perms::rx(), .placement = Placement::fixed_replace,
                  .at = at, .kind = kind, .vmo = pages, .vmo_offset = offset}));
    return {};
}

}  // namespace

Result<> set_up_vdso() {
    VvarData data{.ns_per_tick_32 = arch::ns_per_tick_32, .wall_offset_ns = dev::wall_clock_ns() - arch::now_ns()};
    auto vmo = TRY(Vmo::create(2 * PAGE_SIZE));
    memcpy(TRY(vmo->page(0))->data(), &data, sizeof(data));
    memcpy(TRY(vmo->page(1))->data(), vdso_image, PAGE_SIZE);
    pages = std::move(vmo);
    return {};
}

Result<> map_vdso(Vmar& vmar) {
    MapRequest both{.size = 2 * PAGE_SIZE, .perms = Perms::none()};
    VirtAddr base = TRY(vmar.map(both));
    TRY(map_page(vmar, MappingKind::vvar, base, Perms::r(), 0));
    TRY(map_page(vmar, MappingKind::vdso, base + PAGE_SIZE, Perms::rx(), PAGE_SIZE));
    vmar.process_vm().set_vdso_base(base + PAGE_SIZE);
    return {};
}

}  // namespace kern
