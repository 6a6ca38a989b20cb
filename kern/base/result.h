// Errors are values. A function that can fail returns Result<T>; TRY passes an error on to the caller:
//
//     Result<VirtAddr> grow(...) {
//         Frame* frame = TRY(allocate_frame());     // returns the Errno from grow() if there is no frame
#pragma once

// The error numbers of Linux's generic ABI (asm-generic/errno.h); riscv64 uses them unchanged. See errno(3).
enum class Errno : int {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19,
    ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27,
    ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, EDOM = 33, ERANGE = 34, EDEADLK = 35,
    ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, EOVERFLOW = 75, ELIBBAD = 80, EOPNOTSUPP = 95,
    ETIMEDOUT = 110,
};

template <typename T = void>
using Result = std::expected<T, Errno>;

// Lets a function write `return Errno::EINVAL;`-like: `return fail(Errno::EINVAL);`.
constexpr std::unexpected<Errno> fail(Errno error) { return std::unexpected(error); }

// A statement expression (a GNU extension): its value is the last expression, and `return` leaves the function around it.
#define TRY(expression)                                             \
    ({                                                              \
        auto&& try_result = (expression);                           \
        if (!try_result.has_value()) [[unlikely]]                   \
            return ::std::unexpected(try_result.error());           \
        *::std::move(try_result);                                   \
    })
