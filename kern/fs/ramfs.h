// Files that live in memory alone. A file's content is its Vmo, a directory is a NameTable; both are gone at power-off.
// /dev is one of these, too, with devices put in it by hand.
#pragma once

#include "fs/name_table.h"

namespace kern {

class RamDirectory final : public Directory {
public:
    // `mode`: the permissions.
    static Result<Ref<RamDirectory>> make(FileSystem& fs, uint32_t mode);
    RamDirectory(FileSystem& fs, uint32_t mode);

    uint64_t size() override;
    Result<Ref<Inode>> lookup(std::string_view name) override;
    Result<> list(EntrySink& sink) override;
    Result<Ref<Inode>> create(std::string_view name, const NewInode& what) override;
    Result<> add(std::string_view name, Inode& inode) override;
    Result<> remove(std::string_view name, Inode& inode) override;
    Result<> move(std::string_view name, Inode& inode, Directory& to, std::string_view new_name, Inode* replaced) override;
    bool is_empty() override { return names_.lock()->size() == 0; }

    // An entry for an inode of any kind. Before anyone else sees the directory. ENOMEM.
    Result<> put(std::string_view name, Ref<Inode> inode) { return names_.lock()->insert(name, std::move(inode)); }

private:
    Result<> set_entry(std::string_view name, Inode& inode);
    void drop_entry(std::string_view name);

    Locked<NameTable> names_{LockRank::inode};
};

// A symbolic link whose text is in memory.
class RamLink final : public Inode {
public:
    static Result<Ref<Inode>> make(FileSystem& fs, std::string_view text);
    RamLink(FileSystem& fs, String text);
    uint64_t size() override { return text_.size(); }
    Result<String> read_link() override { return String::copy(text_.view()); }

private:
    String text_;
};

}  // namespace kern
