// Files come, grow, shrink, move and go, and what must be there after a crash is said.
#include "diskload.h"

namespace {

uint64_t state;

uint64_t random_number(uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
}

struct Load {
    struct Known {
        uint64_t key;
        size_t size;
    };
    std::map<std::string, Known> files;
    uint64_t next_key;
    unsigned process;

    std::string directory() {
        unsigned number = static_cast<unsigned>(random_number(4));
        std::string name = "p" + std::to_string(process) + "/d" + std::to_string(number);
        mkdir(("p" + std::to_string(process)).c_str(), 0755);
        mkdir(name.c_str(), 0755);
        return name;
    }
    std::string new_name() { return directory() + "/f" + std::to_string(random_number(40)); }
    std::string any() {
        if (files.empty())
            return "";
        auto place = files.begin();
        std::advance(place, static_cast<long>(random_number(files.size())));
        return place->first;
    }
    static void sync_directory(const std::string& name) {
        int fd = open(name.substr(0, name.rfind('/')).c_str(), O_RDONLY);
        CHECK(fd >= 0 && fsync(fd) == 0);
        close(fd);
    }

    static size_t any_size() {
        uint64_t kind = random_number(10);
        return random_number(kind < 5 ? 5'000 : kind < 9 ? 60'000 : 400'000);
    }

    void write_file() {
        std::string name = new_name();
        Known now{next_key++, any_size()};
        say("change %s\n", name.c_str());
        int fd = open(name.c_str(), O_RDWR | O_CREAT | (random_number(2) ? O_TRUNC : 0), 0644);
        CHECK(fd >= 0);
        write_all(fd, content(now.key, now.size), 0);
        CHECK(ftruncate(fd, static_cast<off_t>(now.size)) == 0);
        files[name] = now;
        if (random_number(3)) {
            CHECK(fsync(fd) == 0);
            say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        }
        close(fd);
    }

    void grow_or_shrink() {
        std::string name = any();
        if (name.empty())
            return;
        Known& now = files[name];
        say("change %s\n", name.c_str());
        int fd = open(name.c_str(), O_RDWR);
        CHECK(fd >= 0);
        if (random_number(2)) {
            size_t more = random_number(30'000);
            std::string all = content(now.key, now.size + more);
            write_all(fd, all.substr(now.size), static_cast<off_t>(now.size));
            now.size += more;
        } else {
            now.size = random_number(now.size + 1);
            CHECK(ftruncate(fd, static_cast<off_t>(now.size)) == 0);
        }
        if (random_number(2)) {
            CHECK(fsync(fd) == 0);
            say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        }
        close(fd);
    }

    // The way programs replace a file so that the old one or the new one is there.
    void replace() {
        std::string name = any();
        if (name.empty())
            return;
        std::string spare = directory() + "/new";
        Known now{next_key++, any_size()};
        int fd = open(spare.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
        CHECK(fd >= 0);
        write_all(fd, content(now.key, now.size), 0);
        CHECK(fsync(fd) == 0);
        close(fd);
        say("either %s %lx %zu\n", name.c_str(), now.key, now.size);
        CHECK(rename(spare.c_str(), name.c_str()) == 0);
        sync_directory(name);
        say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        files[name] = now;
    }

    void move() {
        std::string from = any(), to = new_name();
        if (from.empty() || from == to)
            return;
        say("change %s\nchange %s\n", from.c_str(), to.c_str());
        CHECK(rename(from.c_str(), to.c_str()) == 0);
        Known now = files[from];
        files.erase(from);
        files[to] = now;
        int fd = open(to.c_str(), O_RDWR);
        CHECK(fd >= 0 && fsync(fd) == 0);
        close(fd);
        sync_directory(to);
        say("whole %s %lx %zu\n", to.c_str(), now.key, now.size);
    }

    void remove() {
        std::string name = any();
        if (name.empty())
            return;
        say("change %s\n", name.c_str());
        CHECK(unlink(name.c_str()) == 0);
        files.erase(name);
    }

    void other_names() {
        std::string name = any(), link_name = directory() + "/l" + std::to_string(random_number(10));
        if (name.empty())
            return;
        if (unlink(link_name.c_str()) != 0)
            CHECK(random_number(2) ? link(name.c_str(), link_name.c_str()) == 0
                                   : symlink(std::string(random_number(200) + 1, 'x').c_str(), link_name.c_str()) == 0);
    }

    void directories() {
        std::string name = directory() + "/s" + std::to_string(random_number(5));
        if (mkdir(name.c_str(), 0755) != 0)
            CHECK(rmdir(name.c_str()) == 0);
    }

    void run(unsigned steps) {
        for (unsigned i = 0; i < steps; i++) {
            uint64_t kind = random_number(100);
            kind < 35   ? write_file()
            : kind < 55 ? grow_or_shrink()
            : kind < 70 ? replace()
            : kind < 78 ? move()
            : kind < 88 ? remove()
            : kind < 95 ? other_names()
                        : directories();
        }
        check();
    }

    // Everything is as it was written, synced or not.
    void check() {
        for (auto& [name, now] : files) {
            int fd = open(name.c_str(), O_RDONLY);
            CHECK(fd >= 0);
            CHECK(read_all(fd, now.size + 1) == content(now.key, now.size));
            close(fd);
        }
    }
};

}  // namespace

int load(uint64_t seed, unsigned steps) {
    constexpr unsigned PROCESSES = 2;
    for (unsigned process = 0; process < PROCESSES; process++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            state = seed * 1000 + process;
            Load{{}, (seed << 32) + process * 1'000'000, process}.run(steps);
            _exit(0);
        }
    }
    int status, failures = 0;
    while (wait(&status) >= 0)
        failures += status != 0;
    say("done\n");
    return failures != 0;
}
