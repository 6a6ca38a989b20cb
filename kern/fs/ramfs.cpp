#include "fs/ramfs.h"

#include "fs/vmo_io.h"

namespace kern {

namespace {

constexpr uint32_t DIRECTORY = static_cast<uint32_t>(InodeType::directory);

class RamFile final : public Inode {
public:
    RamFile(FileSystem& fs, uint32_t mode, Ref<Vmo> vmo) : Inode(fs, mode), vmo_(std::move(vmo)) {}

    uint64_t size() override { return vmo_->size(); }
    Ref<Vmo> vmo() override { return vmo_; }
    Result<> resize(uint64_t size) override {
        if (size > FILE_SIZE_LIMIT)
            return fail(Errno::EFBIG);
        touch_modified();
        return vmo_->resize(size);
    }

private:
    Ref<Vmo> vmo_;
};

Result<Ref<Inode>> make_inode(FileSystem& fs, const NewInode& what) {
    if (!memory_for_files())
        return fail(Errno::ENOSPC);
    switch (InodeType{what.mode & TYPE_BITS}) {
    case InodeType::directory:
        return TRY(RamDirectory::make(fs, what.mode));
    case InodeType::symlink:
        return RamLink::make(fs, what.link_target);
    case InodeType::regular:
        return TRY(make_ref<RamFile>(fs, what.mode, TRY(Vmo::create(0))));
    default:
        return fail(Errno::EPERM);
    }
}

}  // namespace

RamLink::RamLink(FileSystem& fs, String text)
    : Inode(fs, static_cast<uint32_t>(InodeType::symlink) | 0777), text_(std::move(text)) {}

Result<Ref<Inode>> RamLink::make(FileSystem& fs, std::string_view text) {
    return TRY(make_ref<RamLink>(fs, TRY(String::copy(text))));
}

RamDirectory::RamDirectory(FileSystem& fs, uint32_t mode) : Directory(fs, DIRECTORY | (mode & PERMISSION_BITS)) {
    add_link();  // its own "."
}

Result<Ref<RamDirectory>> RamDirectory::make(FileSystem& fs, uint32_t mode) { return make_ref<RamDirectory>(fs, mode); }

// As Linux's tmpfs counts.
uint64_t RamDirectory::size() { return 20 * (names_.lock()->size() + 2); }

Result<Ref<Inode>> RamDirectory::lookup(std::string_view name) {
    auto names = names_.lock();
    auto* entry = names->find(name);
    return entry ? Result<Ref<Inode>>(entry->inode) : fail(Errno::ENOENT);
}

Result<> RamDirectory::list(EntrySink& sink) {
    names_.lock()->list(sink);
    return {};
}

Result<Ref<Inode>> RamDirectory::create(std::string_view name, const NewInode& what) {
    Ref<Inode> inode = TRY(make_inode(file_system(), what));
    Directory* directory = inode->as_directory();
    if (directory)
        directory->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
    TRY(put(name, inode));
    if (directory)
        add_link();  // its ".."
    touch_modified();
    return inode;
}

Result<> RamDirectory::add(std::string_view name, Inode& inode) {
    TRY(put(name, Ref<Inode>::share(&inode)));
    inode.add_link();
    touch_modified();
    return {};
}

Result<> RamDirectory::remove(std::string_view name, Inode& inode) {
    drop_entry(name);
    inode.drop_link();
    if (inode.as_directory()) {
        inode.drop_link();
        drop_link();
    }
    touch_modified();
    return {};
}

void RamDirectory::drop_entry(std::string_view name) {
    Own<NameTable::Entry> gone;  // goes when the lock is free again
    auto names = names_.lock();
    gone = names->remove(*names->find(name));
}

// The name leads to `inode` from here on, at no moment nowhere.
Result<> RamDirectory::set_entry(std::string_view name, Inode& inode) {
    auto old = Ref<Inode>::share(&inode);  // what it will be; goes when the lock is free again
    auto names = names_.lock();
    auto* entry = names->find(name);
    if (!entry)
        return names->insert(name, std::move(old));
    std::swap(entry->inode, old);
    return {};
}

Result<> RamDirectory::move(std::string_view name, Inode& inode, Directory& to, std::string_view new_name, Inode* replaced) {
    auto& target = static_cast<RamDirectory&>(to);
    TRY(target.set_entry(new_name, inode));
    drop_entry(name);
    bool is_directory = inode.as_directory();
    if (is_directory) {
        drop_link();
        target.add_link();
    }
    if (replaced) {
        replaced->drop_link();
        if (replaced->as_directory()) {
            replaced->drop_link();
            target.drop_link();
        }
    }
    inode.touch_changed();
    touch_modified();
    target.touch_modified();
    return {};
}

}  // namespace kern
