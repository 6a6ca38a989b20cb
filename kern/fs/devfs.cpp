#include "fs/devfs.h"

#include "fs/mount.h"
#include "mm/user_copy.h"

static constinit FileSystem devfs("devtmpfs", 0x01021994, 5);
static constinit Directory* devices = nullptr;  // its root

// THE DEVICES OF mem(4), null(4), random(4)

static Result<size_t> read_nothing(UserBytes) { return 0; }

static Result<size_t> read_zeroes(UserBytes to) {
    TRY(clear_user(to.at, to.size));
    return to.size;
}

struct MemoryDevice {
    std::string_view name;
    unsigned minor;
    Result<size_t> (*read)(UserBytes to);
};

constexpr MemoryDevice MEMORY_DEVICES[] = {
    {"null", 3, read_nothing},  {"zero", 5, read_zeroes},   {"full", 7, read_zeroes},
    {"random", 8, read_random}, {"urandom", 9, read_random},
};

struct MemoryDeviceFile final : Inode {
    explicit MemoryDeviceFile(const MemoryDevice& device)
        : Inode(devfs, mode_of(InodeType::character, 0666)), device_(device) {
        device_number_ = device_number_of(1, device.minor);
    }
    Result<size_t> read(File&, uint64_t, UserBytes to) override { return device_.read(to); }
    Result<size_t> write(File&, uint64_t, UserBytes from) override {
        return device_.name == "full" ? fail(Errno::ENOSPC) : Result<size_t>(from.size);
    }
    // A mapping of zero is memory like any other: each gets pages of its own.
    Ref<Vmo> vmo() override {
        return device_.name == "zero" ? Vmo::create(FILE_SIZE_LIMIT).value_or(nullptr) : Ref<Vmo>();
    }
    Result<Ref<Vmo>> open_content() override { return Ref<Vmo>(); }

    const MemoryDevice& device_;
};

constexpr std::pair<std::string_view, std::string_view> LINKS[] = {
    {"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
};

Result<size_t> read_random(UserBytes to) {
    constexpr size_t UNIT = 256;
    return in_parts<UNIT>(0, to.size, [&](size_t done, size_t part) -> Result<size_t> {
        std::byte bytes[UNIT];
        if (done && current_thread().is_interrupted()) return 0;
        random_bytes({bytes, part});
        return to.copy_in(bytes, done, part);
    });
}

Ref<Directory> devfs_root() { return Ref<Directory>::share(devices); }

Result<> make_devfs(ConsoleMode console) {
    auto directory = TRY(make_ram_directory(devfs, 0755));
    for (const MemoryDevice& device : MEMORY_DEVICES)
        TRY(directory->put(device.name, TRY(make_ref<MemoryDeviceFile>(device))));
    TRY(add_disks(*directory));
    TRY(add_terminal(*directory, console));
    for (auto [name, target] : LINKS)
        TRY(directory->put(name, TRY(directory->make({mode_of(InodeType::symlink, 0777), target}))));
    devices = directory.release();
    return {};
}
