#include "fs/tree.h"

namespace kern {

namespace {

// Held by whoever holds changes() of more than one directory, so these cannot wait for each other in a ring.
constinit Mutex several_directories{LockRank::inode};

// Null when the directory has no such entry.
Result<Ref<Inode>> look_up(const Target& target) {
    auto inode = target.directory->lookup(target.name.view());
    if (!inode && inode.error() == Errno::ENOENT) return Ref<Inode>();
    return inode;
}

bool is_plain(const Target& target) { return target.name.size && !target.name.is_dots(); }

// That an entry can be made. With changes() of the directory held.
Result<> check_free(const Target& target) {
    if (target.directory->links() == 0) return fail(Errno::ENOENT);
    return TRY(look_up(target)) ? fail(Errno::EEXIST) : Result<>();
}

// That a directory can go. With its changes() held.
Result<> check_empty(Directory& directory) {
    if (directory.is_mount_point()) return fail(Errno::EBUSY);
    return directory.is_empty() ? Result<>() : fail(Errno::ENOTEMPTY);
}

}  // namespace

Result<Ref<Inode>> create(const Target& target, const NewInode& what) {
    if (!is_plain(target)) return fail(Errno::EEXIST);
    LockGuard guard(target.directory->changes());
    TRY(check_free(target));
    if (target.slash_follows && (what.mode & TYPE_BITS) != static_cast<uint32_t>(InodeType::directory))
        return fail(Errno::ENOENT);
    TRY(target.directory->check_writable());
    return target.directory->create(target.name.view(), what);
}

Result<> link(Inode& inode, const Target& target) {
    if (!is_plain(target)) return fail(Errno::EEXIST);
    if (&inode.file_system() != &target.directory->file_system()) return fail(Errno::EXDEV);
    LockGuard guard(target.directory->changes());
    TRY(check_free(target));
    if (target.slash_follows || inode.links() == 0) return fail(Errno::ENOENT);
    if (inode.as_directory()) return fail(Errno::EPERM);
    TRY(inode.check_writable());
    return target.directory->add(target.name.view(), inode);
}

Result<> unlink(const Target& target) {
    if (!is_plain(target)) return fail(Errno::EISDIR);
    TRY(target.directory->check_writable());
    LockGuard guard(target.directory->changes());
    Ref<Inode> inode = TRY(target.directory->lookup(target.name.view()));
    if (inode->as_directory()) return fail(Errno::EISDIR);
    if (target.slash_follows) return fail(Errno::ENOTDIR);
    return target.directory->remove(target.name.view(), *inode);
}

Result<> remove_directory(const Target& target) {
    if (!is_plain(target))
        return fail(!target.name.size ? Errno::EBUSY : target.name.view() == "." ? Errno::EINVAL : Errno::ENOTEMPTY);
    TRY(target.directory->check_writable());
    LockGuard several(several_directories);
    LockGuard guard(target.directory->changes());
    Ref<Inode> inode = TRY(target.directory->lookup(target.name.view()));
    Directory* directory = inode->as_directory();
    if (!directory) return fail(Errno::ENOTDIR);
    LockGuard child(directory->changes());
    TRY(check_empty(*directory));
    TRY(target.directory->remove(target.name.view(), *inode));
    directory->take_out();
    return {};
}

namespace {

// The rules between what is renamed and what it replaces. All directories but `replaced` are held.
Result<> check_kinds(const Target& from, const Target& to, Inode& inode, Inode* replaced) {
    Directory* directory = inode.as_directory();
    if (!directory && (from.slash_follows || to.slash_follows)) return fail(Errno::ENOTDIR);
    if (directory && directory->contains(*to.directory)) return fail(Errno::EINVAL);
    if (directory && directory->is_mount_point()) return fail(Errno::EBUSY);
    if (!replaced) return {};
    Directory* target = replaced->as_directory();
    if (!directory || !target)
        return !directory && !target ? Result<>() : fail(directory ? Errno::ENOTDIR : Errno::EISDIR);
    if (target == from.directory.get()) return fail(Errno::ENOTEMPTY);
    LockGuard guard(target->changes());
    return check_empty(*target);
}

Result<> rename_entry(const Target& from, const Target& to, Existing existing) {
    Ref<Inode> inode = TRY(from.directory->lookup(from.name.view()));
    Ref<Inode> replaced = TRY(look_up(to));
    if (replaced && existing == Existing::keep) return fail(Errno::EEXIST);
    if (to.directory->links() == 0) return fail(Errno::ENOENT);
    if (inode == replaced) return {};
    TRY(check_kinds(from, to, *inode, replaced.get()));
    String name = TRY(String::copy(to.name.view()));
    TRY(from.directory->move(from.name.view(), *inode, *to.directory, to.name.view(), replaced.get()));
    if (Directory* directory = inode->as_directory())
        directory->set_place(to.directory, std::move(name));
    if (Directory* gone = replaced ? replaced->as_directory() : nullptr)
        gone->take_out();
    return {};
}

}  // namespace

Result<> rename(const Target& from, const Target& to, Existing existing) {
    if (!is_plain(from) || !is_plain(to)) return fail(Errno::EBUSY);
    if (&from.directory->file_system() != &to.directory->file_system()) return fail(Errno::EXDEV);
    TRY(from.directory->check_writable());
    LockGuard several(several_directories);
    LockGuard guard(from.directory->changes());
    std::optional<LockGuard<Mutex>> second;
    if (from.directory != to.directory)
        second.emplace(to.directory->changes());
    return rename_entry(from, to, existing);
}

namespace {

Result<Ref<File>> open_found(const Target& target, uint32_t flags) {
    Inode& inode = *target.inode;
    bool writes = (flags & open_flag::ACCESS_BITS) || (flags & (open_flag::CREATE | open_flag::TRUNCATE));
    if ((flags & open_flag::DIRECTORY) && !inode.as_directory()) return fail(Errno::ENOTDIR);
    if (flags & open_flag::PATH_ONLY) return File::open(target.inode, flags, target.directory, target.name.view());
    if (inode.is(InodeType::symlink)) return fail(Errno::ELOOP);
    if (inode.as_directory() && writes) return fail(Errno::EISDIR);
    if (inode.is(InodeType::regular) && (flags & (open_flag::ACCESS_BITS | open_flag::TRUNCATE)))
        TRY(inode.check_writable());
    if (inode.is(InodeType::regular) && (flags & open_flag::TRUNCATE)) {
        LockGuard guard(inode.changes());
        TRY(inode.resize(0));
    }
    return File::open(target.inode, flags, target.directory, target.name.view());
}

}  // namespace

Result<Ref<File>> open_path(Ref<Directory> start, std::string_view path, uint32_t flags, uint32_t mode) {
    bool creates = flags & open_flag::CREATE;
    bool exclusive = creates && (flags & open_flag::EXCLUSIVE);
    if (creates && (flags & open_flag::DIRECTORY)) return fail(Errno::EINVAL);
    for (;;) {
        Target target = TRY(walk(start, path, exclusive || (flags & open_flag::NO_FOLLOW) ? LastLink::keep : LastLink::follow));
        if (target.inode) return exclusive ? fail(Errno::EEXIST) : open_found(target, flags);
        if (!creates || target.slash_follows) return fail(creates ? Errno::EISDIR : Errno::ENOENT);
        auto made = create(target, {static_cast<uint32_t>(InodeType::regular) | mode});
        if (!made && made.error() == Errno::EEXIST && !exclusive)
            continue;  // someone else was faster
        return File::open(TRY(std::move(made)), flags, target.directory, target.name.view());
    }
}

Result<Ref<File>> open_executable(Ref<Directory> start, std::string_view path) {
    Target target = TRY(walk(std::move(start), path, LastLink::follow));
    if (!target.inode) return fail(Errno::ENOENT);
    if (!target.inode->is(InodeType::regular) || !(target.inode->mode() & 0111)) return fail(Errno::EACCES);
    return File::open(target.inode, 0, target.directory, target.name.view());
}

}  // namespace kern
