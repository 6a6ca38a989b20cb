// Stopping and continuing, process groups and sessions, waiting with options, limits.

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/times.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "jobs";

volatile sig_atomic_t calls;
siginfo_t last_info;

void note_child(int, siginfo_t* info, void*) {
    calls = calls + 1;
    last_info = *info;
}

void handle_children(int flags = 0) {
    struct sigaction action = {};
    action.sa_sigaction = note_child;
    action.sa_flags = SA_SIGINFO | SA_RESTART | flags;
    sigaction(SIGCHLD, &action, nullptr);
}

// A child in a group of its own, which has got as far as to call wait_here().
int ready[2];

template <typename Body>
pid_t start_job(Body body) {
    EXPECT(pipe(ready) == 0);
    pid_t pid = start([&] { setpgid(0, 0); body(); });
    char byte;
    EXPECT(read(ready[0], &byte, 1) == 1);
    return pid;
}

void is_ready() { EXPECT(write(ready[1], "r", 1) == 1); }

[[noreturn]] void wait_here() {
    is_ready();
    for (;;)
        pause();
}

int wait_status(pid_t pid, int options) {
    int status = -1;
    EXPECT(waitpid(pid, &status, options) == pid);
    return status;
}

// ---- stop and continue ----------------------------------------------------------------------------------------------

TEST(a_stopped_child_reports_and_goes_on) {
    handle_children();
    auto& count = shared<volatile long>();
    pid_t pid = start_job([&] { is_ready(); for (;;) count = count + 1; });
    EXPECT(kill(pid, SIGSTOP) == 0);
    int status = wait_status(pid, WUNTRACED);
    EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    EXPECT(calls == 1 && last_info.si_code == CLD_STOPPED && last_info.si_status == SIGSTOP && last_info.si_pid == pid);
    EXPECT(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0);  // told once
    long before = count;
    sleep_ms(20);
    EXPECT(count == before);
    EXPECT(kill(pid, SIGCONT) == 0);
    EXPECT(WIFCONTINUED(wait_status(pid, WCONTINUED)));
    while (count == before)
        sleep_ms(1);
    while (calls < 2)
        sleep_ms(1);
    EXPECT(last_info.si_code == CLD_CONTINUED && last_info.si_status == SIGCONT);
    kill(pid, SIGKILL);
    EXPECT(wait_for(pid) == -SIGKILL);
}

TEST(nobody_is_told_with_nocldstop) {
    handle_children(SA_NOCLDSTOP);
    pid_t pid = start_job([] { wait_here(); });
    kill(pid, SIGSTOP);
    wait_status(pid, WUNTRACED);
    kill(pid, SIGCONT);
    wait_status(pid, WCONTINUED);
    EXPECT(calls == 0);
    kill(pid, SIGTERM);
    EXPECT(wait_for(pid) == -SIGTERM && calls == 1);
}

TEST(a_stopped_process_can_be_killed_other_signals_wait) {
    pid_t pid = start_job([] { wait_here(); });
    kill(pid, SIGTSTP);
    int status = wait_status(pid, WUNTRACED);
    EXPECT(WSTOPSIG(status) == SIGTSTP);
    kill(pid, SIGTERM);
    sleep_ms(10);
    EXPECT(waitpid(pid, &status, WNOHANG) == 0);
    kill(pid, SIGCONT);
    EXPECT(wait_for(pid) == -SIGTERM);
    pid = start_job([] { wait_here(); });
    kill(pid, SIGSTOP);
    wait_status(pid, WUNTRACED);
    kill(pid, SIGKILL);
    EXPECT(wait_for(pid) == -SIGKILL);
}

TEST(continue_undoes_a_stop_that_waits) {
    EXPECT(child([] {
        setpgid(0, 0);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        raise(SIGTSTP);
        sigpending(&set);
        EXPECT(sigismember(&set, SIGTSTP));
        raise(SIGCONT);
        sigpending(&set);
        EXPECT(!sigismember(&set, SIGTSTP));
    }) == 0);
}

TEST(a_terminal_stop_means_nothing_to_an_orphaned_group) {
    EXPECT(child([] {
        setsid();
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(8);
    }) == 8);
}

TEST(a_handler_for_continue_runs_when_it_goes_on) {
    pid_t pid = start_job([] {
        signal(SIGCONT, [](int) { _exit(9); });
        wait_here();
    });
    kill(pid, SIGSTOP);
    wait_status(pid, WUNTRACED);
    kill(pid, SIGCONT);
    EXPECT(wait_for(pid) == 9);
}

// ---- waiting --------------------------------------------------------------------------------------------------------

TEST(waitid_tells_in_siginfo) {
    siginfo_t info = {};
    pid_t pid = start([] { _exit(6); });
    EXPECT(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
    EXPECT(info.si_signo == SIGCHLD && info.si_code == CLD_EXITED && info.si_status == 6 && info.si_pid == pid);
    EXPECT(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == pid);
    EXPECT_ERROR(ECHILD, waitid(P_ALL, 0, &info, WEXITED));
    pid = start_job([] { wait_here(); });
    info.si_pid = 77;
    EXPECT(waitid(P_PGID, pid, &info, WEXITED | WSTOPPED | WNOHANG) == 0 && info.si_pid == 0);
    kill(pid, SIGSTOP);
    EXPECT(waitid(P_PGID, pid, &info, WSTOPPED) == 0 && info.si_code == CLD_STOPPED && info.si_status == SIGSTOP);
    kill(pid, SIGCONT);
    EXPECT(waitid(P_PID, pid, &info, WCONTINUED) == 0 && info.si_code == CLD_CONTINUED && info.si_status == SIGCONT);
    kill(pid, SIGABRT);
    EXPECT(waitid(P_PID, pid, &info, WEXITED) == 0 && info.si_code == CLD_KILLED && info.si_status == SIGABRT);
    EXPECT_ERROR(EINVAL, waitid(P_ALL, 0, &info, 0));
    EXPECT_ERROR(EINVAL, waitid(P_ALL, 0, &info, WEXITED | 0x100));
    EXPECT_ERROR(EINVAL, waitid(static_cast<idtype_t>(9), 0, &info, WEXITED));
    EXPECT_ERROR(EINVAL, waitid(P_PID, 0, &info, WEXITED));
}

TEST(a_child_that_ends_with_sigchld_is_no_clone) {
    pid_t pid = start([] { _exit(5); });
    EXPECT_ERROR(ECHILD, waitpid(pid, nullptr, __WCLONE));
    int status;
    EXPECT(waitpid(pid, &status, __WALL | __WNOTHREAD) == pid && WEXITSTATUS(status) == 5);
}

TEST(nocldwait_leaves_no_zombie_but_tells) {
    handle_children(SA_NOCLDWAIT);
    pid_t pid = start([] { _exit(5); });
    EXPECT_ERROR(ECHILD, waitpid(pid, nullptr, 0));
    EXPECT(calls == 1);
}

TEST(a_zombie_is_still_there) {
    pid_t pid = start([] { _exit(0); });
    siginfo_t info;
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    EXPECT(kill(pid, 0) == 0 && kill(pid, SIGKILL) == 0);
    EXPECT(getpgid(pid) == getpgrp() && getsid(pid) == getsid(0));
    EXPECT(wait_for(pid) == 0);
    EXPECT_ERROR(ESRCH, kill(pid, 0));
    EXPECT_ERROR(ESRCH, getpgid(pid));
}

TEST(usage_of_children_is_counted) {
    rusage usage = {};
    pid_t pid = start([] { for (volatile long i = 0; i < 30'000'000;) i = i + 1; });
    EXPECT(wait4(pid, nullptr, 0, &usage) == pid);
    EXPECT(usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec > 0);
    EXPECT(getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec > 0);
    EXPECT(getrusage(RUSAGE_SELF, &usage) == 0 && getrusage(RUSAGE_THREAD, &usage) == 0);
    EXPECT_ERROR(EINVAL, getrusage(static_cast<__rusage_who>(7), &usage));
    tms counts;
    EXPECT(times(&counts) > 0 && counts.tms_cutime > 0);
    timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sleep_ms(300);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    EXPECT((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec < 200'000'000);
}

// ---- groups and sessions --------------------------------------------------------------------------------------------

TEST(groups_can_be_made_and_joined) {
    pid_t leader = start_job([] { wait_here(); });
    pid_t member = start([] { for (;;) pause(); });
    EXPECT(setpgid(member, leader) == 0 && getpgid(member) == leader && getpgid(leader) == leader);
    EXPECT_ERROR(EPERM, setpgid(member, 999'999));
    EXPECT_ERROR(ESRCH, setpgid(getppid(), 0));
    EXPECT_ERROR(EINVAL, setpgid(0, -1));
    EXPECT_ERROR(EINVAL, setpgid(-1, 0));
    EXPECT_ERROR(ESRCH, setpgid(-1, 1));
    EXPECT(kill(-leader, SIGKILL) == 0 && wait_for(leader) == -SIGKILL && wait_for(member) == -SIGKILL);
    EXPECT_ERROR(ESRCH, kill(-leader, SIGKILL));
    EXPECT(child([] {
        pid_t leader = setsid();
        EXPECT(leader == getpid() && getsid(0) == leader && getpgrp() == leader);
        EXPECT_ERROR(EPERM, setsid());
        EXPECT_ERROR(EPERM, setpgid(0, 0));
        EXPECT_ERROR(EPERM, setpgid(0, getpgid(getppid())));
    }) == 0);
    EXPECT(child([] { setpgid(0, 0); EXPECT_ERROR(EPERM, setsid()); }) == 0);
}

TEST(a_child_that_ran_exec_keeps_its_group) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t pid = start([&] { dup2(ends[1], 1); execl("/bin/sh", "sh", "-c", "echo; exec sleep 100", nullptr); });
    char byte;
    EXPECT(read(ends[0], &byte, 1) == 1);
    EXPECT_ERROR(EACCES, setpgid(pid, pid));
    kill(pid, SIGKILL);
    wait_for(pid);
}

// ---- who, and how much ----------------------------------------------------------------------------------------------

TEST(everyone_is_root) {
    EXPECT(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
    EXPECT(setgroups(0, nullptr) == 0 && getgroups(0, nullptr) == 0 && setgid(0) == 0 && setuid(0) == 0);
}

TEST(a_process_has_a_name) {
    char name[16] = {};
    EXPECT(prctl(PR_SET_NAME, "a name longer than fifteen") == 0);
    EXPECT(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a name longer t") == 0);
    EXPECT_ERROR(EINVAL, prctl(9999, 0, 0, 0, 0));
}

TEST(limits_can_be_read_and_lowered) {
    rlimit limit;
    for (int resource = 0; resource < 16; resource++)
        EXPECT(getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 && limit.rlim_cur <= limit.rlim_max);
    EXPECT_ERROR(EINVAL, syscall(SYS_prlimit64, 0, 16, nullptr, &limit));
    EXPECT_ERROR(ESRCH, syscall(SYS_prlimit64, 999'999, 0, nullptr, &limit));
    EXPECT_ERROR(EFAULT, syscall(SYS_prlimit64, 0, 0, BAD_ADDRESS, nullptr));
    limit = {.rlim_cur = 5, .rlim_max = 4};
    EXPECT_ERROR(EINVAL, setrlimit(RLIMIT_CORE, &limit));
    limit = {.rlim_cur = 3, .rlim_max = 4};
    EXPECT(setrlimit(RLIMIT_MSGQUEUE, &limit) == 0 && getrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    EXPECT(limit.rlim_cur == 3 && limit.rlim_max == 4);
    EXPECT(child([] {
        rlimit inherited;
        getrlimit(RLIMIT_MSGQUEUE, &inherited);
        _exit(inherited.rlim_cur == 3 ? 0 : 1);
    }) == 0);
}

TEST(a_fork_bomb_ends_in_an_error) {
    EXPECT(child([] {
        setpgid(0, 0);
        setuid(1000);  // Linux lets root have more
        rlimit limit{.rlim_cur = 50, .rlim_max = 50};
        setrlimit(RLIMIT_NPROC, &limit);
        int made = 0;
        while (made < 100) {
            pid_t pid = fork();
            if (pid == 0)
                for (;;)
                    pause();
            if (pid < 0)
                break;
            made++;
        }
        EXPECT(errno == EAGAIN && made > 0 && made < 50);
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        for (; made; made--)
            EXPECT(wait(nullptr) > 0);
    }) == 0);
}

}  // namespace
