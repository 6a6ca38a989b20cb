#include "fs/file.h"

Result<Ref<File>> File::open(Ref<Inode> inode, uint32_t flags, Ref<Directory> directory, std::string_view name) {
    Ref<Vmo> content = inode->as_directory() ? Ref<Vmo>() : TRY(inode->open_content());
    String own_name = TRY(String::copy(inode->as_directory() ? "" : name));
    auto file = TRY(make_ref<File>(std::move(inode), flags & ~open_flag::ONLY_AT_OPEN));
    file->content_ = std::move(content);
    file->directory_ = std::move(directory);
    file->name_ = std::move(own_name);
    file->inode_->opened(*file);
    return file;
}

File::File(Ref<Inode> inode, uint32_t flags) : inode_(std::move(inode)), flags_(flags) {
    inode_->file_system().open_files.fetch_add(1);
}

File::~File() {
    release_locks(*inode_, this);
    inode_->closed(*this);
    inode_->file_system().open_files.fetch_sub(1);
}

void File::set_flags(uint32_t flags) {
    flags_.store((flags_.load() & ~open_flag::CHANGEABLE) | (flags & open_flag::CHANGEABLE));
}

// BETWEEN A FILE'S PAGES AND THE CALLING PROGRAM: straight from frame to user memory. No lock that spins is held and no
// other buffer lies between.

// Calls copy(bytes, done, count) for each piece of a page. What was never written is a page of zeroes that takes no
// memory.
static Result<size_t> for_each_piece(Vmo& vmo, uint64_t offset, size_t size, auto copy) {
    uint64_t end = vmo.size();
    size_t total = offset < end ? std::min<uint64_t>(size, end - offset) : 0;
    return in_parts<PAGE_SIZE>(offset, total, [&](size_t done, size_t part) -> Result<size_t> {
        uint64_t at = offset + done;
        auto cached = vmo.cached_page(at >> PAGE_SHIFT);
        auto frame = cached              ? Result<FrameRef>(*std::move(cached))
                     : vmo.has_source() ? vmo.page(at >> PAGE_SHIFT)
                                        : FrameRef::share(zero_frame());
        if (!frame && frame.error() == Errno::ENXIO) return 0;  // cut off meanwhile
        return copy(TRY(std::move(frame))->data() + at % PAGE_SIZE, done, part);
    });
}

// One page's worth. When less than asked can be copied, the file does not stay longer than what was.
static Result<size_t> write_part(Inode& inode, Vmo& vmo, uint64_t offset, UserBytes from) {
    uint64_t size = vmo.size(), end = offset + from.size;
    if (end > size) TRY(vmo.resize(end));
    Result<uint64_t> room = inode.allocate(offset, end);
    Result<FrameRef> frame = room ? vmo.page(offset >> PAGE_SHIFT) : fail(room.error());
    if (frame) vmo.mark_dirty(offset >> PAGE_SHIFT);
    Result<size_t> copied = frame ? from.copy_out((*frame)->data() + offset % PAGE_SIZE, 0, *room - offset)
                                  : fail(frame.error() == Errno::ENOMEM ? Errno::ENOSPC : frame.error());
    if (end > size && copied != from.size) {
        TRY(vmo.resize(copied ? std::max(size, offset + *copied) : size));
        TRY(inode.trim());
    }
    return copied;
}

// Calls move_at() for `place`, or for the offset, which moves along. A stream has neither.
Result<size_t> File::move(FilePlace place, auto move_at) {
    if (!inode_->is_seekable()) return place ? fail(Errno::ESPIPE) : move_at(place.emplace());
    if (place) return move_at(*place);
    LockGuard guard(position_);
    size_t count = TRY(move_at(offset_));
    offset_ += count;
    return count;
}

Result<size_t> File::read(UserBytes to, FilePlace place) {
    if (!can_read()) return fail(Errno::EBADF);
    if (inode_->as_directory()) return fail(Errno::EISDIR);
    return move(place, [&](uint64_t& offset) -> Result<size_t> {
        if (!content_) return inode_->read(*this, offset, to);
        return for_each_piece(*content_, offset, to.size, [&](std::byte* bytes, size_t done, size_t count) {
            return to.copy_in(bytes, done, count);
        });
    });
}

// With O_APPEND a file is written at its end, wherever the offset is.
Result<size_t> File::write(UserBytes from, FilePlace place) {
    if (!can_write()) return fail(Errno::EBADF);
    return move(place, [&](uint64_t& offset) -> Result<size_t> {
        if (!content_) return inode_->write(*this, offset, from);
        LockGuard change(inode_->changes());
        if (has(open_flag::APPEND)) offset = content_->size();
        if (from.size == 0) return 0;
        if (offset >= FILE_SIZE_LIMIT) return fail(Errno::EFBIG);
        size_t total = std::min<uint64_t>(from.size, FILE_SIZE_LIMIT - offset);
        size_t count = TRY(in_parts<PAGE_SIZE>(offset, total, [&](size_t done, size_t part) {
            return write_part(*inode_, *content_, offset + done, {from.at + done, part, from.is_kernel});
        }));
        inode_->touch_modified();
        return count;
    });
}

Result<size_t> File::send(File& to, uint64_t place, size_t count) {
    if (!content_) return fail(Errno::EINVAL);
    return for_each_piece(*content_, place, count, [&](std::byte* bytes, size_t, size_t count) {
        return to.write({VirtAddr(reinterpret_cast<uint64_t>(bytes)), count, true});
    });
}

Result<uint64_t> File::seek(int64_t distance, Whence whence) {
    if (!inode_->is_seekable()) return fail(Errno::ESPIPE);
    LockGuard guard(position_);
    uint64_t base = whence == Whence::set ? 0 : whence == Whence::current ? offset_ : content_ ? content_->size() : 0;
    int64_t offset;
    if (__builtin_add_overflow(static_cast<int64_t>(base), distance, &offset) || offset < 0) return fail(Errno::EINVAL);
    return offset_ = static_cast<uint64_t>(offset);
}

Result<size_t> File::list(UserBytes to) {
    std::byte buffer[1024];  // more than the longest name takes
    Directory* directory = inode_->as_directory();
    if (!directory) return fail(Errno::ENOTDIR);
    LockGuard guard(position_);
    Ref<Directory> parent = directory->parent();
    if (!parent || directory->links() == 0) return fail(Errno::ENOENT);
    EntrySink sink({buffer, std::min(to.size, sizeof(buffer))}, offset_);
    bool has_room = offset_ > 0 || sink.offer(".", directory->number(), InodeType::directory, 1);
    if (has_room && (offset_ > 1 || sink.offer("..", parent->number(), InodeType::directory, Directory::FIRST_ENTRY)))
        TRY(directory->list(sink));
    if (sink.is_too_small()) return fail(Errno::EINVAL);
    size_t used = sink.records().size();
    if (to.copy_in(sink.records().data(), 0, used) != used) return fail(Errno::EFAULT);
    offset_ = sink.position;
    return used;
}

Ref<Vmo> File::vmo() {
    LockGuard guard(position_);
    Ref<Vmo> vmo = inode_->vmo();
    char buffer[512];
    if (vmo && path_.empty())
        if (auto text = path(buffer)) (void)path_.append(*text);  // a mapping without a path is still a mapping
    return vmo;
}

Result<std::string_view> File::path(std::span<char> buffer) {
    if (Directory* directory = inode_->as_directory()) return directory->path(buffer);
    if (!directory_) return fail(Errno::ENOENT);
    return directory_->path(buffer, name_.view(), inode_->links() ? "" : " (deleted)");
}
