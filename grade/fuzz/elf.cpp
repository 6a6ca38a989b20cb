// Any bytes as a program: it is refused, or its segments are mapped, in user memory, and go again.
#include "process/elf_loader.h"

#include "fuzz.h"

namespace {

class ProgramFile final : public BackingFile {
public:
    ProgramFile(const uint8_t* data, size_t size) : vmo_(*Vmo::create(0)) {
        FUZZ_CHECK(*vmo_->write(0, std::as_bytes(std::span(data, size))) == size);
    }
    std::string_view path() const override { return "/program"; }
    uint64_t inode_number() const override { return 1; }
    Ref<Vmo> vmo() override { return vmo_; }

private:
    Ref<Vmo> vmo_;
};

void load(const uint8_t* data, size_t size) {
    auto image = read_elf(*make_ref<ProgramFile>(data, size));
    if (!image) {
        FUZZ_CHECK(image.error() == Errno::ENOEXEC || image.error() == Errno::ENOMEM);
        return;
    }
    FUZZ_CHECK(!image->span.empty() && image->span.end <= VMAR_CAP_ADDR);
    auto vmar = fuzz::make_space();
    uint64_t bias = 0;
    if (image->is_position_independent()) {  // as exec does
        VirtAddr base(align_up(vmar->process_vm().layout().dynamic_base.value, image->alignment));
        if (base < VMAR_LOWEST_ADDR || base > VMAR_CAP_ADDR || image->span.size() > VMAR_CAP_ADDR - base) return;
        bias = base.value - align_down(image->span.start.value, image->alignment);
    }
    auto loaded = load_elf(*vmar, *image, bias);
    if (!loaded) FUZZ_CHECK(loaded.error() == Errno::ENOEXEC || loaded.error() == Errno::ENOMEM);
    fuzz::run(*vmar);
    vmar->for_each([](const VmMapping& mapping) { FUZZ_CHECK(USER_SPACE.contains(mapping.range)); });
    if (loaded) (void)arch::host::can_access(loaded->entry, Perms(Perms::X));
    VmSpace::switch_to(nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return size == 0 ? 0 : fuzz::on_machine([=] { load(data, size); });
}
