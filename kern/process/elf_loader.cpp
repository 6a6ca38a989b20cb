#include "process/elf_loader.h"

constexpr size_t MAX_HEADERS = 65536 / sizeof(elf::ProgramHeader);
constexpr size_t MAX_INTERPRETER = 4096;  // bytes, its NUL among them

// All of `out` from `offset` on; ENOEXEC when the file ends before.
static Result<> read_exactly(Vmo& vmo, uint64_t offset, std::span<std::byte> out) {
    return TRY(vmo.read(offset, out)) == out.size() ? Result<>() : fail(Errno::ENOEXEC);
}

static bool is_in_file(uint64_t offset, uint64_t size, uint64_t file_size) {
    return offset <= file_size && size <= file_size - offset;
}

static bool is_for_us(const elf::Header& header) {
    return memcmp(header.e_ident, elf::IDENTITY, sizeof(elf::IDENTITY)) == 0 &&
           (header.e_type == elf::ET_EXEC || header.e_type == elf::ET_DYN) && header.e_machine == elf::EM_RISCV &&
           header.e_phentsize == sizeof(elf::ProgramHeader) && header.e_phnum >= 1 && header.e_phnum <= MAX_HEADERS &&
           header.e_entry < VMAR_CAP_ADDR.value;
}

static bool is_well_formed(const elf::ProgramHeader& segment, uint64_t file_size) {
    uint64_t cap = VMAR_CAP_ADDR.value;
    return segment.p_filesz <= segment.p_memsz && is_in_file(segment.p_offset, segment.p_filesz, file_size) &&
           segment.p_vaddr <= cap && segment.p_memsz <= cap - segment.p_vaddr &&
           is_aligned(segment.p_vaddr - segment.p_offset, PAGE_SIZE) &&
           (segment.p_align <= 1 || std::has_single_bit(segment.p_align));
}

static bool is_load(const elf::ProgramHeader& header) { return header.p_type == elf::PT_LOAD && header.p_memsz != 0; }

static Result<String> read_interpreter(ElfImage& image, const elf::ProgramHeader& header) {
    Vec<char> path;
    if (header.p_filesz < 2 || header.p_filesz > MAX_INTERPRETER) return fail(Errno::ENOEXEC);
    TRY(path.resize(header.p_filesz));
    TRY(read_exactly(*image.vmo, header.p_offset, std::as_writable_bytes(std::span(path.data(), path.size()))));
    return path.back() == 0 ? String::copy(path.data()) : fail(Errno::ENOEXEC);
}

static void extend(VirtRange& range, VirtRange part) {
    range = range.empty() ? part : VirtRange{std::min(range.start, part.start), std::max(range.end, part.end)};
}

static Result<> note_header(ElfImage& image, const elf::ProgramHeader& header, uint64_t file_size) {
    if (header.p_type == elf::PT_GNU_STACK) image.executable_stack = header.p_flags & elf::PF_X;
    if (header.p_type == elf::PT_INTERP && image.interpreter.empty())
        image.interpreter = TRY(read_interpreter(image, header));
    if (!is_load(header)) return {};
    if (!is_well_formed(header, file_size)) return fail(Errno::ENOEXEC);
    VirtAddr start(header.p_vaddr);
    extend(image.span, {start.page_down(), (start + header.p_memsz).page_up()});
    image.alignment = std::max(image.alignment, header.p_align);
    return {};
}

static Perms perms_of(const elf::ProgramHeader& segment) {
    return Perms((segment.p_flags & elf::PF_R ? Perms::R : 0) | (segment.p_flags & elf::PF_W ? Perms::R | Perms::W : 0) |
                 (segment.p_flags & elf::PF_X ? Perms::X : 0));
}

// The image's own places may not overlap; only memory can still be wanting then.
static Result<> map_part(Vmar& vmar, MapRequest& request, VirtRange range) {
    if (range.empty()) return {};
    request.at = range.start;
    request.size = range.size();
    request.placement = Placement::fixed_no_replace;
    auto mapped = vmar.map(request);
    if (!mapped && (mapped.error() == Errno::EEXIST || mapped.error() == Errno::EPERM)) return fail(Errno::ENOEXEC);
    return mapped ? Result<>() : fail(mapped.error());
}

// Zeroes what the file's last page holds behind the segment's bytes. A read-only segment keeps it: nobody may write there.
static Result<> clear_tail(Vmar& vmar, const elf::ProgramHeader& segment, VirtAddr file_end) {
    if (segment.p_memsz == segment.p_filesz || file_end.is_page_aligned() || !(segment.p_flags & elf::PF_W)) return {};
    std::span<const std::byte> zeroes(zero_frame().data(), file_end.page_up() - file_end);
    return vmar.write_bytes(file_end, zeroes) == zeroes.size() ? Result<>() : fail(Errno::ENOMEM);
}

static Result<> map_segment(Vmar& vmar, const ElfImage& image, const elf::ProgramHeader& segment, uint64_t bias) {
    VirtAddr start(segment.p_vaddr + bias), file_end = start + segment.p_filesz, end = start + segment.p_memsz;
    VirtAddr zero_start = segment.p_filesz ? file_end.page_up() : start.page_down();
    MapRequest anonymous{.perms = perms_of(segment)};
    TRY(map_part(vmar, anonymous, {zero_start, end.page_up()}));
    if (!segment.p_filesz) return {};
    MapRequest in_file{.perms = perms_of(segment), .vmo = image.vmo,
                       .vmo_offset = align_down(segment.p_offset, PAGE_SIZE), .file = image.file};
    TRY(map_part(vmar, in_file, {start.page_down(), zero_start}));
    return clear_tail(vmar, segment, file_end);
}

static void note_segment(LoadedElf& loaded, const ElfImage& image, const elf::ProgramHeader& segment, uint64_t bias) {
    VirtRange in_file = VirtRange::sized(VirtAddr(segment.p_vaddr + bias), segment.p_filesz);
    extend(segment.p_flags & elf::PF_W ? loaded.data : loaded.code, in_file);
    uint64_t offset = image.header.e_phoff - segment.p_offset;
    if (image.header.e_phoff >= segment.p_offset && offset < segment.p_filesz)
        loaded.program_headers = in_file.start + offset;
}

Result<ElfImage> read_elf(Ref<BackingFile> file) {
    ElfImage image;
    image.vmo = file->vmo();
    image.file = std::move(file);
    if (!image.vmo) return fail(Errno::EACCES);
    TRY(read_exactly(*image.vmo, 0, std::as_writable_bytes(std::span(&image.header, 1))));
    uint64_t file_size = image.vmo->size();
    size_t count = image.header.e_phnum;
    if (!is_for_us(image.header) || !is_in_file(image.header.e_phoff, count * sizeof(elf::ProgramHeader), file_size))
        return fail(Errno::ENOEXEC);
    TRY(image.program_headers.resize(count));
    std::span headers(image.program_headers.data(), count);
    TRY(read_exactly(*image.vmo, image.header.e_phoff, std::as_writable_bytes(headers)));
    for (const elf::ProgramHeader& header : headers) TRY(note_header(image, header, file_size));
    return image.span.empty() ? Result<ElfImage>(fail(Errno::ENOEXEC)) : std::move(image);
}

Result<LoadedElf> load_elf(Vmar& vmar, const ElfImage& image, uint64_t bias) {
    LoadedElf loaded{.entry = VirtAddr(image.header.e_entry + bias), .bias = bias};
    for (const elf::ProgramHeader& segment : image.program_headers) {
        if (!is_load(segment)) continue;
        TRY(map_segment(vmar, image, segment, bias));
        note_segment(loaded, image, segment, bias);
    }
    return loaded;
}
