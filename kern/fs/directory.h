// Directories, and the one tree they make of all file systems.
//
//     "/" --bin--> ( )        a Directory knows its parent and its own name, so a path can be read upward;
//      |                      other files may have several names and know none
//      +---dev--> [ ] --null--> ...
//
// Where a file system is mounted, its root takes the place of the directory it covers: a walk that comes to the covered
// one goes on at the root, and the root's parent is the covered one's.
//
//     "/" ---mnt--> [covered]         "/" ---mnt--> [covered]
//                                      ^                |
//                                      +---".."--- [root of a disk]
#pragma once

#include "fs/inode.h"

struct NewInode {
    uint32_t mode;                      // type and permissions
    std::string_view link_target = {};  // of a symbolic link
};

// Packs what a directory lists, from `position` on, as getdents64(2) gives it: struct linux_dirent64 one after the
// other.
class EntrySink {
public:
    EntrySink(std::span<std::byte> buffer, uint64_t position_) : position(position_), buffer_(buffer) {}

    // False: there is no room for this entry. `next` is the position after it. Does not sleep.
    bool offer(std::string_view name, uint64_t inode_number, InodeType type, uint64_t next);
    std::span<const std::byte> records() const { return buffer_.first(used_); }
    // An entry was turned away although the buffer is empty.
    bool is_too_small() const { return is_full_ && used_ == 0; }

    uint64_t position;

private:
    std::span<std::byte> buffer_;
    size_t used_ = 0;
    bool is_full_ = false;
};

class Directory : public Inode {
public:
    using Inode::Inode;

    // ENTRIES, as each file system keeps them. "." and ".." are not among them. Both may sleep, and come with
    // FileSystem::names held or not: what they look at has a lock of its own. A name leads to the same Directory object
    // as long as someone has it; who makes one says where it is with set_place().

    virtual Result<Ref<Inode>> lookup(std::string_view name) = 0;  // null: there is none
    // Offers entries from the sink's position on (FIRST_ENTRY: all), in an order that changes do not upset.
    virtual Result<> list(EntrySink& sink) = 0;
    static constexpr uint64_t FIRST_ENTRY = 2;

    // CHANGING THEM. The caller holds FileSystem::names, has checked the rules of fs/tree.h, and sees to places. May
    // sleep. ENOMEM, ENOSPC, EIO.
    // A new inode that has no name and no links yet; a directory's ".." is this one.
    virtual Result<Ref<Inode>> make(const NewInode&) { return fail(Errno::ENOENT); }
    // The name, new or not, leads to this inode from here on; at no moment nowhere.
    virtual Result<> put(std::string_view, Ref<Inode>) { return fail(Errno::EPERM); }
    virtual Result<> erase(std::string_view) { return fail(Errno::EPERM); }
    // This directory's ".." is another one from here on.
    virtual Result<> set_parent(Directory&) { return {}; }
    bool is_empty();

    // PLACE IN THE TREE

    // Puts a new or moved directory below `parent`.
    void set_place(Ref<Directory> parent, String name);
    // ".."; the root's is itself. Null: it lies in no mount any more.
    Ref<Directory> parent();
    // The root that covers this directory, or what covers that, or the directory itself: where a walk goes on.
    Ref<Directory> top();
    // Covers this directory with a root that has no place yet; null uncovers it. EBUSY (it is covered, or is "/"),
    // ENOENT.
    Result<> cover(Ref<Directory> mounted);
    // That neither goes nor moves.
    bool is_mount_point() { return covered_.load(); }
    // Whether this is `other` or lies above it.
    bool contains(Directory& other);
    // The absolute path, written to the end of `buffer`; with `name` that of an entry, followed by `remark`. ENOENT
    // when the directory was removed, ERANGE when it does not fit.
    Result<std::string_view> path(std::span<char> buffer, std::string_view name = {}, std::string_view remark = {});

protected:
    // For who has put or erased a name of `inode` here: the links and times of both. A directory's name comes with its
    // own "." and with a "..", which leads here.
    void gained(Inode& inode) { count_name(inode, 1); }
    void lost(Inode& inode) { count_name(inode, -1); }

private:
    void count_name(Inode& inode, int change);

    // With the lock of the tree:
    Ref<Directory> parent_;  // of a mounted root: the directory it covers
    String name_;            // of a mounted root: empty
    Ref<Directory> root_here_;    // what covers it
    Atomic<uint32_t> covered_;    // 1: root_here_ is set
};

// "/"; set once at boot.
Ref<Directory> root_directory();
void set_root_directory(Ref<Directory> root);
