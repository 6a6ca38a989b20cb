#include "fs/devfs.h"

#include "base/rng.h"
#include "fs/ramfs.h"
#include "mm/user_copy.h"

namespace kern {

namespace {

constinit FileSystem devfs("devtmpfs", 0x01021994, 5);
constinit Directory* devices = nullptr;  // its root

constexpr uint32_t CHARACTER = static_cast<uint32_t>(InodeType::character);

// null(4): at its end from the start, and takes everything.
class Null : public Inode {
public:
    Null(FileSystem& fs, unsigned minor) : Inode(fs, CHARACTER | 0666), minor_(minor) {}
    uint64_t device_number() const override { return device_number_of(1, minor_); }
    Result<size_t> read(File&, UserBytes) override { return 0; }
    Result<size_t> write(File&, UserBytes from) override { return from.size; }

private:
    unsigned minor_;
};

// zero(4). A mapping of it is memory like any other: each gets pages of its own.
class Zero final : public Null {
public:
    using Null::Null;
    Result<size_t> read(File&, UserBytes to) override {
        TRY(clear_user(to.at, to.size));
        return to.size;
    }
    Ref<Vmo> vmo() override { return Vmo::create(FILE_SIZE_LIMIT).value_or(nullptr); }
    Result<Ref<Vmo>> open_content() override { return Ref<Vmo>(); }
};

class Full final : public Null {
public:
    using Null::Null;
    Result<size_t> read(File&, UserBytes to) override {
        TRY(clear_user(to.at, to.size));
        return to.size;
    }
    Result<size_t> write(File&, UserBytes) override { return fail(Errno::ENOSPC); }
};

// random(4) and urandom: the generator is seeded before the first program runs, so the two are alike.
class Random final : public Null {
public:
    using Null::Null;
    Result<size_t> read(File&, UserBytes to) override {
        std::byte bytes[128];
        for (size_t done = 0; done < to.size;) {
            size_t part = std::min(to.size - done, sizeof(bytes));
            random_bytes({bytes, part});
            size_t copied = arch::user_write(to.at + done, bytes, part);
            done += copied;
            if (copied < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        }
        return to.size;
    }
};

template <typename Device>
Result<> put_device(RamDirectory& directory, std::string_view name, unsigned minor) {
    return directory.put(name, TRY(make_ref<Device>(devfs, minor)));
}

}  // namespace

Ref<Directory> devfs_root() { return Ref<Directory>::share(devices); }

Result<> make_devfs(ConsoleMode console) {
    auto directory = TRY(make_ref<RamDirectory>(devfs, 0755));
    TRY(put_device<Null>(*directory, "null", 3));
    TRY(put_device<Zero>(*directory, "zero", 5));
    TRY(put_device<Full>(*directory, "full", 7));
    TRY(put_device<Random>(*directory, "random", 8));
    TRY(put_device<Random>(*directory, "urandom", 9));
    Ref<Inode> terminal = TRY(make_terminal(devfs, console));
    TRY(directory->put("console", terminal));
    TRY(directory->put("tty", terminal));
    devices = directory.release();
    return {};
}

}  // namespace kern
