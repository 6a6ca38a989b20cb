// A file of any kind as the file system knows it: what it holds and what it is, not what it is called. Names are in
// directories, and a directory is an inode as well. Each file system derives its own kinds from Inode and Directory.
//
//     FdTable --> File --> Inode --> Vmo          descriptor, open file, file, its pages (the page cache)
//      per        per      one
//     process    open(2)
#pragma once

#include "base/own.h"
#include "base/string.h"
#include "sched/mutex.h"
#include "vm/vmo.h"

namespace kern {

class Directory;
class File;

inline constexpr size_t NAME_LIMIT = 255;           // bytes of one name
inline constexpr unsigned SYMLINK_LIMIT = 40;       // links followed in one walk
inline constexpr uint64_t FILE_SIZE_LIMIT = INT64_MAX;

// The S_IFMT bits of st_mode.
enum class InodeType : uint32_t {
    fifo = 0010000, character = 0020000, directory = 0040000, block = 0060000, regular = 0100000, symlink = 0120000,
};

inline constexpr uint32_t TYPE_BITS = 0170000;
inline constexpr uint32_t PERMISSION_BITS = 07777;

// What poll(2) reports; the values of POLLIN and so on.
namespace poll_event {
inline constexpr uint32_t IN = 0x1, OUT = 0x4, ERROR = 0x8, HANG_UP = 0x10, INVALID = 0x20;
}

// Bytes in the memory of the calling program.
struct UserBytes {
    VirtAddr at;
    size_t size = 0;

    UserBytes from(size_t done) const { return {at + done, size - done}; }
};

// What makes inodes belong together: a link or a rename stays within one.
struct FileSystem {
    constexpr FileSystem(std::string_view type_, uint64_t magic_, uint64_t device_)
        : type(type_), magic(magic_), device(device_) {}

    std::string_view type;
    uint64_t magic;   // f_type of statfs(2)
    uint64_t device;  // st_dev
    Atomic<uint64_t> last_inode;

    uint64_t new_inode_number() { return last_inode.fetch_add(1) + 1; }
};

// Nanoseconds since 1970; times of files.
struct FileTimes {
    Atomic<uint64_t> accessed, modified, changed;
};

class Inode : public RefCounted<Inode> {
public:
    // `mode`: type and permissions. Its times are now, its owner is root.
    Inode(FileSystem& fs, uint32_t mode);
    Inode(FileSystem& fs, uint32_t mode, uint64_t number);
    virtual ~Inode() = default;

    // WHAT IT IS

    FileSystem& file_system() const { return fs_; }
    uint64_t number() const { return number_; }
    uint32_t mode() const { return mode_.load(); }
    InodeType type() const { return InodeType{mode() & TYPE_BITS}; }
    bool is(InodeType type) const { return this->type() == type; }
    Directory* as_directory();  // null when it is not one
    virtual uint64_t size() { return 0; }
    virtual uint64_t device_number() const { return 0; }  // st_rdev

    void set_permissions(uint32_t permissions);
    void set_owner(uint32_t user, uint32_t group);
    uint32_t user() const { return user_.load(); }
    uint32_t group() const { return group_.load(); }
    FileTimes& times() { return times_; }
    // Its content, or (`touch_changed`) what is said above changed now.
    void touch_modified();
    void touch_changed();

    // Names it has; what nobody opened goes with the last one.
    uint32_t links() const { return links_.load(); }
    void add_link() { links_.fetch_add(1); touch_changed(); }
    void drop_link() { links_.fetch_sub(1); touch_changed(); }

    // CONTENT

    // Held while the content, or a directory's entries, change. Of two, the one at the lower address first.
    Mutex& changes() { return changes_; }
    // The pages of a file that can be mapped; null for everything else.
    virtual Ref<Vmo> vmo() { return {}; }
    // What open(2) reads and writes from then on; null: the calls of the next group. ENXIO, ENOMEM.
    virtual Result<Ref<Vmo>> open_content() { return vmo(); }
    // A regular file gets this size. With changes() held. EINVAL, ENOSPC.
    virtual Result<> resize(uint64_t) { return fail(Errno::EINVAL); }
    virtual Result<String> read_link() { return fail(Errno::EINVAL); }

    // STREAMS: terminals, pipes, devices. They may sleep (EAGAIN instead when the file is O_NONBLOCK) and give EINTR.

    virtual Result<size_t> read(File&, UserBytes) { return fail(Errno::EINVAL); }
    virtual Result<size_t> write(File&, UserBytes) { return fail(Errno::EINVAL); }
    virtual Result<> control(unsigned /*request*/, VirtAddr /*argument*/) { return fail(Errno::ENOTTY); }
    virtual bool is_seekable() const { return true; }
    // Which of poll_event are so now. Who changes that calls poll_changed().
    virtual uint32_t ready() { return poll_event::IN | poll_event::OUT; }
    virtual void opened(File&) {}
    virtual void closed(File&) {}

private:
    FileSystem& fs_;
    uint64_t number_;
    Atomic<uint32_t> mode_;
    Atomic<uint32_t> user_, group_;
    Atomic<uint32_t> links_{1};
    FileTimes times_;
    Mutex changes_{LockRank::inode};
};

// Where every poll(2) waits: it looks at its files again whenever one of them has news.
WaitQueue& poll_queue();
inline void poll_changed() { poll_queue().wake_all(); }

}  // namespace kern
