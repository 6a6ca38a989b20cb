#include "process/lifecycle.h"

namespace kern {

namespace {

constexpr uint64_t HWCAP = 1 << ('I' - 'A') | 1 << ('M' - 'A') | 1 << ('A' - 'A') | 1 << ('F' - 'A') | 1 << ('D' - 'A') |
                           1 << ('C' - 'A');
constexpr uint64_t CLOCK_TICKS = 100;              // of times(2), a second
constexpr uint64_t MIN_SIGNAL_STACK = 1088;        // Linux's struct rt_sigframe without the vector extension

// How far an image moves to begin at `base`; one that says where it wants to be stays there.
uint64_t bias_to(VirtAddr base, const ElfImage& image) {
    return image.is_position_independent() ? align_down(base.value, image.alignment) - image.span.start.value : 0;
}

// Where a mapping of the image's size would go.
Result<VirtAddr> find_place(Vmar& vmar, const ElfImage& image) {
    MapRequest request{.size = image.span.size(), .perms = Perms::none(), .alignment = image.alignment};
    VirtAddr place = TRY(vmar.map(request));
    TRY(vmar.unmap(VirtRange::sized(place, request.size)));
    return place;
}

// ELIBBAD instead of ENOEXEC: the program itself is in order.
Result<LoadedElf> load_interpreter(Vmar& vmar, const ElfImage& image) {
    auto loaded = load_elf(vmar, image, bias_to(TRY(find_place(vmar, image)), image));
    return !loaded && loaded.error() == Errno::ENOEXEC ? fail(Errno::ELIBBAD) : loaded;
}

Result<AuxVec> describe(const ElfImage& image, const LoadedElf& loaded, uint64_t interpreter_base, VirtAddr vdso) {
    AuxVec aux;
    const std::pair<AuxKey, uint64_t> facts[] = {
        {AuxKey::AT_SYSINFO_EHDR, vdso.value},
        {AuxKey::AT_HWCAP, HWCAP},
        {AuxKey::AT_PAGESZ, PAGE_SIZE},
        {AuxKey::AT_CLKTCK, CLOCK_TICKS},
        {AuxKey::AT_PHDR, loaded.program_headers.value},
        {AuxKey::AT_PHENT, sizeof(elf::ProgramHeader)},
        {AuxKey::AT_PHNUM, image.header.e_phnum},
        {AuxKey::AT_BASE, interpreter_base},
        {AuxKey::AT_FLAGS, 0},
        {AuxKey::AT_ENTRY, loaded.entry.value},
        {AuxKey::AT_UID, 0},
        {AuxKey::AT_EUID, 0},
        {AuxKey::AT_GID, 0},
        {AuxKey::AT_EGID, 0},
        {AuxKey::AT_SECURE, 0},
        {AuxKey::AT_MINSIGSTKSZ, MIN_SIGNAL_STACK},
    };
    for (auto [key, value] : facts)
        TRY(aux.set(key, value));
    return aux;
}

// PT_GNU_STACK with PF_X: the program executes code on its stack.
Result<> make_stack_executable(Vmar& vmar) {
    VirtRange stack;
    vmar.for_each([&](const VmMapping& mapping) {
        if (mapping.kind == MappingKind::stack)
            stack = mapping.range;
    });
    return stack.empty() ? Result<>() : vmar.protect(stack, Perms::all());
}

}  // namespace

Vmar& ProcessVmarGuard::unwrap() const {
    ASSERT(*inner_);  // the process has exited
    return **inner_;
}

std::optional<InitStackReader> ProcessVmarGuard::init_stack_reader() const {
    Vmar* vmar = as_ref();
    return vmar ? std::optional(vmar->process_vm().init_stack().reader(*vmar)) : std::nullopt;
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
    if (program.interpreter)
        interpreter = TRY(load_interpreter(*vmar, *program.interpreter));
    TRY(map_vdso(*vmar));
    AuxVec aux = TRY(describe(image, loaded, interpreter ? interpreter->bias : 0, process_vm.vdso_base()));
    TRY(process_vm.map_and_write_init_stack(*vmar, start, aux));
    if (image.executable_stack)
        TRY(make_stack_executable(*vmar));
    return NewVmar{std::move(vmar), interpreter ? interpreter->entry : loaded.entry};
}

Ref<Vmar> unshare_and_renew_vmar(UserThread& current, ProcessVmarGuard& guard, Ref<Vmar> new_vmar) {
    Ref<Vmar> thread_s = current.renew_vmar(new_vmar);
    Ref<Vmar> old = guard.set_vmar(std::move(new_vmar));
    return old ? old : thread_s;
}

}  // namespace kern
