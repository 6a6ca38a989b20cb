#include "fs/cpio.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "fs/tree.h"

static constinit FileSystem rootfs("rootfs", 0x01021994, 2);  // Linux's root in memory is a tmpfs

// FILLING IT FROM THE ARCHIVES: a later entry replaces an earlier one of the same name; directories are merged.

// A file that has more names than the one it was met by: the others come with the same inode number. Any of them may
// bring the content.
struct Linked {
    std::array<uint32_t, 4> number;  // of its archive, inode and device
    Ref<Inode> inode;
};

static Result<Ref<Inode>> make_linked(Vec<Linked>& linked, const Target& target, const CpioEntry& entry, unsigned archive) {
    std::array number{archive, entry.inode, entry.device_major, entry.device_minor};
    for (Linked& known : linked) {
        if (known.number != number || !known.inode->links()) continue;
        TRY(link(*known.inode, target));
        return known.inode;
    }
    Ref<Inode> inode = TRY(create(target, {entry.mode}));
    TRY(linked.push({number, inode}));
    return inode;
}

// Whole pages of the archive become the file's where they lie; the rest is copied.
static Result<> fill(Vmo& vmo, std::string_view content) {
    PhysAddr start = arch::virt_to_phys(content.data());
    size_t at = 0;
    for (; start.is_page_aligned() && vmo.size() == 0 && at + PAGE_SIZE <= content.size(); at += PAGE_SIZE)
        TRY(vmo.adopt(at >> PAGE_SHIFT, frame_at(start + at)));
    TRY(vmo.resize(content.size()));
    content.remove_prefix(at);
    return TRY(vmo.write(at, std::as_bytes(std::span(content)))) == content.size() ? Result<>() : fail(Errno::ENOSPC);
}

static Result<> unpack(Vec<Linked>& linked, const CpioEntry& entry, unsigned archive) {
    InodeType type{entry.mode & TYPE_BITS};
    bool is_link = type == InodeType::symlink, is_regular = type == InodeType::regular;
    if (!is_link && !is_regular && type != InodeType::directory) return {};  // /dev has its own devices
    Target target = TRY(walk(root_directory(), entry.name, LastLink::entry));
    Directory* old = target.inode ? target.inode->as_directory() : nullptr;
    Ref<Inode> inode = old && type == InodeType::directory ? target.inode : Ref<Inode>();
    if (target.inode && !inode) TRY(remove(target, old));
    if (!inode && is_regular && entry.links > 1) inode = TRY(make_linked(linked, target, entry, archive));
    if (!inode) inode = TRY(create(target, {is_link ? mode_of(type, 0777) : entry.mode, is_link ? entry.data : ""}));
    if (is_regular && !entry.data.empty()) TRY(fill(*inode->vmo(), entry.data));
    TRY(inode->set_owner(entry.user, entry.group));
    if (!is_link) TRY(inode->set_permissions(entry.mode));
    inode->times().modified.store(uint64_t{entry.modified} * 1'000'000'000);
    return {};
}

constexpr std::pair<Errno, std::string_view> REASONS[] = {
    {Errno::ENOENT, "its directory is missing"}, {Errno::ENOTDIR, "its directory is a file"},
    {Errno::ENOTEMPTY, "a directory that is not empty is in its place"}, {Errno::ENOMEM, "the memory is full"},
    {Errno::ENAMETOOLONG, "a name is longer than 255 bytes"}, {Errno::ENOSPC, "the memory is full"},
};

// On an error one line says what is wrong and where; what came before it is there.
static Result<> unpack_initramfs(std::span<const std::byte> archives) {
    CpioReader reader(archives);
    Vec<Linked> linked;
    for (;;) {
        auto entry = reader.next();
        if (!entry) alert("initramfs: {} (byte {} of {})\n", reader.problem(), reader.offset(), archives.size());
        if (!TRY(std::move(entry))) return {};
        auto result = unpack(linked, **entry, reader.archive());
        if (result) continue;
        const auto* known = std::ranges::find(REASONS, result.error(), [](auto& reason) { return reason.first; });
        std::string_view reason = known != std::end(REASONS) ? known->second : "it cannot be made";
        alert("initramfs: {}: {} (error {})\n", (*entry)->name, reason, result.error());
        return result;
    }
}

// MOUNTING

static Result<> mount_on(std::string_view name, std::string_view type, Inode* device = nullptr) {
    Target place = TRY(walk(nullptr, name, LastLink::follow));
    Ref<Inode> at = place.inode ? place.inode : TRY(create(place, {mode_of(InodeType::directory, 0755)}));
    return mount(type, type, device, *at, false);
}

// The disk is mounted like any other; then the tree begins with it.
static Result<> mount_root_disk(std::string_view path) {
    constexpr std::string_view DEVICES = "/dev/";
    if (!path.starts_with(DEVICES)) return fail(Errno::ENOENT);
    TRY(mount_on("/root", "ext2", TRY(devfs_root()->lookup(path.substr(DEVICES.size()))).get()));
    set_root_directory(Ref<Directory>::share(TRY(find(nullptr, "/root"))->as_directory()));
    return {};
}

// What the archive holds below /dev and /proc lies under what is mounted there.
static Result<> mount_all(std::span<const std::byte> initramfs, const BootArgs& args) {
    set_root_directory(TRY(make_ram_directory(rootfs, 0755)));
    TRY(make_devfs(args.console));
    if (!args.root.empty()) TRY(mount_root_disk(args.root));
    else if (!initramfs.empty()) TRY(unpack_initramfs(initramfs));
    TRY(mount_on("/dev", "devtmpfs"));
    return mount_on("/proc", "proc");
}

Result<> mount_root(std::span<const std::byte> initramfs, const BootArgs& args) {
    auto result = mount_all(initramfs, args);
    if (!result)
        alert("the root file system{}{} cannot be set up (error {})\n", args.root.empty() ? "" : " on ", args.root, result.error());
    return result;
}
