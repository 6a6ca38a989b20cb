// /proc, the devices, and where they are mounted.

#include <algorithm>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <thread>

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

// ---- a process as others see it -------------------------------------------------------------------------------------

std::string proc_file(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

// What stands behind `key` in a file of lines "key:  value".
std::string field_of(const std::string& text, const std::string& key) {
    size_t at = ("\n" + text).find("\n" + key);
    EXPECT(at != std::string::npos);
    size_t start = text.find_first_not_of(" \t", at + key.size());
    return text.substr(start, text.find('\n', start) - start);
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (size_t at = 0; (at = text.find_first_not_of(" \t\n", at)) != std::string::npos;) {
        size_t end = std::min(text.size(), text.find_first_of(" \t\n", at));
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

// A child that only waits, with a name of its own; killed when the test is over.
struct Sleeper {
    volatile bool& is_ready = shared<volatile bool>();
    pid_t pid = start([this] {
        prctl(PR_SET_NAME, "a (b) c");
        is_ready = true;
        pause();
    });
    Sleeper() {
        while (!is_ready) sleep_ms(1);
        while (state() == 'R') sleep_ms(1);
    }
    ~Sleeper() {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    char state() const {
        std::string text = content_of(proc_file(pid, "stat").c_str());
        return text[text.rfind(')') + 2];
    }
};

TEST(stat_has_its_52_fields) {
    Sleeper child;
    std::string text = content_of(proc_file(child.pid, "stat").c_str());
    EXPECT(text.starts_with(std::to_string(child.pid) + " (a (b) c) S "));
    std::vector<std::string> words = words_of(text.substr(text.rfind(')') + 2));
    EXPECT(words.size() == 50);  // from the third on
    auto field = [&](size_t number) { return std::stoll(words[number - 3]); };
    EXPECT(field(4) == getpid() && field(5) == getpgid(child.pid) && field(6) == getsid(child.pid));
    EXPECT(field(7) == 0 && field(8) == -1);  // no terminal
    EXPECT(field(18) == 20 && field(19) == 0 && field(20) == 1);
    EXPECT(field(23) > 0 && field(23) % 4096 == 0 && field(24) > 0);
    EXPECT(field(26) < field(27) && field(45) < field(46) && field(47) > field(46));
    EXPECT(field(28) < field(48) && field(48) < field(49) && field(49) <= field(50) && field(50) < field(51));
    EXPECT(field(38) == SIGCHLD);
}

TEST(status_agrees_with_stat) {
    Sleeper child;
    std::string status = content_of(proc_file(child.pid, "status").c_str());
    EXPECT(field_of(status, "Name:") == "a (b) c" && field_of(status, "State:") == "S (sleeping)");
    std::string pid = std::to_string(child.pid);
    EXPECT(field_of(status, "Tgid:") == pid && field_of(status, "Pid:") == pid);
    EXPECT(field_of(status, "PPid:") == std::to_string(getpid()) && field_of(status, "Threads:") == "1");
    EXPECT(field_of(status, "Uid:") == "0\t0\t0\t0");
    std::string stat = content_of(proc_file(child.pid, "stat").c_str());
    std::vector<std::string> words = words_of(stat.substr(stat.rfind(')') + 2));
    EXPECT(field_of(status, "VmSize:") == std::to_string(std::stol(words[23 - 3]) / 1024) + " kB");
    EXPECT(content_of(proc_file(child.pid, "comm").c_str()) == "a (b) c\n");
}

TEST(who_runs_takes_time_until_it_is_stopped) {
    pid_t pid = start([] { for (;;) continue; });
    std::string text, stat = proc_file(pid, "stat");
    auto fields = [&] { return words_of((text = content_of(stat.c_str())).substr(text.rfind(')') + 2)); };
    while (fields()[11] == "0") continue;
    EXPECT(fields()[0] == "R" && std::stol(fields()[19]) > 0);  // it began some time after the machine did
    kill(pid, SIGSTOP);
    EXPECT(waitpid(pid, nullptr, WUNTRACED) == pid);
    EXPECT(content_of(proc_file(pid, "status").c_str()).find("State:\tT (stopped)\n") != std::string::npos);
    std::string before = fields()[11];
    sleep_ms(50);
    EXPECT(fields()[11] == before);
    kill(pid, SIGKILL);
    EXPECT(wait_for(pid) == -SIGKILL);
}

TEST(a_zombie_is_shown_without_a_space) {
    pid_t pid = start([] {});
    std::string stat = proc_file(pid, "stat");
    while (content_of(stat.c_str()).find(") Z ") == std::string::npos) sleep_ms(1);
    EXPECT(words_of(content_of(stat.c_str())).size() == 52);
    EXPECT(content_of(proc_file(pid, "status").c_str()).find("State:\tZ (zombie)\n") != std::string::npos);
    EXPECT(content_of(proc_file(pid, "maps").c_str()).empty() && content_of(proc_file(pid, "cmdline").c_str()).empty());
    char target[100];
    EXPECT_ERROR(ENOENT, readlink(proc_file(pid, "exe").c_str(), target, sizeof(target)));
    int held = open(("/proc/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY);
    EXPECT(waitpid(pid, nullptr, 0) == pid);
    EXPECT(!is_there(stat.c_str()));
    EXPECT_ERROR(ESRCH, openat(held, "stat", O_RDONLY));
}

TEST(maps_has_columns) {
    std::string text = content_of("/proc/self/maps"), stack;
    for (size_t at = 0, end; at < text.size(); at = end + 1) {
        end = text.find('\n', at);
        std::string line = text.substr(at, end - at);
        unsigned long low, high, offset, inode;
        unsigned major, minor;
        char perms[5], path[100] = "";
        int fields = sscanf(line.c_str(), "%lx-%lx %4s %lx %x:%x %lu %99s", &low, &high, perms, &offset, &major, &minor,
                            &inode, path);
        EXPECT(fields >= 7 && low < high && strlen(perms) == 4);
        EXPECT(!*path || line.find(path) == 73);
        if (!strcmp(path, "/bin/usertests"))
            EXPECT(inode == stat_of(path).st_ino && makedev(major, minor) == stat_of(path).st_dev);
    }
    EXPECT(text.find("[stack]") != std::string::npos && text.find("[heap]") != std::string::npos);
}

TEST(arguments_can_be_read_from_anywhere) {
    pid_t pid = start([] {
        std::string large(100'000, 'x');
        execl("/proc/self/exe", "usertests", "-l", large.c_str(), "tail", nullptr);
    });
    std::string expected = std::string("usertests\0-l\0", 13) + std::string(100'000, 'x') + std::string("\0tail", 6);
    std::string path = proc_file(pid, "cmdline"), seen;
    // The program ends by itself; as long as it is there all of this can be read.
    std::string start_of_it = expected.substr(0, 12);
    do seen = content_of(path.c_str());
    while (!seen.empty() && !seen.starts_with(start_of_it));
    EXPECT(seen.empty() || seen == expected);
    wait_for(pid);

    int self = open("/proc/self/environ", O_RDONLY);
    std::string all = content_of("/proc/self/environ");
    for (size_t offset : {size_t{0}, size_t{1}, all.size() / 2, all.size() - 1, all.size(), all.size() + 100}) {
        char part[64];
        ssize_t count = pread(self, part, sizeof(part), static_cast<off_t>(offset));
        std::string wanted = offset < all.size() ? all.substr(offset, sizeof(part)) : "";
        EXPECT(count == static_cast<ssize_t>(wanted.size()) && !memcmp(part, wanted.data(), wanted.size()));
    }
    EXPECT(content_of("/proc/self/auxv").size() % 16 == 0 && !content_of("/proc/self/auxv").empty());
}

TEST(mem_is_the_memory_of_the_process) {
    volatile long& value = shared<volatile long>();
    value = 42;
    int mem = open("/proc/self/mem", O_RDWR);
    long seen = 0, wanted = 77;
    auto place = static_cast<off_t>(reinterpret_cast<uintptr_t>(&value));
    EXPECT(pread(mem, &seen, sizeof(seen), place) == sizeof(seen) && seen == 42);
    EXPECT(pwrite(mem, &wanted, sizeof(wanted), place) == sizeof(wanted) && value == 77);
    EXPECT(lseek(mem, place, SEEK_SET) == place && read(mem, &seen, sizeof(seen)) == sizeof(seen) && seen == 77);
    EXPECT(lseek(mem, 0, SEEK_CUR) == place + static_cast<off_t>(sizeof(seen)));
    EXPECT_ERROR(EIO, pread(mem, &seen, sizeof(seen), BAD_ADDRESS));
    char* hole = map(2);
    munmap(hole + PAGE, PAGE);
    char bytes[PAGE];
    EXPECT(pread(mem, bytes, PAGE, static_cast<off_t>(reinterpret_cast<uintptr_t>(hole)) + 4000) == 96);
    pid_t other = start([] { pause(); });
    int theirs = open(proc_file(other, "mem").c_str(), O_RDWR);
    wanted = 78;
    long private_copy = 5;
    auto same_place = static_cast<off_t>(reinterpret_cast<uintptr_t>(&private_copy));
    EXPECT(pwrite(theirs, &wanted, sizeof(wanted), same_place) == sizeof(wanted) && private_copy == 5);
    EXPECT(pread(theirs, &seen, sizeof(seen), same_place) == sizeof(seen) && seen == 78);
    kill(other, SIGKILL);
    wait_for(other);
    EXPECT(pread(theirs, &seen, sizeof(seen), place) == 0);
}

TEST(descriptors_can_be_opened_again) {
    int ends[2];
    EXPECT(pipe(ends) == 0 && write(ends[1], "abc", 3) == 3);
    std::string path = "/proc/self/fd/" + std::to_string(ends[0]);
    struct stat info;
    EXPECT(link_of(path).starts_with("pipe:[") && stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode));
    int again = open(path.c_str(), O_RDONLY);
    char bytes[10];
    EXPECT(again >= 0 && read(again, bytes, 10) == 3 && !memcmp(bytes, "abc", 3));

    int fd = make_file("gone", "content");
    path = "/proc/self/fd/" + std::to_string(fd);
    std::string there = working_directory() + "/gone";
    EXPECT(link_of(path) == there);
    unlink("gone");
    EXPECT(link_of(path) == there + " (deleted)");
    EXPECT(content_of(path.c_str()) == "content");
    dup2(fd, 0);
    EXPECT(content_of("/proc/self/fd/0") == "content");
    if (is_astrolabe())  // on Linux, udev makes these
        EXPECT(link_of("/dev/fd") == "/proc/self/fd" && content_of("/dev/stdin") == "content");

    int directory = open("/dev", O_RDONLY | O_DIRECTORY);
    path = "/proc/self/fd/" + std::to_string(directory);
    EXPECT(link_of(path) == "/dev" && is_there((path + "/null").c_str()));
    EXPECT(names_in("/proc/self/fd").contains(std::to_string(directory)));
    EXPECT_ERROR(ENOENT, open("/proc/self/fd/99", O_RDONLY));
    EXPECT(link_of("/proc/self/root") == "/" && S_ISDIR(stat_of("/proc/self/fd").st_mode));
}

TEST(the_system_is_described) {
    std::string stat = content_of("/proc/stat");
    EXPECT(stat.starts_with("cpu  ") && words_of(stat.substr(0, stat.find('\n'))).size() == 11);
    EXPECT(std::stol(field_of(stat, "btime")) > 0);
    EXPECT(std::stol(field_of(stat, "processes")) > 0);
    std::string memory = content_of("/proc/meminfo");
    for (const char* name :
         {"MemTotal:", "MemFree:", "MemAvailable:", "Buffers:", "Cached:", "SwapTotal:", "SwapFree:"}) {
        EXPECT(words_of(field_of(memory, name)).size() == 2 && field_of(memory, name).ends_with(" kB"));
    }
    EXPECT(std::stol(field_of(memory, "MemFree:")) < std::stol(field_of(memory, "MemTotal:")));
    double up, idle;
    EXPECT(sscanf(content_of("/proc/uptime").c_str(), "%lf %lf", &up, &idle) == 2 && up > 0);
    EXPECT(content_of("/proc/version").starts_with("Linux version "));
    EXPECT(content_of("/proc/cpuinfo").starts_with("processor\t: 0\nhart\t\t: "));
    EXPECT(content_of("/proc/filesystems").find("nodev\tproc\n") != std::string::npos);
    EXPECT(content_of("/proc/cmdline").ends_with("\n"));
    std::string mounts = content_of("/proc/mounts");
    for (size_t at = 0, end; at < mounts.size(); at = end + 1) {
        end = mounts.find('\n', at);
        EXPECT(words_of(mounts.substr(at, end - at)).size() == 6);
    }
    EXPECT(mounts.find("proc /proc proc rw") != std::string::npos);
}

// Whoever looks at a process that begins or ends sees what it was, what it is, or nothing.
TEST(a_process_can_be_looked_at_at_any_moment) {
    for (int round = 0; round < 30; round++) {
        pid_t pid = start([] { execl("/proc/self/exe", "usertests", "-l", "no such test", nullptr); });
        for (bool is_alive = true; is_alive;) {
            for (const char* name : {"maps", "stat", "status", "cmdline", "environ", "auxv", "mem"}) {
                int fd = open(proc_file(pid, name).c_str(), O_RDONLY);
                char bytes[512];
                while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0) continue;
                close(fd);
            }
            char target[100];
            ssize_t size = readlink(proc_file(pid, "exe").c_str(), target, sizeof(target));
            EXPECT(size < 0 || std::string(target, static_cast<size_t>(size)) == "/bin/usertests");
            is_alive = waitpid(pid, nullptr, WNOHANG) == 0;
        }
    }
}

}  // namespace
