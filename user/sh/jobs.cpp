// Jobs: each pipeline that was started and is not yet over. In an interactive shell each is a process group of its own, and
// the terminal belongs to the one in the foreground: ^C and ^Z reach that one alone, and only it may read.
//
//     $ a | b &       [1] 12             group 11: processes 11 (a), 12 (b)        terminal: the shell's
//     $ c                                group 13: process 13 (c)                  terminal: 13's, until c ends or stops

#include "sh.h"

#include <algorithm>
#include <errno.h>
#include <fcntl.h>
#include <list>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace {

constexpr int JOB_SIGNALS[] = {SIGTSTP, SIGTTIN, SIGTTOU};

std::list<Job> jobs;
pid_t own_group;
termios own_modes;

void note_interrupt(int) { shell.interrupted = true; }

// Takes note of one child that ended or stopped; false if there was none.
bool reap(int options) {
    int status;
    pid_t pid = waitpid(-1, &status, options | (shell.job_control ? WUNTRACED : 0));
    if (pid <= 0) return false;
    for (Job& job : jobs)
        for (Process& process : job.processes)
            if (process.pid == pid) {
                process.status = status;
                process.stopped = WIFSTOPPED(status);
                process.ended = !process.stopped;
            }
    return true;
}

int exit_status(const Job& job) {
    if (job.processes.empty()) return 126;
    int status = job.processes.back().status;
    return WIFSTOPPED(status) ? 128 + WSTOPSIG(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void forget(const Job& job) {
    jobs.remove_if([&](const Job& other) { return &other == &job; });
}

// While it lives, what the keyboard sends (^C, ^\, ^Z) waits. A child is made under it, so that a key that comes before the child
// has put the shell's ways away reaches it all the same.
class KeysHeld {
    sigset_t before;

public:
    KeysHeld() {
        sigset_t held;
        sigemptyset(&held);
        for (int number : {SIGINT, SIGQUIT, SIGTSTP})
            sigaddset(&held, number);
        sigprocmask(SIG_BLOCK, &held, &before);
    }
    ~KeysHeld() { sigprocmask(SIG_SETMASK, &before, nullptr); }
};

void give_terminal_to(pid_t group) {
    if (shell.job_control) tcsetpgrp(STDIN_FILENO, group);
}

const char* state(const Job& job) { return job.ended() ? "done" : job.stopped() ? "stopped" : "running"; }

void describe(const Job& job, int fd) { dprintf(fd, "[%d] %-8s %s\n", job.number, state(job), job.text.c_str()); }

// %2, 2, or the latest one.
Job* find_job(const Words& words) {
    int number = words.size() > 1 ? atoi(words[1].c_str() + (words[1][0] == '%')) : 0;
    for (auto job = jobs.rbegin(); job != jobs.rend(); ++job)
        if (number ? job->number == number : !job->ended()) return &*job;
    complain(words[0] + ": there is no such job");
    return nullptr;
}

// What a child does of the shell's ways before it goes its own.
void leave_the_shell(const Job& job, Place place) {
    if (shell.job_control) {
        setpgid(0, job.group);
        if (place == Place::foreground) give_terminal_to(getpgrp());
        for (int number : JOB_SIGNALS)
            signal(number, SIG_DFL);
    }
    if (shell.interactive) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
    }
    if (place == Place::background && !shell.job_control) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        close(STDIN_FILENO);
        open("/dev/null", O_RDONLY);
    }
    shell.interactive = shell.job_control = false;
}

// The group is set on both sides: whoever comes first, it is right before the child runs and before the parent goes on.
pid_t start_process(Job& job, Place place) {
    KeysHeld held;
    pid_t pid = fork();
    if (pid == 0) leave_the_shell(job, place);
    if (pid <= 0) return pid;
    if (job.group == 0) job.group = pid;
    if (shell.job_control) setpgid(pid, job.group);
    job.processes.push_back({pid});
    return pid;
}

}  // namespace

bool Job::ended() const {
    return std::all_of(processes.begin(), processes.end(), [](const Process& process) { return process.ended; });
}

bool Job::stopped() const {
    return !ended() && std::all_of(processes.begin(), processes.end(),
                                   [](const Process& process) { return process.ended || process.stopped; });
}

pid_t last_process(const Job& job) { return job.processes.empty() ? 0 : job.processes.back().pid; }

// The shell leads a group of its own, and waits until that has the terminal.
void start_job_control() {
    struct sigaction action = {};
    action.sa_handler = note_interrupt;  // without SA_RESTART: a read at the prompt ends
    sigaction(SIGINT, &action, nullptr);
    signal(SIGQUIT, SIG_IGN);
    tcgetattr(STDIN_FILENO, &own_modes);
    if (tcgetpgrp(STDIN_FILENO) < 0) return;  // not the terminal of this session
    for (int number : JOB_SIGNALS)
        signal(number, SIG_IGN);
    if (getpgrp() != getpid()) setpgid(0, 0);
    own_group = getpgrp();
    shell.job_control = tcsetpgrp(STDIN_FILENO, own_group) == 0;
}

Job& new_job(const std::string& text) {
    int number = 1;
    for (const Job& job : jobs)
        number = std::max(number, job.number + 1);
    Job& job = jobs.emplace_back();
    job.number = number;
    job.text = text;
    return job;
}

void add_process(Job& job, Place place, const std::function<int()>& body) {
    pid_t pid = start_process(job, place);
    if (pid < 0) complain(std::string("fork: ") + strerror(errno));
    if (pid != 0) return;
    jobs.clear();
    int status = 1;
    try {
        status = body();
    } catch (const ShellError& error) {
        complain(error.what());
    }
    exit(status);
}

int wait_for(Job& job) {
    while (!job.ended() && !job.stopped())
        if (!reap(0) && errno != EINTR) break;
    int status = exit_status(job);
    bool by_signal = !job.processes.empty() && WIFSIGNALED(job.processes.back().status);
    shell.last_end = by_signal ? End::killed : job.stopped() ? End::stopped : End::exited;
    if (shell.job_control) {
        give_terminal_to(own_group);
        if (by_signal || job.stopped()) tcsetattr(STDIN_FILENO, TCSADRAIN, &own_modes);
    }
    if (by_signal && shell.interactive && status == 128 + SIGINT) shell.interrupted = true;
    if (!job.stopped()) {
        forget(job);
    } else {
        dprintf(STDERR_FILENO, "\n");
        describe(job, STDERR_FILENO);
    }
    return status;
}

void report_jobs() {
    while (reap(WNOHANG)) {
    }
    for (auto job = jobs.begin(); job != jobs.end();) {
        auto here = job++;
        if (!here->ended()) continue;
        if (shell.interactive) describe(*here, STDERR_FILENO);
        jobs.erase(here);
    }
}

int list_jobs(const Words&) {
    while (reap(WNOHANG)) {
    }
    for (const Job& job : jobs)
        describe(job, STDOUT_FILENO);
    jobs.remove_if([](const Job& job) { return job.ended(); });
    return 0;
}

// wait: for all. wait PID: for that one; its status.
int wait_command(const Words& words) {
    if (words.size() == 1) {
        auto running = [](const Job& job) { return !job.ended() && !job.stopped(); };
        while (std::any_of(jobs.begin(), jobs.end(), running) && reap(0)) {
        }
        jobs.remove_if([](const Job& job) { return job.ended(); });
        return 0;
    }
    for (Job& job : jobs) {
        if (last_process(job) != atoi(words[1].c_str()) && "%" + std::to_string(job.number) != words[1]) continue;
        while (!job.ended() && reap(0)) {
        }
        int status = exit_status(job);
        forget(job);
        return status;
    }
    return 127;
}

int continue_job(const Words& words) {
    Job* job = find_job(words);
    if (!job || !shell.job_control) return 1;
    bool foreground = words[0] == "fg";
    for (Process& process : job->processes)
        process.stopped = false;
    dprintf(STDERR_FILENO, "%s\n", job->text.c_str());
    if (foreground) give_terminal_to(job->group);
    kill(-job->group, SIGCONT);
    return foreground ? wait_for(*job) : 0;
}

// kill [-SIGNAL] %JOB...: /bin/kill does it, which knows processes and groups, but no jobs.
int signal_jobs(const Words& words) {
    Words known = words;
    for (std::string& word : known) {
        if (word[0] != '%') continue;
        Job* job = find_job({"kill", word});
        if (!job) return 1;
        word = shell.job_control ? "-" + std::to_string(job->group) : std::to_string(last_process(*job));
    }
    if (words.size() > 1 && words[1][0] == '%') known.insert(known.begin() + 1, "--");  // -GROUP is not a signal
    Job& sender = new_job("kill");
    add_process(sender, Place::foreground, [&]() -> int { become(known); });
    return wait_for(sender);
}
