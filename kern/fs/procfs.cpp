#include "fs/procfs.h"

#include "arch/contract.h"
#include "fs/mount.h"
#include "fs/ramfs.h"

namespace kern {

namespace {

constinit FileSystem procfs("proc", 0x9fa0, 13);

constexpr uint32_t DIRECTORY = static_cast<uint32_t>(InodeType::directory) | 0555;
constexpr uint32_t TEXT_FILE = static_cast<uint32_t>(InodeType::regular) | 0444;
constexpr uint32_t LINK = static_cast<uint32_t>(InodeType::symlink) | 0777;

// Collects text in pages; after the first failure the rest is dropped.
class VmoSink final : public TextSink {
public:
    explicit VmoSink(Vmo& vmo) : vmo_(vmo) {}
    void write(std::string_view text) override {
        if (result)
            if (auto written = vmo_.write(vmo_.size(), std::as_bytes(std::span(text))); !written)
                result = fail(written.error());
    }

    Result<> result;

private:
    Vmo& vmo_;
};

// THE FILES OF THE ROOT

void write_meminfo(TextSink& out) {
    size_t total = total_frame_count() * (PAGE_SIZE / 1024), free = free_frame_count() * (PAGE_SIZE / 1024);
    format_to(out, "MemTotal:       {8} kB\nMemFree:        {8} kB\nMemAvailable:   {8} kB\n", total, free, free);
    format_to(out, "Buffers:        {8} kB\nCached:         {8} kB\nSwapTotal:      {8} kB\nSwapFree:       {8} kB\n", 0, 0,
              0, 0);
}

void write_uptime(TextSink& out) {
    uint64_t hundredths = arch::now_ns() / 10'000'000;
    format_to(out, "{}.{02} 0.00\n", hundredths / 100, hundredths % 100);
}

struct SystemEntry {
    std::string_view name;
    void (*write)(TextSink& out);
};

constexpr SystemEntry SYSTEM_ENTRIES[] = {{"meminfo", write_meminfo}, {"mounts", write_mounts}, {"uptime", write_uptime}};

// THE FILES OF A PROCESS

struct ProcessEntry {
    std::string_view name;
    ProcessFile file;
};

constexpr ProcessEntry PROCESS_ENTRIES[] = {
    {"auxv", ProcessFile::auxv}, {"cmdline", ProcessFile::cmdline}, {"environ", ProcessFile::environ},
    {"maps", ProcessFile::maps}, {"stat", ProcessFile::stat},       {"status", ProcessFile::status},
};

// Inode numbers: one of the root's, or a process's number and one of these.
enum Number : uint64_t { ROOT = 1, SELF = 2, FIRST_SYSTEM = 3, PROCESS = 0, EXE = 1, CWD = 2, FIRST_PROCESS_FILE = 3 };
constexpr uint64_t number_of(int pid, uint64_t file) { return static_cast<uint64_t>(pid) << 8 | file; }

// A file whose text is made when it is opened, and stays as it was then.
template <typename Write>
class TextFile final : public Inode {
public:
    TextFile(uint64_t number, Write write) : Inode(procfs, TEXT_FILE, number), write_(write) {}
    Result<Ref<Vmo>> open_content() override {
        auto vmo = TRY(Vmo::create(0));
        VmoSink sink(*vmo);
        TRY(write_(sink));
        TRY(sink.result);
        return vmo;
    }

private:
    Write write_;
};

// A link whose text is made when it is read.
template <typename Read>
class TextLink final : public Inode {
public:
    TextLink(uint64_t number, Read read) : Inode(procfs, LINK, number), read_(read) {}
    Result<String> read_link() override { return read_(); }

private:
    Read read_;
};

template <typename Write>
Result<Ref<Inode>> make_text(uint64_t number, Write write) {
    return TRY(make_ref<TextFile<Write>>(number, write));
}

template <typename Read>
Result<Ref<Inode>> make_link(uint64_t number, Read read) {
    return TRY(make_ref<TextLink<Read>>(number, read));
}

class Digits {
public:
    explicit Digits(int number) { format_to(sink_, "{}", number); }
    std::string_view view() const { return sink_.view(); }

private:
    char text_[12];
    BufferSink sink_{text_};
};

// A process's number as /proc spells it: no sign, no leading zero. 0 when it is none.
int parse_pid(std::string_view name) {
    int pid = 0;
    if (name.size() > 9 || name.starts_with('0')) return 0;
    for (char c : name) {
        if (c < '0' || c > '9') return 0;
        pid = pid * 10 + (c - '0');
    }
    return pid;
}

Result<String> read_directory_link(int pid) {
    char buffer[512];
    auto directory = TRY(process_directory(pid));
    return String::copy(TRY(directory->path(buffer)));
}

class ProcessDirectory final : public Directory {
public:
    explicit ProcessDirectory(int pid) : Directory(procfs, DIRECTORY, number_of(pid, PROCESS)), pid_(pid) {}

    Result<Ref<Inode>> lookup(std::string_view name) override {
        int pid = pid_;
        if (!process_exists(pid)) return fail(Errno::ENOENT);
        if (name == "exe")
            return make_link(number_of(pid, EXE), [pid]() -> Result<String> {
                return String::copy(TRY(process_executable(pid))->path());
            });
        if (name == "cwd") return make_link(number_of(pid, CWD), [pid] { return read_directory_link(pid); });
        for (const ProcessEntry& entry : PROCESS_ENTRIES)
            if (entry.name == name)
                return make_text(number_of(pid, FIRST_PROCESS_FILE + static_cast<uint64_t>(&entry - PROCESS_ENTRIES)),
                                 [pid, file = entry.file](TextSink& out) { return write_process_file(pid, file, out); });
        return fail(Errno::ENOENT);
    }

    Result<> list(EntrySink& sink) override {
        for (uint64_t at = sink.position - FIRST_ENTRY; at < std::size(PROCESS_ENTRIES) + 2; at++) {
            bool is_link = at < 2;
            std::string_view name = at == 0 ? "cwd" : at == 1 ? "exe" : PROCESS_ENTRIES[at - 2].name;
            uint64_t file = at == 0 ? CWD : at == 1 ? EXE : FIRST_PROCESS_FILE + (at - 2);
            if (!sink.offer(name, number_of(pid_, file), is_link ? InodeType::symlink : InodeType::regular, FIRST_ENTRY + at + 1))
                break;
        }
        return {};
    }

private:
    int pid_;
};

class ProcRoot final : public Directory {
public:
    ProcRoot() : Directory(procfs, DIRECTORY, ROOT) {}

    Result<Ref<Inode>> lookup(std::string_view name) override {
        if (name == "self") return make_link(SELF, [] { return String::copy(Digits(calling_process()).view()); });
        for (const SystemEntry& entry : SYSTEM_ENTRIES)
            if (entry.name == name)
                return make_text(FIRST_SYSTEM + static_cast<uint64_t>(&entry - SYSTEM_ENTRIES),
                                 [write = entry.write](TextSink& out) { write(out); return Result<>(); });
        int pid = parse_pid(name);
        if (!pid || !process_exists(pid)) return fail(Errno::ENOENT);
        auto directory = TRY(make_ref<ProcessDirectory>(pid));
        directory->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
        return Ref<Inode>(directory);
    }

    // The system's files first, then the processes at FIRST_PROCESS plus their numbers.
    Result<> list(EntrySink& sink) override {
        constexpr uint64_t FIRST_PROCESS = 256;
        for (uint64_t at = sink.position - FIRST_ENTRY; at <= std::size(SYSTEM_ENTRIES); at++) {
            bool is_self = at == std::size(SYSTEM_ENTRIES);
            if (!sink.offer(is_self ? "self" : SYSTEM_ENTRIES[at].name, is_self ? uint64_t{SELF} : FIRST_SYSTEM + at,
                          is_self ? InodeType::symlink : InodeType::regular, FIRST_ENTRY + at + 1))
                return {};
        }
        int pid = sink.position > FIRST_PROCESS ? static_cast<int>(sink.position - FIRST_PROCESS) - 1 : 0;
        while ((pid = next_process(pid)) != 0)
            if (!sink.offer(Digits(pid).view(), number_of(pid, PROCESS), InodeType::directory,
                          FIRST_PROCESS + static_cast<uint64_t>(pid) + 1))
                break;
        return {};
    }
};

}  // namespace

Result<Ref<Directory>> make_procfs() { return Ref<Directory>(TRY(make_ref<ProcRoot>())); }

}  // namespace kern
