// fuzz: random system calls with random arguments. Whatever they return is right, if the kernel lives on and has its memory
// back in the end.
//
//   fuzz [-m] [-n CALLS] [-s SEED] [-k CHUNK] [-d DIRECTORY] [-v]
//     -n  100,000 unless told    -s  the same seed makes the same calls    -d  where the files lie, /tmp unless told
//     -v  shows each call before it is made    -k  only this chunk: what -v showed last before something went wrong
//
// The calls are made in chunks of a thousand, each by a child of its own: a call may well end it, or block it for ever. Each
// chunk has a seed of its own. With -m the same run is made again and again, until one has left no less memory than the one
// before: the first fill the kernel's caches. What loses some in each has lost it for ever.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <map>
#include <set>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "calls.h"

namespace {

constexpr unsigned long CHUNK = 1000;
constexpr int PATIENCE = 8;  // looks at a process that gets no further
constexpr int PATIENCE_AT_START = 10'000;
constexpr long LOOK_NS = 2'000'000;
constexpr int MOST_RUNS = 9;
constexpr int LOG = 1000;  // a descriptor that no call meets

struct Options {
    unsigned long calls = 100'000, seed = 1;
    long chunk = -1;
    std::string directory = "/tmp";
    bool verbose = false, memory = false;
};

struct Totals {
    unsigned long calls = 0, children = 0, stuck = 0, killed = 0;
};

volatile unsigned long* progress;  // calls made by the child; shared with it

// The call itself. A new thread or process (clone, clone3) ends at once: it may have no stack to return on.
long make_call(int number, const uint64_t (&arguments)[6]) {
    register long a0 asm("a0") = static_cast<long>(arguments[0]);
    register uint64_t a1 asm("a1") = arguments[1];
    register uint64_t a2 asm("a2") = arguments[2];
    register uint64_t a3 asm("a3") = arguments[3];
    register uint64_t a4 asm("a4") = arguments[4];
    register uint64_t a5 asm("a5") = arguments[5];
    register long a7 asm("a7") = number;
    asm volatile("ecall\n"
                 "bnez a0, 1f\n"
                 "li t0, 220\n"
                 "beq a7, t0, 2f\n"
                 "li t0, 435\n"
                 "bne a7, t0, 1f\n"
                 "2: li a7, 93\n"
                 "ecall\n"
                 "1:"
                 : "+r"(a0), "+r"(a7)
                 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                 : "t0", "memory");
    return a0;
}

const Call& choose(Random& random) {
    for (;;) {
        const Call& call = random.of(CALLS);
        if (!call.rare || random.one_in(20)) return call;
    }
}

void show(const Call& call, const uint64_t (&arguments)[6]) {
    char line[256];
    int length = snprintf(line, sizeof(line), "  %s(", call.name);
    for (size_t i = 0; i < strlen(call.kinds); i++)
        length += snprintf(line + length, sizeof(line) - static_cast<size_t>(length), "%s%#lx", i ? ", " : "", arguments[i]);
    length += snprintf(line + length, sizeof(line) - static_cast<size_t>(length), ")\n");
    write(LOG, line, static_cast<size_t>(length));
}

[[noreturn]] void run_chunk(uint64_t seed, bool verbose) {
    Random random(seed);
    setpgid(0, 0);
    if (verbose) dup2(STDERR_FILENO, LOG);
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(nowhere, fd);
    Arguments values(random);
    for (unsigned long i = 0; i < CHUNK; i++) {
        const Call& call = choose(random);
        uint64_t arguments[6] = {};
        for (size_t k = 0; call.kinds[k]; k++)
            arguments[k] = values.of(call.kinds[k]);
        if (verbose) show(call, arguments);
        *progress = *progress + 1;
        make_call(call.number, arguments);
        if (random.one_in(4)) values.stir();
    }
    _exit(0);
}

// Until it ends. One that gets no further is killed, and all that it has started. As the first process this one has to wait for
// orphans, too, and ends those that left the child's group: with a file of theirs open, what is mounted below would stay.
void wait_for(pid_t child, Totals& totals) {
    unsigned long seen = *progress;
    for (int looks = 0;;) {
        int status = 0;
        pid_t ended = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (ended == child && !WIFSTOPPED(status)) {
            totals.killed += WIFSIGNALED(status);
            break;
        }
        if (ended > 0 && ended != child) continue;
        timespec time{0, LOOK_NS};
        nanosleep(&time, nullptr);
        looks = *progress == seen ? looks + 1 : 0;
        seen = *progress;
        if (looks > (seen > 0 ? PATIENCE : PATIENCE_AT_START)) {
            totals.stuck++;
            kill(child, SIGKILL);
            looks = 0;
        }
    }
    bool is_first = getpid() == 1;
    kill(is_first ? -1 : -child, SIGKILL);
    while (waitpid(-1, nullptr, is_first ? 0 : WNOHANG) > 0) {
    }
}

// Of all that is mounted on the directory or on one below it.
void unmount_below(const std::string& path) {
    do {
        DIR* directory = opendir(path.c_str());
        if (!directory) return;
        while (const dirent* entry = readdir(directory))
            if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                unmount_below(path + "/" + entry->d_name);
        closedir(directory);
    } while (umount(path.c_str()) == 0);
}

void remove_directory(const std::string& path) {
    unmount_below(path);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", path.c_str(), nullptr);
        _exit(1);
    }
    waitpid(pid, nullptr, 0);
}

std::set<std::string> entries_of(const std::string& path) {
    std::set<std::string> names;
    DIR* directory = opendir(path.c_str());
    if (!directory) return names;
    while (const dirent* entry = readdir(directory))
        names.insert(entry->d_name);
    closedir(directory);
    return names;
}

// A chunk may leave its directory by "..": what was not there before, and what is mounted on it, goes after each run. Only
// as the first process, which has the machine to itself.
class Surroundings {
    std::map<std::string, std::set<std::string>> known_;

public:
    explicit Surroundings(const std::string& directory) {
        for (const std::string& place : {std::string("/"), directory + "/"})
            known_[place] = entries_of(place);
    }
    void restore() const {
        if (getpid() != 1) return;
        for (const auto& [place, names] : known_)
            for (const std::string& name : entries_of(place))
                if (!names.contains(name)) remove_directory(place + name);
    }
};

void run(const Options& options, Totals& totals) {
    for (unsigned long chunk = 0, made = 0; made < options.calls; chunk++) {
        if (options.chunk >= 0 && chunk < static_cast<unsigned long>(options.chunk)) {
            continue;
        }
        std::string path = options.directory + "/fuzz." + std::to_string(chunk);
        uint64_t seed = options.seed * 1'000'003 + chunk;
        if (options.verbose) fprintf(stderr, "chunk %lu\n", chunk);
        *progress = 0;
        if (mkdir(path.c_str(), 0755) != 0) {
            printf("%s: %s\n", path.c_str(), strerror(errno));
            exit(1);
        }
        pid_t child = fork();
        if (child == 0) {
            if (chdir(path.c_str()) != 0) {
                printf("%s: %s\n", path.c_str(), strerror(errno));
                fflush(stdout);
                _exit(1);
            }
            run_chunk(seed, options.verbose);
        }
        if (child < 0) {
            printf("fork: %s\n", strerror(errno));
            exit(1);
        }
        wait_for(child, totals);
        remove_directory(path);
        made += *progress;
        if (*progress == 0) {
            printf("chunk %lu made no call\n", chunk);
            exit(1);
        }
        totals.calls += *progress;
        totals.children++;
        if (options.chunk >= 0) return;
    }
}

unsigned long free_memory() {
    struct sysinfo info;
    return sysinfo(&info) == 0 ? info.freeram * info.mem_unit >> 10 : 0;
}

// What ends late gives its memory back a little later.
unsigned long settled_free_memory(unsigned long wanted) {
    for (int i = 0; i < 100 && free_memory() < wanted; i++) {
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        timespec time{0, 10'000'000};
        nanosleep(&time, nullptr);
    }
    return free_memory();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    Totals totals;
    for (int option; (option = getopt(argc, argv, "d:k:mn:s:v")) != -1;) {
        switch (option) {
        case 'd': options.directory = optarg; break;
        case 'k': options.chunk = atol(optarg); break;
        case 'm': options.memory = true; break;
        case 'n': options.calls = strtoul(optarg, nullptr, 0); break;
        case 's': options.seed = strtoul(optarg, nullptr, 0); break;
        case 'v': options.verbose = true; break;
        default: fprintf(stderr, "usage: fuzz [-m] [-n CALLS] [-s SEED] [-k CHUNK] [-d DIRECTORY] [-v]\n"); return 2;
        }
    }
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    progress = static_cast<volatile unsigned long*>(page);
    printf("seed %lu\n", options.seed);
    fflush(stdout);
    Surroundings surroundings(options.directory);
    run(options, totals);
    unsigned long before = 0, after = 0;
    for (int i = 0; options.memory && i < MOST_RUNS && (i == 0 || after < before); i++) {
        surroundings.restore();
        before = i == 0 ? settled_free_memory(~0ul) : after;
        run(options, totals);
        surroundings.restore();
        after = settled_free_memory(before);
    }
    printf("%lu calls by %lu processes; %lu were killed by a signal, %lu of them as they were stuck\n", totals.calls, totals.children,
           totals.killed, totals.stuck);
    if (options.memory) printf("%lu KiB free before the last run, %lu KiB after it\n", before, after);
    return after < before;
}
