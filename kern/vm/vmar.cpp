#include "vm/vmar.h"

Result<Ref<Vmar>> Vmar::create(Ref<BackingFile> executable, const Layout& layout, const VmLimits& limits) {
    FrameRef root = TRY(VmSpace::make_root());
    return make_ref<Vmar>(std::move(executable), layout, limits, std::move(root));
}

Vmar::Vmar(Ref<BackingFile> executable, const Layout& layout, const VmLimits& limits, FrameRef root)
    : process_vm_(std::move(executable), layout), space_(std::move(root)), mappings_(LockRank::vmar, limits) {}

Vmar::Vmar(const ProcessVm& parent, const Heap::State& heap, const VmLimits& limits, FrameRef root)
    : process_vm_(ProcessVm::fork_from(parent, heap)), space_(std::move(root)), mappings_(LockRank::vmar, limits) {}

// Pages go mapping by mapping: looking through whole tables for them would take longer.
Vmar::~Vmar() {
    for (VmMapping* item = mappings_.unlocked().set.first(); item;) {
        {
            auto table = space_.lock();  // until they are gone, a Vmo looks here for its pages
            table->for_each(item->range, [&](VirtAddr, Pte& slot) { table->clear(&slot); });
            table->prune(item->range, [](FrameRef) {});
        }
        VmMapping* next = IntervalSet<VmMapping>::after(*item);
        delete item;
        item = next;
    }
}

// READING AND WRITING FROM OUTSIDE

// The lookup and the fault alternate until the page is there as wanted; another thread may take it away in between, so
// a page that never stays is given up on.
std::optional<FrameRef> Vmar::pin_page(VirtAddr page, Perms access) {
    constexpr int TRIES = 8;
    for (int i = 0; i < TRIES; i++) {
        {
            auto table = space_.lock();
            Pte* slot = table->find(page);
            if (slot && slot->permits(access)) return FrameRef::share(frame_at(slot->frame()));
        }
        if (handle_fault(page, access) != FaultOutcome::resolved) break;
    }
    return std::nullopt;
}

// Calls copy(frame bytes, offset in the whole) for each page's part of [at, at + size); returns the bytes done.
template <typename Copy>
size_t Vmar::for_each_page_part(VirtAddr at, size_t size, Perms access, Copy copy) {
    size_t done = 0;
    while (done < size && at + done < VMAR_CAP_ADDR) {
        VirtAddr here = at + done;
        size_t chunk = std::min<size_t>(size - done, PAGE_SIZE - here.page_offset());
        auto frame = pin_page(here.page_down(), access);
        if (!frame) break;
        copy(std::span((*frame)->data() + here.page_offset(), chunk), done);
        done += chunk;
    }
    return done;
}

size_t Vmar::read_bytes(VirtAddr from, std::span<std::byte> out) {
    return for_each_page_part(from, out.size(), Perms::r(), [&](std::span<std::byte> part, size_t offset) {
        memcpy(out.data() + offset, part.data(), part.size());
    });
}

size_t Vmar::write_bytes(VirtAddr to, std::span<const std::byte> bytes) {
    return for_each_page_part(to, bytes.size(), Perms::rw(), [&](std::span<std::byte> part, size_t offset) {
        memcpy(part.data(), bytes.data() + offset, part.size());
    });
}
