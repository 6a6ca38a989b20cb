#include "fs/file.h"

#include <cstring>

namespace kern {

Result<Ref<File>> File::open(Ref<Inode> inode, uint32_t flags, Ref<Directory> directory, std::string_view name) {
    bool has_content = !(flags & open_flag::PATH_ONLY) && !inode->as_directory();
    Ref<Vmo> content = has_content ? TRY(inode->open_content()) : Ref<Vmo>();
    String own_name;
    if (!inode->as_directory())
        own_name = TRY(String::copy(name));
    auto file = TRY(make_ref<File>(std::move(inode), flags & ~open_flag::ONLY_AT_OPEN));
    file->content_ = std::move(content);
    file->directory_ = std::move(directory);
    file->name_ = std::move(own_name);
    if (!file->has(open_flag::PATH_ONLY))
        file->inode_->opened(*file);
    return file;
}

File::File(Ref<Inode> inode, uint32_t flags) : inode_(std::move(inode)), flags_(flags) {
    inode_->file_system().open_files.fetch_add(1);
}

File::~File() {
    inode_->file_system().open_files.fetch_sub(1);
    if (!has(open_flag::PATH_ONLY))
        inode_->closed(*this);
}

void File::set_flags(uint32_t flags) {
    flags_.store((flags_.load() & ~open_flag::CHANGEABLE) | (flags & open_flag::CHANGEABLE));
}

Result<size_t> File::read(UserBytes to, FilePlace place) {
    if (!can_read()) return fail(Errno::EBADF);
    if (inode_->as_directory()) return fail(Errno::EISDIR);
    if (place && !inode_->is_seekable()) return fail(Errno::ESPIPE);
    if (!content_) return inode_->read(*this, to);
    if (place) return read_to_user(*content_, *place, to);
    LockGuard guard(position_);
    size_t count = TRY(read_to_user(*content_, offset_, to));
    offset_ += count;
    return count;
}

Result<size_t> File::write(UserBytes from, FilePlace place) {
    if (!can_write()) return fail(Errno::EBADF);
    if (place && !inode_->is_seekable()) return fail(Errno::ESPIPE);
    if (!content_) return inode_->write(*this, from);
    std::optional<LockGuard<Mutex>> position;
    if (!place)
        position.emplace(position_);
    LockGuard change(inode_->changes());
    uint64_t offset = has(open_flag::APPEND) ? content_->size() : place ? *place : offset_;
    size_t count = from.size ? TRY(write_from_user(*inode_, *content_, offset, from)) : 0;
    if (!place)
        offset_ = offset + count;
    if (from.size)
        inode_->touch_modified();
    return count;
}

Result<uint64_t> File::seek(int64_t distance, Whence whence) {
    if (has(open_flag::PATH_ONLY)) return fail(Errno::EBADF);
    if (!inode_->is_seekable()) return fail(Errno::ESPIPE);
    LockGuard guard(position_);
    uint64_t base = whence == Whence::set ? 0 : whence == Whence::current ? offset_ : content_ ? content_->size() : 0;
    int64_t offset;
    if (__builtin_add_overflow(static_cast<int64_t>(base), distance, &offset)) return fail(Errno::EOVERFLOW);
    if (offset < 0) return fail(Errno::EINVAL);
    return offset_ = static_cast<uint64_t>(offset);
}

Result<> File::resize(uint64_t size) {
    if (!can_write() || !inode_->is(InodeType::regular)) return fail(Errno::EINVAL);
    LockGuard guard(inode_->changes());
    return inode_->resize(size);
}

Result<> File::list(EntrySink& sink) {
    Directory* directory = inode_->as_directory();
    if (!directory) return fail(Errno::ENOTDIR);
    LockGuard guard(position_);
    Ref<Directory> parent = directory->parent();
    if (!parent) return fail(Errno::ENOENT);
    sink.position = offset_;
    bool has_room = offset_ > 0 || sink.offer(".", directory->number(), InodeType::directory, 1);
    has_room = has_room && (offset_ > 1 || sink.offer("..", parent->number(), InodeType::directory, Directory::FIRST_ENTRY));
    if (has_room)
        TRY(directory->list(sink));
    offset_ = sink.position;
    return {};
}

Ref<Vmo> File::vmo() {
    LockGuard guard(position_);
    Ref<Vmo> vmo = inode_->vmo();
    char buffer[512];
    if (vmo && path_.empty())
        if (auto text = path(buffer))
            (void)path_.append(*text);  // a mapping without a path is still a mapping
    return vmo;
}

Result<std::string_view> File::path(std::span<char> buffer) {
    if (Directory* directory = inode_->as_directory()) return directory->path(buffer);
    if (!directory_) return fail(Errno::ENOENT);
    std::string_view gone = inode_->links() ? "" : " (deleted)";
    size_t tail = 1 + name_.size() + gone.size();
    if (buffer.size() < tail) return fail(Errno::ERANGE);
    std::string_view above = TRY(directory_->path(buffer.first(buffer.size() - tail)));
    size_t start = above == "/" ? buffer.size() - tail : static_cast<size_t>(above.data() - buffer.data());
    char* at = buffer.data() + buffer.size() - tail;
    *at++ = '/';
    memcpy(at, name_.c_str(), name_.size());
    memcpy(at + name_.size(), gone.data(), gone.size());
    return std::string_view(buffer.data() + start, buffer.size() - start);
}

}  // namespace kern
