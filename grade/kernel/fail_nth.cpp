// Boot argument `failnth=N`: the Nth allocation, of a frame or from the kernel heap, fails, counted from the first process on.
// With N = 0 none does, yet. /dev/failnth lets a program choose again, so that one boot can try many:
//
//     write "N"   from here on the Nth allocation fails, once; 0: none
//     read        "allocations since then, free frames, bytes used of the kernel heap\n"
//
// user/failnth/ makes a sweep of it.
#include "fs/devfs.h"
#include "mm/frame.h"
#include "mm/slab.h"

void fail_nth_allocation(uint64_t n);

namespace {

Atomic<uint64_t> chosen, count;

bool is_chosen() { return count.fetch_add(1) + 1 == chosen.load(); }

void choose(uint64_t n) {
    chosen.store(0);
    count.store(0);
    chosen.store(n);
}

class ControlFile final : public Inode {
public:
    ControlFile() : Inode(devfs_root()->file_system(), mode_of(InodeType::character, 0600)) {}

    Result<size_t> write(File&, uint64_t, UserBytes from) override {
        char text[20] = {};
        TRY(from.copy_out(text, 0, std::min(from.size, sizeof(text))));
        uint64_t n = 0;
        for (const char* digit = text; *digit >= '0' && *digit <= '9'; digit++) n = n * 10 + static_cast<uint64_t>(*digit - '0');
        choose(n);
        return from.size;
    }
    Result<size_t> read(File&, uint64_t, UserBytes to) override {
        uint64_t counted = count.load();
        char text[80];
        BufferSink sink{std::span(text)};
        format_to(sink, "{} {} {}\n", counted, free_frame_count(), heap_used_bytes());
        size_t size = std::min(to.size, sink.view().size());
        return to.copy_in(text, 0, size);
    }
    Result<Ref<Vmo>> open_content() override { return Ref<Vmo>(); }
};

}  // namespace

void fail_nth_allocation(uint64_t n) {
    auto file = make_ref<ControlFile>();
    ASSERT(file && devfs_root()->put("failnth", *file));
    choose(n);
    allocation_fails = is_chosen;
}
