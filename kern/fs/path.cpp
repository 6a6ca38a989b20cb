#include "fs/tree.h"

namespace kern {

namespace {

// The first name of what is left to walk; "" when only slashes are.
std::string_view take_name(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    return name;
}

Result<Ref<Inode>> step(Directory& at, std::string_view name) {
    if (name.size() > NAME_LIMIT) return fail(Errno::ENAMETOOLONG);
    if (name == ".") return Ref<Inode>::share(&at);
    Ref<Inode> inode = name == ".." ? at.parent() : TRY(at.lookup(name));
    if (!inode) return fail(Errno::ENOENT);
    Directory* directory = inode->as_directory();
    return directory ? Ref<Inode>(directory->top()) : inode;
}

}  // namespace

Result<Target> walk(Ref<Directory> at, std::string_view rest, LastLink last) {
    if (rest.empty()) return fail(Errno::ENOENT);
    String text;  // holds `rest` once a link was followed
    if (rest.starts_with('/'))
        at = root_directory();
    for (unsigned links = 0;;) {
        std::string_view name = take_name(rest);
        if (name.empty()) return Target{at, {}, true, at, std::move(text)};
        bool is_last = rest.find_first_not_of('/') == rest.npos, slash_follows = !rest.empty();
        auto next = step(*at, name);
        if (!next && next.error() == Errno::ENOENT && is_last)
            return Target{std::move(at), name, slash_follows, nullptr, std::move(text)};
        Ref<Inode> inode = TRY(std::move(next));
        if (inode->is(InodeType::symlink) && (!is_last || last == LastLink::follow || (last == LastLink::keep && slash_follows))) {
            Ref<File> file = TRY(inode->linked_file());
            if (!file) {
                // The link's text takes the place of its name:   link/rest  ->  text/rest
                if (++links > SYMLINK_LIMIT) return fail(Errno::ELOOP);
                String followed = TRY(inode->read_link());
                if (followed.empty()) return fail(Errno::ENOENT);
                TRY(followed.append(rest));
                text = std::move(followed);
                rest = text.view();
                if (rest.starts_with('/'))
                    at = root_directory();
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

}  // namespace kern
