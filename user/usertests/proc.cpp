// /proc, the devices, and where they are mounted.

#include <algorithm>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "proc";

TEST(devices_do_what_their_names_say) {
    char bytes[5000] = {1}, others[5000];
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
    EXPECT(read(null, bytes, 10) == 0 && write(null, bytes, 5000) == 5000);
    EXPECT(read(zero, bytes, 5000) == 5000 && std::all_of(bytes, bytes + 5000, [](char c) { return c == 0; }));
    EXPECT_ERROR(ENOSPC, write(full, bytes, 1));
    int random = open("/dev/urandom", O_RDONLY);
    EXPECT(read(random, bytes, 5000) == 5000 && read(random, others, 5000) == 5000 && memcmp(bytes, others, 5000) != 0);
    EXPECT(S_ISCHR(stat_of("/dev/null").st_mode) && stat_of("/dev/null").st_rdev == makedev(1, 3));
    EXPECT_ERROR(EFAULT, syscall(SYS_read, zero, BAD_ADDRESS, 1));
    auto* mapped = static_cast<char*>(mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0));
    EXPECT(mapped != MAP_FAILED && mapped[5] == 0 && (mapped[5] = 1));
    EXPECT_ERROR(ENODEV, mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, null, 0) == MAP_FAILED ? -1 : 0);
    EXPECT_ERROR(ENOTTY, ioctl(null, TCGETS, bytes));
}

TEST(proc_self_is_the_caller) {
    EXPECT(link_of("/proc/self") == std::to_string(getpid()));
    EXPECT(link_of("/proc/self/exe") == "/bin/usertests");
    EXPECT(content_of("/proc/self/cmdline").starts_with(std::string("/bin/usertests\0", 15)));
    EXPECT(content_of("/proc/self/maps").find("/bin/usertests") != std::string::npos);
    EXPECT(link_of("/proc/self/cwd") == working_directory());
    std::set<std::string> names = names_in("/proc");
    EXPECT(names.contains(std::to_string(getpid())) && names.contains("self") && names.contains("meminfo"));
    EXPECT_ERROR(ENOENT, open("/proc/999999", O_RDONLY));
    EXPECT_ERROR(ENOENT, open("/proc/01", O_RDONLY));
    EXPECT(content_of("/proc/meminfo").starts_with("MemTotal:"));
    EXPECT(stat_of("/proc/self/maps").st_size == 0);
}

TEST(each_file_system_has_its_kind) {
    struct statfs info;
    EXPECT(statfs("/proc", &info) == 0 && info.f_type == 0x9fa0);
    EXPECT(statfs("/tmp", &info) == 0 && info.f_namelen == 255 && info.f_bsize == PAGE);
    EXPECT_ERROR(ENOENT, statfs("/missing", &info));
    EXPECT(stat_of("/proc").st_dev != stat_of("/").st_dev && stat_of("/dev").st_dev != stat_of("/proc").st_dev);
    EXPECT(stat_of("/proc/..").st_ino == stat_of("/").st_ino);
    EXPECT_ERROR(EBUSY, rmdir("/proc"));
    EXPECT_ERROR(EBUSY, rename("/proc", "/other"));
}

}  // namespace
