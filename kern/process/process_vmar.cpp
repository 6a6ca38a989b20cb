#include "dev/board.h"
#include "process/lifecycle.h"
#include "vdso/vvar.h"

// THE vDSO

static Ref<Vmo> vdso_pages;  // vvar, then the vDSO

// Maps both pages and notes the place.
static Result<> map_vdso(Vmar& vmar) {
    constexpr std::pair<MappingKind, Perms> PAGES[] = {{MappingKind::vvar, Perms::r()}, {MappingKind::vdso, Perms::rx()}};
    VirtAddr base = TRY(vmar.map({.size = 2 * PAGE_SIZE, .perms = Perms::none()}));
    for (uint64_t offset = 0; auto [kind, perms] : PAGES) {
        Perms may_perms = kind == MappingKind::vdso ? Perms::all() : perms;  // a debugger may write to its own copy
        TRY(vmar.map({.size = PAGE_SIZE, .perms = perms, .may_perms = may_perms, .placement = Placement::fixed_replace,
                      .at = base + offset, .kind = kind, .vmo = vdso_pages, .vmo_offset = offset}));
        offset += PAGE_SIZE;
    }
    vmar.process_vm().set_vdso_base(base + PAGE_SIZE);
    return {};
}

// A NEW SPACE

constexpr uint64_t HWCAP = 0x112d;           // the extensions I M A F D C, a bit for each letter from A on
constexpr uint64_t MIN_SIGNAL_STACK = 1088;  // Linux's struct rt_sigframe without the vector extension

// How far an image moves to begin at `base`; one that says where it wants to be stays there.
static uint64_t bias_to(VirtAddr base, const ElfImage& image) {
    return image.is_position_independent() ? align_down(base.value, image.alignment) - image.span.start.value : 0;
}

// Where a mapping of its size would go. ELIBBAD instead of ENOEXEC: the program itself is in order.
static Result<LoadedElf> load_interpreter(Vmar& vmar, const ElfImage& image) {
    MapRequest request{.size = image.span.size(), .perms = Perms::none(), .alignment = image.alignment};
    VirtAddr place = TRY(vmar.map(request));
    TRY(vmar.unmap(VirtRange::sized(place, request.size)));
    auto loaded = load_elf(vmar, image, bias_to(place, image));
    return !loaded && loaded.error() == Errno::ENOEXEC ? fail(Errno::ELIBBAD) : loaded;
}

static Result<AuxVec> describe(const ElfImage& image, const LoadedElf& loaded, uint64_t interpreter_base, VirtAddr vdso) {
    AuxVec aux;
    const std::pair<AuxKey, uint64_t> facts[] = {
        {AuxKey::AT_SYSINFO_EHDR, vdso.value}, {AuxKey::AT_HWCAP, HWCAP}, {AuxKey::AT_PAGESZ, PAGE_SIZE},
        {AuxKey::AT_CLKTCK, 1'000'000'000 / NS_PER_TICK}, {AuxKey::AT_PHDR, loaded.program_headers.value},
        {AuxKey::AT_PHENT, sizeof(elf::ProgramHeader)}, {AuxKey::AT_PHNUM, image.header.e_phnum},
        {AuxKey::AT_BASE, interpreter_base}, {AuxKey::AT_FLAGS, 0}, {AuxKey::AT_ENTRY, loaded.entry.value},
        {AuxKey::AT_UID, 0}, {AuxKey::AT_EUID, 0}, {AuxKey::AT_GID, 0}, {AuxKey::AT_EGID, 0}, {AuxKey::AT_SECURE, 0},
        {AuxKey::AT_MINSIGSTKSZ, MIN_SIGNAL_STACK},
    };
    for (auto [key, value] : facts) TRY(aux.set(key, value));
    return aux;
}

// PT_GNU_STACK with PF_X: the program executes code on its stack.
static Result<> make_stack_executable(Vmar& vmar) {
    VirtRange stack;
    vmar.for_each([&](const VmMapping& mapping) {
        if (mapping.kind == MappingKind::stack) stack = mapping.range;
    });
    return stack.empty() ? Result<>() : vmar.protect(stack, Perms::all());
}

Result<> set_up_vdso() {
    VvarData data{.ns_per_tick_32 = arch::ns_per_tick_32, .wall_offset_ns = dev::wall_clock_ns() - arch::now_ns()};
    vdso_pages = TRY(Vmo::create(2 * PAGE_SIZE));
    memcpy(TRY(vdso_pages->page(0))->data(), &data, sizeof(data));
    memcpy(TRY(vdso_pages->page(1))->data(), vdso_image, PAGE_SIZE);
    return {};
}

Result<NewVmar> new_vmar_and_map(const Program& program, const StartInfo& start, const Layout& layout,
                                 const VmLimits& limits) {
    const ElfImage& image = program.image;
    Ref<Vmar> vmar = TRY(Vmar::create(image.file, layout, limits));
    LoadedElf loaded = TRY(load_elf(*vmar, image, bias_to(layout.dynamic_base, image)));
    ProcessVm& process_vm = vmar->process_vm();
    process_vm.code = loaded.code;
    process_vm.data = loaded.data;
    process_vm.heap().set_start(image.span.end + loaded.bias + layout.brk_pad, loaded.data.size());
    std::optional<LoadedElf> interpreter;
    if (program.interpreter) interpreter = TRY(load_interpreter(*vmar, *program.interpreter));
    TRY(map_vdso(*vmar));
    AuxVec aux = TRY(describe(image, loaded, interpreter ? interpreter->bias : 0, process_vm.vdso_base()));
    TRY(process_vm.map_and_write_init_stack(*vmar, start, aux));
    if (image.executable_stack) TRY(make_stack_executable(*vmar));
    return NewVmar{std::move(vmar), interpreter ? interpreter->entry : loaded.entry};
}

Ref<Vmar> unshare_and_renew_vmar(UserThread& current, ProcessVmarGuard& guard, Ref<Vmar> new_vmar) {
    (void)current.renew_vmar(new_vmar);  // the guard's reference keeps the old one
    return guard.set_vmar(std::move(new_vmar));
}
