#include "fs/tree.h"

namespace kern {

namespace {

constexpr uint32_t LINK_LIMIT = 65'000;  // what every file system can count

// Held by whoever holds changes() of more than one directory, so these cannot wait for each other in a ring.
constinit Mutex several_directories{LockRank::inode};

// Null when the directory has no such entry.
Result<Ref<Inode>> look_up(const Target& target) {
    auto inode = target.directory->lookup(target.name);
    if (!inode && inode.error() == Errno::ENOENT) return Ref<Inode>();
    return inode;
}

bool is_plain(const Target& target) { return !target.name.empty() && target.name != "." && target.name != ".."; }

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

// A name of `inode` in `directory` is gone.
void drop_name(Directory& directory, Inode& inode) {
    bool is_directory = inode.as_directory();
    inode.add_links(is_directory ? -2 : -1);
    if (is_directory)
        directory.add_links(-1);
}

}  // namespace

Result<Ref<Inode>> create(const Target& target, const NewInode& what) {
    Directory& directory = *target.directory;
    bool is_directory = InodeType{what.mode & TYPE_BITS} == InodeType::directory;
    if (!is_plain(target)) return fail(Errno::EEXIST);
    LockGuard guard(directory.changes());
    TRY(check_free(target));
    if (target.slash_follows && !is_directory) return fail(Errno::ENOENT);
    TRY(directory.check_writable());
    if (is_directory && directory.links() >= LINK_LIMIT) return fail(Errno::EMLINK);
    String name = TRY(String::copy(target.name));
    Ref<Inode> inode = TRY(directory.make(what));
    if (Directory* made = inode->as_directory())
        made->set_place(target.directory, std::move(name));
    directory.add_links(is_directory ? 1 : 0);  // its ".."
    if (auto put = directory.put(target.name, inode); !put) {
        drop_name(directory, *inode);
        return fail(put.error());
    }
    directory.touch_modified();
    return inode;
}

Result<> link(Inode& inode, const Target& target) {
    if (!is_plain(target)) return fail(Errno::EEXIST);
    if (&inode.file_system() != &target.directory->file_system()) return fail(Errno::EXDEV);
    LockGuard guard(target.directory->changes());
    TRY(check_free(target));
    if (target.slash_follows || inode.links() == 0) return fail(Errno::ENOENT);
    if (inode.as_directory()) return fail(Errno::EPERM);
    TRY(inode.check_writable());
    if (inode.links() >= LINK_LIMIT) return fail(Errno::EMLINK);
    TRY(target.directory->put(target.name, Ref<Inode>::share(&inode)));
    inode.add_links(1);
    target.directory->touch_modified();
    return {};
}

namespace {

// unlink(2) and rmdir(2) once the kind is right. With changes() of the directory held.
Result<> remove(const Target& target, Inode& inode) {
    TRY(target.directory->erase(target.name));
    drop_name(*target.directory, inode);
    target.directory->touch_modified();
    return {};
}

}  // namespace

Result<> unlink(const Target& target) {
    if (!is_plain(target)) return fail(Errno::EISDIR);
    TRY(target.directory->check_writable());
    LockGuard guard(target.directory->changes());
    Ref<Inode> inode = TRY(target.directory->lookup(target.name));
    if (inode->as_directory()) return fail(Errno::EISDIR);
    if (target.slash_follows) return fail(Errno::ENOTDIR);
    return remove(target, *inode);
}

Result<> remove_directory(const Target& target) {
    if (!is_plain(target))
        return fail(target.name.empty() ? Errno::EBUSY : target.name == "." ? Errno::EINVAL : Errno::ENOTEMPTY);
    TRY(target.directory->check_writable());
    LockGuard several(several_directories);
    LockGuard guard(target.directory->changes());
    Ref<Inode> inode = TRY(target.directory->lookup(target.name));
    Directory* directory = inode->as_directory();
    if (!directory) return fail(Errno::ENOTDIR);
    LockGuard child(directory->changes());
    TRY(check_empty(*directory));
    return remove(target, *inode);
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
    Ref<Inode> inode = TRY(from.directory->lookup(from.name));
    Ref<Inode> replaced = TRY(look_up(to));
    if (replaced && existing == Existing::keep) return fail(Errno::EEXIST);
    if (to.directory->links() == 0) return fail(Errno::ENOENT);
    if (inode == replaced) return {};
    TRY(check_kinds(from, to, *inode, replaced.get()));
    String name = TRY(String::copy(to.name));
    Directory* directory = inode->as_directory();
    if (directory && from.directory != to.directory)
        TRY(directory->set_parent(*to.directory));
    TRY(to.directory->put(to.name, inode));
    TRY(from.directory->erase(from.name));
    if (directory) {
        directory->set_place(to.directory, std::move(name));
        from.directory->add_links(-1);
        to.directory->add_links(1);
    }
    if (replaced)
        drop_name(*to.directory, *replaced);
    inode->touch_changed();
    from.directory->touch_modified();
    to.directory->touch_modified();
    return {};
}

}  // namespace

Result<> rename(const Target& from, const Target& to, Existing existing) {
    if (&from.directory->file_system() != &to.directory->file_system()) return fail(Errno::EXDEV);
    if (!is_plain(from) || !is_plain(to)) return fail(Errno::EBUSY);
    TRY(from.directory->check_writable());
    LockGuard several(several_directories);
    LockGuard guard(from.directory->changes());
    std::optional<LockGuard<Mutex>> second;
    if (from.directory != to.directory)
        second.emplace(to.directory->changes());
    return rename_entry(from, to, existing);
}

// OPENING

namespace {

bool makes_new(uint32_t flags) { return (flags & open_flag::CREATE) && (flags & open_flag::EXCLUSIVE); }

}  // namespace

LastLink last_link_for(uint32_t flags) {
    return makes_new(flags) || (flags & open_flag::NO_FOLLOW) ? LastLink::keep : LastLink::follow;
}

Result<Ref<File>> open_target(Target& target, uint32_t flags, uint32_t mode) {
    bool creates = flags & open_flag::CREATE, is_new = false;
    if (!target.inode) {
        if (!creates || target.slash_follows) return fail(creates ? Errno::EISDIR : Errno::ENOENT);
        auto made = create(target, {mode_of(InodeType::regular, mode)});
        is_new = made.has_value();
        // Someone else may have been faster.
        target.inode = made || made.error() != Errno::EEXIST ? TRY(std::move(made)) : TRY(find(target.directory, target.name));
    }
    Inode& inode = *target.inode;
    if (makes_new(flags) && !is_new) return fail(Errno::EEXIST);
    if ((flags & open_flag::DIRECTORY) && !inode.as_directory()) return fail(Errno::ENOTDIR);
    if (!(flags & open_flag::PATH_ONLY) && !is_new) {
        bool writes = flags & (open_flag::ACCESS_BITS | open_flag::TRUNCATE);
        if (inode.is(InodeType::symlink)) return fail(Errno::ELOOP);
        if (inode.as_directory() && (writes || creates)) return fail(Errno::EISDIR);
        if (inode.is(InodeType::regular) && writes)
            TRY(inode.check_writable());
        if (inode.is(InodeType::regular) && (flags & open_flag::TRUNCATE))
            TRY(inode.truncate(0));
    }
    return File::open(target.inode, flags, target.directory, target.name);
}

Result<Ref<File>> open_path(Ref<Directory> start, std::string_view path, uint32_t flags, uint32_t mode) {
    Target target = TRY(walk(std::move(start), path, last_link_for(flags)));
    return open_target(target, flags, mode);
}

Result<Ref<File>> open_executable(Ref<Directory> start, std::string_view path) {
    Target target = TRY(walk(std::move(start), path, LastLink::follow));
    if (!target.inode) return fail(Errno::ENOENT);
    if (!target.inode->is(InodeType::regular) || !(target.inode->mode() & 0111)) return fail(Errno::EACCES);
    return File::open(target.inode, 0, target.directory, target.name);
}

}  // namespace kern
