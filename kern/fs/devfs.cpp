#include "fs/devfs.h"

#include "base/rng.h"
#include "fs/disk.h"
#include "fs/ramfs.h"
#include "mm/user_copy.h"
#include "sched/scheduler.h"

namespace kern {

namespace {

constinit FileSystem devfs("devtmpfs", 0x01021994, 5);
constinit Directory* devices = nullptr;  // its root

// THE DEVICES OF mem(4), null(4), random(4)

Result<size_t> read_nothing(UserBytes) { return 0; }
Result<size_t> take_all(UserBytes from) { return from.size; }
Result<size_t> refuse(UserBytes) { return fail(Errno::ENOSPC); }

Result<size_t> read_zeroes(UserBytes to) {
    TRY(clear_user(to.at, to.size));
    return to.size;
}

struct MemoryDevice {
    std::string_view name;
    unsigned minor;
    Result<size_t> (*read)(UserBytes to);
    Result<size_t> (*write)(UserBytes from);
};

constexpr MemoryDevice MEMORY_DEVICES[] = {
    {"null", 3, read_nothing, take_all},   {"zero", 5, read_zeroes, take_all},   {"full", 7, read_zeroes, refuse},
    {"random", 8, read_random, take_all}, {"urandom", 9, read_random, take_all},
};

class MemoryDeviceFile final : public Inode {
public:
    explicit MemoryDeviceFile(const MemoryDevice& device)
        : Inode(devfs, mode_of(InodeType::character, 0666)), device_(device) {}
    uint64_t device_number() const override { return device_number_of(1, device_.minor); }
    Result<size_t> read(File&, UserBytes to) override { return device_.read(to); }
    Result<size_t> write(File&, UserBytes from) override { return device_.write(from); }
    // A mapping of zero is memory like any other: each gets pages of its own.
    Ref<Vmo> vmo() override {
        return device_.name == "zero" ? Vmo::create(FILE_SIZE_LIMIT).value_or(nullptr) : Ref<Vmo>();
    }
    Result<Ref<Vmo>> open_content() override { return Ref<Vmo>(); }

private:
    const MemoryDevice& device_;
};

constexpr std::pair<std::string_view, unsigned> TERMINALS[] = {{"tty", 0}, {"console", 1}};
constexpr std::pair<std::string_view, std::string_view> LINKS[] = {
    {"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
};

}  // namespace

Result<size_t> read_random(UserBytes to) {
    std::byte bytes[256];
    size_t done = 0;
    while (done < to.size && !(done && current_thread().is_interrupted())) {
        size_t part = std::min(to.size - done, sizeof(bytes));
        random_bytes({bytes, part});
        size_t copied = to.copy_in(bytes, done, part);
        done += copied;
        if (copied < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
    }
    return done;
}

Ref<Directory> devfs_root() { return Ref<Directory>::share(devices); }

Result<> make_devfs(ConsoleMode console) {
    auto directory = TRY(make_ram_directory(devfs, 0755));
    for (const MemoryDevice& device : MEMORY_DEVICES)
        TRY(directory->put(device.name, TRY(make_ref<MemoryDeviceFile>(device))));
    char disk[] = "vda";
    for (unsigned number = 0; auto file = TRY(make_disk_file(devfs, number)); number++, disk[2]++)
        TRY(directory->put(disk, file));
    start_terminal(console);
    for (auto [name, minor] : TERMINALS) TRY(directory->put(name, TRY(make_terminal(devfs, minor))));
    for (auto [name, target] : LINKS)
        TRY(directory->put(name, TRY(directory->make({mode_of(InodeType::symlink, 0777), target}))));
    devices = directory.release();
    return {};
}

}  // namespace kern
