// Directories, and the one tree they make of all file systems.
//
//     "/" --bin--> ( )        a Directory knows its parent and its own name, so a path can be read upward;
//      |                      other files may have several names and know none
//      +---dev--> [ ] --null--> ...
//
// Where a file system is mounted, its root takes the place of the directory it covers: a walk that comes to the covered one
// goes on at the root, and the root's parent is the covered one's.
//
//     "/" ---mnt--> [covered]         "/" ---mnt--> [covered]
//                                      ^                |
//                                      +---".."--- [root of a disk]
#pragma once

#include "fs/inode.h"

namespace kern {

struct NewInode {
    uint32_t mode;                      // type and permissions
    std::string_view link_target = {};  // of a symbolic link
    uint64_t device = 0;                // of a character device
};

// Receives what a directory lists, from `position` on. Called with a lock held: it may not sleep.
class EntrySink {
public:
    // False: there is no room for this entry. `next` is the position after it.
    bool offer(std::string_view name, uint64_t inode_number, InodeType type, uint64_t next) {
        if (!add(name, inode_number, type, next)) return false;
        position = next;
        return true;
    }

    uint64_t position = 0;

protected:
    ~EntrySink() = default;

private:
    virtual bool add(std::string_view name, uint64_t inode_number, InodeType type, uint64_t next) = 0;
};

class Directory : public Inode {
public:
    using Inode::Inode;

    // ENTRIES, as each file system keeps them. "." and ".." are not among them. Both may sleep, and come with changes() held
    // or not: what they look at has a lock of its own. A name leads to the same Directory object as long as someone has it;
    // who makes one says where it is with set_place().

    virtual Result<Ref<Inode>> lookup(std::string_view name) = 0;  // ENOENT
    // Offers entries from the sink's position on (FIRST_ENTRY: all), in an order that changes do not upset.
    virtual Result<> list(EntrySink& sink) = 0;
    static constexpr uint64_t FIRST_ENTRY = 2;

    // CHANGING THEM. The caller holds changes() and has checked the rules of fs/tree.h. May sleep. ENOMEM, ENOSPC,
    // EIO.

    virtual Result<Ref<Inode>> create(std::string_view, const NewInode&) { return fail(Errno::ENOENT); }
    // One more name for a file.
    virtual Result<> add(std::string_view, Inode&) { return fail(Errno::EPERM); }
    virtual Result<> remove(std::string_view, Inode&) { return fail(Errno::EPERM); }
    // Gives `inode` the name `new_name` in `to` instead, where `replaced` (may be null) goes.
    virtual Result<> move(std::string_view, Inode& /*inode*/, Directory& /*to*/, std::string_view /*new_name*/,
                          Inode* /*replaced*/) {
        return fail(Errno::EPERM);
    }
    virtual bool is_empty() { return false; }

    // PLACE IN THE TREE

    // Puts a new or moved directory below `parent`; what is taken out has none.
    void set_place(Ref<Directory> parent, String name);
    void take_out() { set_place(nullptr, String()); }
    // ".."; the root's is itself. Null when the directory was removed.
    Ref<Directory> parent();
    // The root that covers this directory, or what covers that, or the directory itself: where a walk goes on.
    Ref<Directory> top();
    // Covers this directory with a root that has no place yet; null uncovers it. EBUSY (it is covered, or is "/"), ENOENT.
    Result<> cover(Ref<Directory> mounted);
    // That neither goes nor moves.
    bool is_mount_point() { return covered_.load(); }
    // Whether this is `other` or lies above it.
    bool contains(Directory& other);
    // The absolute path, written to the end of `buffer`. ENOENT when removed, ERANGE when it does not fit.
    Result<std::string_view> path(std::span<char> buffer);

private:
    // With the lock of the tree:
    Ref<Directory> parent_;  // of a mounted root: the directory it covers
    String name_;            // of a mounted root: empty
    Ref<Directory> root_here_;    // what covers it
    Atomic<uint32_t> covered_;    // 1: root_here_ is set
};

// "/"; set once at boot.
Ref<Directory> root_directory();
void set_root_directory(Ref<Directory> root);

}  // namespace kern
