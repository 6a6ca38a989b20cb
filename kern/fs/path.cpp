#include "fs/path.h"

namespace kern {

namespace {

class Walk {
public:
    Walk(Ref<Directory> start, std::string_view path, LastLink last) : at_(std::move(start)), rest_(path), last_(last) {}

    Result<Target> run();

private:
    std::string_view take_name();
    bool is_last() const { return rest_.find_first_not_of('/') == rest_.npos; }
    bool must_follow(const Inode& inode) const;
    Result<Ref<Inode>> step(std::string_view name);
    Result<> follow(Inode& link);

    Ref<Directory> at_;
    std::string_view rest_;  // what is still to be walked
    String text_;            // holds rest_ once a link was followed
    LastLink last_;
    unsigned links_ = 0;
};

// Steps back to the root for a leading slash; takes the first name off the rest.
std::string_view Walk::take_name() {
    if (rest_.starts_with('/'))
        rest_.remove_prefix(std::min(rest_.find_first_not_of('/'), rest_.size()));
    std::string_view name = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(name.size());
    return name;
}

bool Walk::must_follow(const Inode& inode) const {
    if (!inode.is(InodeType::symlink)) return false;
    return !is_last() || last_ == LastLink::follow || (last_ == LastLink::keep && !rest_.empty());
}

Result<Ref<Inode>> Walk::step(std::string_view name) {
    if (name.size() > NAME_LIMIT) return fail(Errno::ENAMETOOLONG);
    if (name == ".") return Ref<Inode>(at_);
    if (name == "..") {
        Ref<Directory> parent = at_->parent();
        return parent ? Result<Ref<Inode>>(std::move(parent)) : fail(Errno::ENOENT);
    }
    Ref<Inode> inode = TRY(at_->lookup(name));
    Directory* directory = inode->as_directory();
    return directory ? Ref<Inode>(directory->top()) : inode;
}

// The link's text takes the place of its name:   link/rest  ->  text/rest
Result<> Walk::follow(Inode& link) {
    if (++links_ > SYMLINK_LIMIT) return fail(Errno::ELOOP);
    String text = TRY(link.read_link());
    if (text.empty()) return fail(Errno::ENOENT);
    TRY(text.append(rest_));
    text_ = std::move(text);
    rest_ = text_.view();
    if (rest_.starts_with('/'))
        at_ = root_directory();
    return {};
}

Result<Target> Walk::run() {
    if (rest_.empty()) return fail(Errno::ENOENT);
    if (rest_.starts_with('/'))
        at_ = root_directory();
    for (;;) {
        std::string_view name = take_name();
        if (name.empty()) return Target{at_, Name(), true, Ref<Inode>(at_)};
        auto next = step(name);
        if (!next && next.error() == Errno::ENOENT && is_last())
            return Target{std::move(at_), Name(name), !rest_.empty(), nullptr};
        Ref<Inode> inode = TRY(std::move(next));
        if (must_follow(*inode)) {
            TRY(follow(*inode));
            continue;
        }
        Directory* directory = inode->as_directory();
        if (is_last()) {
            if (!rest_.empty() && !directory && last_ != LastLink::entry) return fail(Errno::ENOTDIR);
            return Target{std::move(at_), Name(name), !rest_.empty(), std::move(inode)};
        }
        if (!directory) return fail(Errno::ENOTDIR);
        at_ = Ref<Directory>::share(directory);
    }
}

}  // namespace

Result<Target> walk(Ref<Directory> start, std::string_view path, LastLink last) {
    return Walk(std::move(start), path, last).run();
}

Result<Ref<Inode>> find(Ref<Directory> start, std::string_view path, LastLink last) {
    Target target = TRY(walk(std::move(start), path, last));
    return target.inode ? Result<Ref<Inode>>(std::move(target.inode)) : fail(Errno::ENOENT);
}

}  // namespace kern
