// Processes: children, scripts and program files, exhaustion.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "processes";

constexpr long ELF_HEADER = 64, PROGRAM_HEADER = 56;

void write_file(const char* path, const std::string& content, mode_t mode = 0755) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    EXPECT(fd >= 0 && write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    close(fd);
}

std::string read_file(const char* path) {
    std::string content;
    int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    char buffer[4096];
    for (ssize_t size; (size = read(fd, buffer, sizeof(buffer))) > 0;)
        content.append(buffer, static_cast<size_t>(size));
    close(fd);
    return content;
}

// The program's exit status, minus the signal that killed it, or 1000 + errno when it could not be started.
int run(std::vector<std::string> words, const char* path = nullptr) {
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto* error = static_cast<int*>(mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int status = child([&] {
        execv(path ? path : arguments[0], arguments.data());
        *error = errno;
    });
    return *error ? 1000 + *error : status;
}

int cannot(int error) { return 1000 + error; }

// What the program writes to its standard output.
std::string output_of(const std::vector<std::string>& words) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    EXPECT(child([&] {
        dup2(ends[1], 1);
        exit(run(words));
    }) == 0);
    close(ends[1]);
    std::string text;
    char buffer[512];
    for (ssize_t size; (size = read(ends[0], buffer, sizeof(buffer))) > 0;)
        text.append(buffer, static_cast<size_t>(size));
    close(ends[0]);
    return text;
}

// ---- places ---------------------------------------------------------------------------------------------------------

TEST(places_are_the_same_when_that_is_asked_for) {
    auto places = [] { return output_of({"/bin/cat", "/proc/self/maps"}); };
    if (output_of({"/bin/cat", "/proc/cmdline"}).find("norandmaps") == std::string::npos) EXPECT(places() != places());
    constexpr unsigned long ASK = 0xffffffff;
    int before = personality(ASK);
    EXPECT(before >= 0 && personality(ADDR_NO_RANDOMIZE) == before && personality(ASK) == ADDR_NO_RANDOMIZE);
    std::string once = places();
    EXPECT(once.find("[stack]") != std::string::npos && once == places());
    EXPECT(personality(static_cast<unsigned long>(before)) == ADDR_NO_RANDOMIZE && personality(ASK) == before);
}

// ---- children -------------------------------------------------------------------------------------------------------

TEST(wait_finds_the_child_that_is_meant) {
    pid_t slow = start([] { pause(); });
    pid_t quick = start([] { _exit(3); });
    EXPECT(waitpid(slow, nullptr, WNOHANG) == 0);
    EXPECT(wait_for(quick) == 3);
    EXPECT_ERROR(ECHILD, waitpid(quick, nullptr, 0));
    EXPECT_ERROR(ECHILD, waitpid(getppid(), nullptr, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_wait4, -1, nullptr, 0x100, nullptr));
    kill(slow, SIGKILL);
    EXPECT(waitpid(-1, nullptr, 0) == slow);
    EXPECT_ERROR(ECHILD, waitpid(-1, nullptr, WNOHANG));
}

TEST(wait_can_mean_a_process_group) {
    pid_t other = start([] { setpgid(0, 0); pause(); });
    setpgid(other, other);
    pid_t same = start([] { _exit(4); });
    EXPECT(waitpid(0, nullptr, 0) == same);
    EXPECT_ERROR(ECHILD, waitpid(0, nullptr, 0));
    EXPECT(waitpid(-other, nullptr, WNOHANG) == 0);
    EXPECT(kill(-other, SIGTERM) == 0 && wait_for(other) == -SIGTERM);
}

TEST(an_ignored_sigchld_leaves_no_zombie) {
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = start([] {});
    EXPECT_ERROR(ECHILD, waitpid(pid, nullptr, 0));
}

TEST(a_child_whose_parent_is_gone_gets_another) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    EXPECT(child([&] {
        start([&, first = getpid()] {
            while (getppid() == first)
                sleep_ms(1);
            pid_t parent = getppid();
            write(ends[1], &parent, sizeof(parent));
        });
    }) == 0);
    pid_t parent = 0;
    EXPECT(read(ends[0], &parent, sizeof(parent)) == sizeof(parent));
    EXPECT(parent == 1);
}

TEST(vfork_and_spawn_wait_for_the_new_program) {
    volatile int shared = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        shared = 7;
        _exit(9);
    }
    EXPECT(shared == 7 && wait_for(pid) == 9);
    char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("exit 6"), nullptr};
    EXPECT(posix_spawn(&pid, "/bin/sh", nullptr, nullptr, arguments, environ) == 0 && wait_for(pid) == 6);
    EXPECT(posix_spawn(&pid, "/no/such", nullptr, nullptr, arguments, environ) == ENOENT);
}

// ---- scripts --------------------------------------------------------------------------------------------------------

TEST(a_script_is_run_by_its_interpreter) {
    write_file("/tmp/script", "#! \t/bin/echo  one two \t\nrest");
    EXPECT(output_of({"/tmp/script", "a", "b c"}) == "one two /tmp/script a b c\n");
    write_file("/tmp/script", "#!/bin/echo");
    EXPECT(output_of({"/tmp/script", "a"}) == "/tmp/script a\n");
    // 255 bytes of the line count, and the interpreter's name may not be cut off.
    write_file("/tmp/script", "#!/bin/echo " + std::string(300, 'x') + "\n");
    EXPECT(output_of({"/tmp/script"}) == std::string(255 - 12, 'x') + " /tmp/script\n");
    write_file("/tmp/script", "#!" + std::string(245, '/') + "bin/echo\n");
    EXPECT(output_of({"/tmp/script"}) == "/tmp/script\n");
    write_file("/tmp/script", "#!" + std::string(246, '/') + "bin/echo\n");
    EXPECT(run({"/tmp/script"}) == cannot(ENOEXEC));
}

TEST(scripts_may_stand_five_deep) {
    write_file("/tmp/script1", "#!/bin/echo\n");
    for (char n = '2'; n <= '6'; n++)
        write_file((std::string("/tmp/script") + n).c_str(), std::string("#!/tmp/script") + static_cast<char>(n - 1) + "\n");
    EXPECT(output_of({"/tmp/script5"}) == "/tmp/script1 /tmp/script2 /tmp/script3 /tmp/script4 /tmp/script5\n");
    EXPECT(run({"/tmp/script6"}) == cannot(ELOOP));
}

TEST(a_script_without_interpreter_is_refused) {
    for (const char* line : {"#!\n", "#! \t \n", "", "echo hi\n"}) {
        write_file("/tmp/script", line);
        EXPECT(run({"/tmp/script"}) == cannot(ENOEXEC));
    }
    write_file("/tmp/script", "#!/" + std::string(300, 'x') + "\n");
    EXPECT(run({"/tmp/script"}) == cannot(ENOEXEC));
    write_file("/tmp/script", "#!/no/such/interpreter\n");
    EXPECT(run({"/tmp/script"}) == cannot(ENOENT));
    write_file("/tmp/plain", "#!/bin/echo\n", 0644);
    chmod("/tmp/plain", 0644);
    EXPECT(run({"/tmp/plain"}) == cannot(EACCES));
}

// ---- program files --------------------------------------------------------------------------------------------------

// /bin/true with `bytes` put at `offset`, run.
int run_changed(long offset, const std::string& bytes) {
    std::string content = read_file("/bin/true");
    content.replace(static_cast<size_t>(offset), bytes.size(), bytes);
    write_file("/tmp/changed", content);
    int result = run({"/tmp/changed"});
    unlink("/tmp/changed");
    return result;
}

TEST(a_file_that_is_no_program_is_refused) {
    std::string content = read_file("/bin/true");
    for (size_t size : {1, 16, 63}) {
        write_file("/tmp/cut", content.substr(0, size));
        EXPECT(run({"/tmp/cut"}) == cannot(ENOEXEC));
    }
    EXPECT(run_changed(0, "\x7f" "ELE") == cannot(ENOEXEC));
    EXPECT(run_changed(16, std::string("\1\0", 2)) == cannot(ENOEXEC));      // e_type: relocatable
    EXPECT(run_changed(18, std::string("\x3e\0", 2)) == cannot(ENOEXEC));    // e_machine: x86-64
    EXPECT(run_changed(54, std::string("\x37\0", 2)) == cannot(ENOEXEC));    // e_phentsize
    EXPECT(run_changed(56, std::string("\0\0", 2)) == cannot(ENOEXEC));      // e_phnum
    EXPECT(run_changed(56, "\xff\xff") == cannot(ENOEXEC));
}

TEST(no_program_file_harms_the_kernel) {
    srandom(1);
    dup2(open("/dev/null", O_WRONLY), 2);
    for (int i = 0; i < 60; i++) {
        long word = random() % ((ELF_HEADER + 5 * PROGRAM_HEADER) / 8) * 8;
        std::string bytes = i % 3 == 0 ? std::string(8, '\0') : std::string(8, '\xff');
        if (i % 3 == 2)
            bytes = {static_cast<char>(random()), static_cast<char>(random())};
        run_changed(word, bytes);  // any outcome will do: it runs, it is refused, it is killed
    }
}

TEST(arguments_have_a_limit) {
    std::string longest(131071, 'x');
    EXPECT(run({"/bin/true", longest}) == 0);
    EXPECT(run({"/bin/true", longest + "x"}) == cannot(E2BIG));
    std::vector<std::string> many(16, longest);  // a quarter of the stack's 8 MiB
    EXPECT(run(many, "/bin/true") == cannot(E2BIG));
    many.resize(14);
    EXPECT(run(many, "/bin/true") == 0);
    EXPECT(run(std::vector<std::string>(20'000, "a"), "/bin/true") == 0);
    for (rlim_t limit : {0, 4096, 65536}) {  // of a stack, which must hold them
        rlimit stack{limit, RLIM_INFINITY};
        EXPECT(setrlimit(RLIMIT_STACK, &stack) == 0 && run({"/bin/true", std::string(66'000, 'x')}) == cannot(E2BIG));
    }
}

// ---- exhaustion -----------------------------------------------------------------------------------------------------

TEST(many_children_live_and_die) {
    std::vector<pid_t> children;
    for (int i = 0; i < 200; i++)
        children.push_back(start([] { pause(); }));
    for (pid_t pid : children)
        EXPECT(kill(pid, SIGKILL) == 0);
    for (pid_t pid : children)
        EXPECT(wait_for(pid) == -SIGKILL);
}

TEST(a_limit_on_the_space_is_an_error_not_a_crash) {
    EXPECT(child([] {
        rlimit limit{.rlim_cur = 16 << 20, .rlim_max = 16 << 20};
        EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
        EXPECT_ERROR(ENOMEM, mmap(nullptr, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        EXPECT(malloc(32 << 20) == nullptr);
    }) == 0);
}

}  // namespace
