#include "fs/boot.h"

#include "base/print.h"
#include "fs/cpio.h"
#include "fs/tree.h"

namespace kern {

namespace {

class Unpacker {
public:
    explicit Unpacker(Ref<Directory> root) : root_(std::move(root)) {}

    Result<> unpack(const CpioEntry& entry, unsigned archive);

private:
    // A file that has more names than the one it was met by: the others come with the same inode number.
    struct Linked {
        uint64_t key[2];
        Ref<Inode> inode;
    };

    Result<Ref<Inode>> make(const Target& target, const CpioEntry& entry, unsigned archive);
    Result<Ref<Inode>> make_linked(const Target& target, const CpioEntry& entry, unsigned archive);

    Ref<Directory> root_;
    Vec<Linked> linked_;
};

Result<> write_content(Inode& inode, std::span<const std::byte> data) {
    if (data.empty()) return {};
    size_t written = TRY(inode.vmo()->write(0, data));
    return written == data.size() ? Result<>() : fail(Errno::ENOSPC);
}

std::string_view as_text(std::span<const std::byte> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

Result<> make_room(const Target& target, InodeType type) {
    if (!target.inode) return {};
    if (target.inode->as_directory()) return type == InodeType::directory ? Result<>() : remove_directory(target);
    return unlink(target);
}

// The first entry of a group makes the file, the others link to it; any of them may bring the content.
Result<Ref<Inode>> Unpacker::make_linked(const Target& target, const CpioEntry& entry, unsigned archive) {
    Linked wanted{{uint64_t{archive} << 32 | entry.inode, uint64_t{entry.device_major} << 32 | entry.device_minor}, {}};
    for (Linked& known : linked_) {
        if (known.key[0] == wanted.key[0] && known.key[1] == wanted.key[1] && known.inode->links()) {
            TRY(link(*known.inode, target));
            return known.inode;
        }
    }
    wanted.inode = TRY(create(target, {entry.mode}));
    Ref<Inode> inode = wanted.inode;
    TRY(linked_.push(std::move(wanted)));
    return inode;
}

Result<Ref<Inode>> Unpacker::make(const Target& target, const CpioEntry& entry, unsigned archive) {
    switch (InodeType{entry.mode & TYPE_BITS}) {
    case InodeType::directory:
        return target.inode && target.inode->as_directory() ? target.inode : create(target, {entry.mode});
    case InodeType::symlink:
        return create(target, {entry.mode, as_text(entry.data)});
    default:
        return entry.links > 1 ? make_linked(target, entry, archive) : create(target, {entry.mode});
    }
}

// Devices, pipes and sockets are left out: /dev has its own.
bool is_kept(InodeType type) {
    return type == InodeType::regular || type == InodeType::directory || type == InodeType::symlink;
}

Result<> Unpacker::unpack(const CpioEntry& entry, unsigned archive) {
    InodeType type{entry.mode & TYPE_BITS};
    if (!is_kept(type)) return {};
    Target target = TRY(walk(root_, entry.name, LastLink::entry));
    TRY(make_room(target, type));
    Ref<Inode> inode = TRY(make(target, entry, archive));
    if (type == InodeType::regular)
        TRY(write_content(*inode, entry.data));
    TRY(inode->set_owner(entry.user, entry.group));
    if (type != InodeType::symlink)
        TRY(inode->set_permissions(entry.mode));
    inode->times().modified.store(uint64_t{entry.modified} * 1'000'000'000);
    return {};
}

std::string_view reason(Errno error) {
    switch (error) {
    case Errno::ENOENT: return "its directory is missing";
    case Errno::ENOTDIR: return "its directory is a file";
    case Errno::ENOTEMPTY: return "a directory that is not empty is in its place";
    case Errno::ENAMETOOLONG: return "a name is longer than 255 bytes";
    case Errno::ENOMEM:
    case Errno::ENOSPC: return "the memory is full";
    default: return "it cannot be made";
    }
}

}  // namespace

Result<> unpack_initramfs(Ref<Directory> root, std::span<const std::byte> archives) {
    CpioReader reader(archives);
    Unpacker unpacker(std::move(root));
    for (;;) {
        auto entry = reader.next();
        if (!entry) {
            alert("initramfs: {} (byte {} of {})\n", reader.problem(), reader.offset(), archives.size());
            return fail(entry.error());
        }
        if (!*entry) return {};
        auto result = unpacker.unpack(**entry, reader.archive());
        if (!result) {
            alert("initramfs: {}: {} (error {})\n", (*entry)->name, reason(result.error()), result.error());
            return result;
        }
    }
}

}  // namespace kern
