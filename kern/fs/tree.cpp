#include "fs/tree.h"

// WALKING

// The first name of what is left to walk; "" when only slashes are.
static std::string_view take_name(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    return name;
}

// Null: there is no such entry.
static Result<Ref<Inode>> step(Directory& at, std::string_view name) {
    if (name.size() > NAME_LIMIT) return fail(Errno::ENAMETOOLONG);
    if (name == ".") return Ref<Inode>::share(&at);
    Ref<Inode> inode = name == ".." ? at.parent() : TRY(at.lookup(name));
    Directory* directory = inode ? inode->as_directory() : nullptr;
    return directory ? Ref<Inode>(directory->top()) : inode;
}

Result<Target> walk(Ref<Directory> at, std::string_view rest, LastLink last) {
    if (rest.empty()) return fail(Errno::ENOENT);
    String text;  // holds `rest` once a link was followed
    if (rest.starts_with('/')) at = root_directory();
    for (unsigned links = 0;;) {
        std::string_view name = take_name(rest);
        if (name.empty()) return Target{at, {}, true, at, std::move(text)};
        bool is_last = rest.find_first_not_of('/') == rest.npos, slash_follows = !rest.empty();
        Ref<Inode> inode = TRY(step(*at, name));
        if (!inode && is_last) return Target{std::move(at), name, slash_follows, nullptr, std::move(text)};
        if (!inode) return fail(Errno::ENOENT);
        bool follows = !is_last || last == LastLink::follow || (last == LastLink::keep && slash_follows);
        if (follows && inode->is(InodeType::symlink)) {
            Ref<File> file = TRY(inode->linked_file());
            if (!file) {
                // The link's text takes the place of its name:   link/rest  ->  text/rest
                if (++links > SYMLINK_LIMIT) return fail(Errno::ELOOP);
                String followed = TRY(inode->read_link());
                if (followed.empty()) return fail(Errno::ENOENT);
                TRY(followed.append(rest));
                text = std::move(followed);
                rest = text.view();
                if (rest.starts_with('/')) at = root_directory();
                continue;
            }
            inode = Ref<Inode>::share(&file->inode());
            at = file->directory();
            if (is_last) {
                text = TRY(String::copy(file->name()));
                name = text.view();
            }
        }
        Directory* directory = inode->as_directory();
        if (!directory && (!is_last || (slash_follows && last != LastLink::entry))) return fail(Errno::ENOTDIR);
        if (is_last) return Target{std::move(at), name, slash_follows, std::move(inode), std::move(text)};
        at = Ref<Directory>::share(directory);
    }
}

Result<Ref<Inode>> find(Ref<Directory> start, std::string_view path, LastLink last) {
    Target target = TRY(walk(std::move(start), path, last));
    return target.inode ? Result<Ref<Inode>>(std::move(target.inode)) : fail(Errno::ENOENT);
}

// CHANGING

constexpr uint32_t LINK_LIMIT = 65'000;  // what every file system can count

static bool is_plain(const Target& target) { return !target.name.empty() && target.name != "." && target.name != ".."; }

// That an entry can be made. This and all that follows with FileSystem::names held.
static Result<> check_new(const Target& target, bool is_directory) {
    if (!is_plain(target)) return fail(Errno::EEXIST);
    if (target.directory->links() == 0) return fail(Errno::ENOENT);
    if (TRY(target.directory->lookup(target.name))) return fail(Errno::EEXIST);
    if (target.slash_follows && !is_directory) return fail(Errno::ENOENT);
    return target.directory->check_writable();
}

// That a directory can go.
static Result<> check_empty(Directory& directory) {
    if (directory.is_mount_point()) return fail(Errno::EBUSY);
    return directory.is_empty() ? Result<>() : fail(Errno::ENOTEMPTY);
}

Result<Ref<Inode>> create(const Target& target, const NewInode& what) {
    Directory& directory = *target.directory;
    bool is_directory = InodeType{what.mode & TYPE_BITS} == InodeType::directory;
    LockGuard guard(directory.file_system().names);
    TRY(check_new(target, is_directory));
    if (is_directory && directory.links() >= LINK_LIMIT) return fail(Errno::EMLINK);
    String name = TRY(String::copy(target.name));
    Ref<Inode> inode = TRY(directory.make(what));
    if (Directory* made = inode->as_directory()) made->set_place(target.directory, std::move(name));
    TRY(directory.put(target.name, inode));
    return inode;
}

Result<> link(Inode& inode, const Target& target) {
    LockGuard guard(target.directory->file_system().names);
    TRY(check_new(target, false));
    if (&inode.file_system() != &target.directory->file_system()) return fail(Errno::EXDEV);
    if (inode.links() == 0) return fail(Errno::ENOENT);
    if (inode.as_directory()) return fail(Errno::EPERM);
    if (inode.links() >= LINK_LIMIT) return fail(Errno::EMLINK);
    return target.directory->put(target.name, Ref<Inode>::share(&inode));
}

Result<> remove(const Target& target, bool is_directory) {
    if (!is_plain(target) && !is_directory) return fail(Errno::EISDIR);
    if (!is_plain(target))
        return fail(target.name.empty() ? Errno::EBUSY : target.name == "." ? Errno::EINVAL : Errno::ENOTEMPTY);
    TRY(target.directory->check_writable());
    LockGuard guard(target.directory->file_system().names);
    Ref<Inode> inode = TRY(target.directory->lookup(target.name));
    if (!inode) return fail(Errno::ENOENT);
    Directory* directory = inode->as_directory();
    if (directory && !is_directory) return fail(Errno::EISDIR);
    if (!directory && (is_directory || target.slash_follows)) return fail(Errno::ENOTDIR);
    if (directory) TRY(check_empty(*directory));
    return target.directory->erase(target.name);
}

// The rules between what is renamed and what it replaces.
static Result<> check_kinds(const Target& from, const Target& to, Inode& inode, Inode* replaced) {
    Directory* directory = inode.as_directory();
    if (!directory && (from.slash_follows || to.slash_follows)) return fail(Errno::ENOTDIR);
    if (directory && directory->contains(*to.directory)) return fail(Errno::EINVAL);
    if (directory && directory->is_mount_point()) return fail(Errno::EBUSY);
    if (!replaced) return {};
    Directory* target = replaced->as_directory();
    if (!directory && !target) return {};
    if (!directory || !target) return fail(directory ? Errno::ENOTDIR : Errno::EISDIR);
    return check_empty(*target);
}

Result<> rename(const Target& from, const Target& to, Existing existing) {
    if (&from.directory->file_system() != &to.directory->file_system()) return fail(Errno::EXDEV);
    if (!is_plain(from) || !is_plain(to)) return fail(Errno::EBUSY);
    TRY(from.directory->check_writable());
    LockGuard guard(from.directory->file_system().names);
    Ref<Inode> inode = TRY(from.directory->lookup(from.name)), replaced = TRY(to.directory->lookup(to.name));
    if (!inode) return fail(Errno::ENOENT);
    if (replaced && existing == Existing::keep) return fail(Errno::EEXIST);
    if (to.directory->links() == 0) return fail(Errno::ENOENT);
    if (inode == replaced) return {};
    TRY(check_kinds(from, to, *inode, replaced.get()));
    String name = TRY(String::copy(to.name));
    Directory* directory = inode->as_directory();
    if (directory && from.directory != to.directory) TRY(directory->set_parent(*to.directory));
    TRY(to.directory->put(to.name, inode));
    TRY(from.directory->erase(from.name));
    if (directory) directory->set_place(to.directory, std::move(name));
    return {};
}

// OPENING

static bool makes_new(uint32_t flags) { return (flags & open_flag::CREATE) && (flags & open_flag::EXCLUSIVE); }

LastLink last_link_for(uint32_t flags) {
    return makes_new(flags) || (flags & open_flag::NO_FOLLOW) ? LastLink::keep : LastLink::follow;
}

Result<Ref<File>> open_target(Target& target, uint32_t flags, uint32_t mode) {
    bool creates = flags & open_flag::CREATE, is_new = false;
    if (!target.inode) {
        if (!creates || target.slash_follows) return fail(creates ? Errno::EISDIR : Errno::ENOENT);
        auto made = create(target, {mode_of(InodeType::regular, mode)});
        is_new = made.has_value();
        bool was_late = !made && made.error() == Errno::EEXIST;
        target.inode = was_late ? TRY(find(target.directory, target.name)) : TRY(std::move(made));
    }
    Inode& inode = *target.inode;
    if (makes_new(flags) && !is_new) return fail(Errno::EEXIST);
    if ((flags & open_flag::DIRECTORY) && !inode.as_directory()) return fail(Errno::ENOTDIR);
    if (!is_new) {
        bool writes = flags & (open_flag::ACCESS_BITS | open_flag::TRUNCATE);
        if (inode.is(InodeType::symlink)) return fail(Errno::ELOOP);
        if (inode.as_directory() && (writes || creates)) return fail(Errno::EISDIR);
        if (inode.is(InodeType::regular) && writes) TRY(inode.check_writable());
        if (inode.is(InodeType::regular) && (flags & open_flag::TRUNCATE)) TRY(inode.truncate(0));
    }
    return File::open(target.inode, flags, target.directory, target.name);
}

Result<Ref<File>> open_path(Ref<Directory> start, std::string_view path, uint32_t flags, uint32_t mode) {
    Target target = TRY(walk(std::move(start), path, last_link_for(flags)));
    return open_target(target, flags, mode);
}

Result<Ref<File>> open_executable(Ref<Directory> start, std::string_view path) {
    Ref<File> file = TRY(open_path(std::move(start), path, 0));
    bool is_program = file->inode().is(InodeType::regular) && (file->inode().mode() & 0111);
    return is_program ? Result<Ref<File>>(std::move(file)) : fail(Errno::EACCES);
}
