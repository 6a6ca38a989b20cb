// Reading and writing the memory of the current program. An address that is not the user's, or that cannot be had, is
// EFAULT; nothing a program passes harms the kernel. May sleep in a page fault: no spinning lock may be held.
#pragma once

Result<> read_user(std::span<std::byte> to, VirtAddr from);
Result<> write_user(VirtAddr to, std::span<const std::byte> from);
// Zeroes a range of the program's memory.
Result<> clear_user(VirtAddr to, size_t size);

// What can be copied as it stands. A span is not: its bytes are meant.
template <typename T>
concept PlainObject = std::is_trivially_copyable_v<T> && !std::is_convertible_v<T, std::span<const std::byte>>;

template <PlainObject T>
Result<T> read_user(VirtAddr from) {
    T value;
    if (arch::user_read(&value, from, sizeof(T)) != sizeof(T)) return fail(Errno::EFAULT);
    return value;
}

template <PlainObject T>
Result<> write_user(VirtAddr to, const T& value) {
    return arch::user_write(to, &value, sizeof(T)) == sizeof(T) ? Result<>() : fail(Errno::EFAULT);
}

// A string that ends in NUL within `limit` bytes (the NUL counts), else `too_long`. ENOMEM.
Result<String> read_user_string(VirtAddr from, size_t limit, Errno too_long);

inline constexpr size_t PATH_LIMIT = 4096;  // PATH_MAX: bytes of a path, its NUL among them
inline Result<String> read_user_path(VirtAddr from) { return read_user_string(from, PATH_LIMIT, Errno::ENAMETOOLONG); }
