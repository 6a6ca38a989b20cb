#include "fs/procfs.h"

#include "fs/mount.h"

struct ProcFileSystem final : FileSystem {
    using FileSystem::FileSystem;
    FileSystemSpace space() override { return {PAGE_SIZE, 0, 0, 0, 0}; }
};
static constinit ProcFileSystem procfs("proc", 0x9fa0, 13);

// Collects text in pages; after the first failure the rest is dropped.
struct VmoSink final : TextSink {
    explicit VmoSink(Vmo& vmo_) : vmo(vmo_) {}
    void write(std::string_view text) override {
        if (result) result = vmo.write(vmo.size(), std::as_bytes(std::span(text)));
    }

    Vmo& vmo;
    Result<size_t> result = 0;
};

// Each entry of the tables is an object of its own, so its place tells it from the others.
static uint64_t number_of(const ProcEntry& entry, ProcSubject subject) {
    uint64_t place = reinterpret_cast<uintptr_t>(&entry) / alignof(ProcEntry) & 0xffff;
    return static_cast<uint64_t>(subject.pid) << 40 | static_cast<uint64_t>(subject.number) << 16 | place;
}

static uint32_t mode_of(const ProcEntry& entry) { return static_cast<uint32_t>(entry.type) | entry.permissions; }

// A file or a link.
struct ProcFile final : Inode {
    ProcFile(const ProcEntry& entry, ProcSubject subject)
        : Inode(procfs, mode_of(entry), 1, number_of(entry, subject)), entry_(entry), subject_(subject) {}

    // The text is made when the file is opened, and stays as it was then.
    Result<Ref<Vmo>> open_content() override {
        if (!entry_.show) return Ref<Vmo>();
        auto text = TRY(Vmo::create(0));
        VmoSink sink(*text);
        TRY(entry_.show(subject_, sink));
        TRY(sink.result);
        return text;
    }
    Result<String> read_link() override {
        Ref<Vmo> text = TRY(open_content());
        FrameRef page = TRY(text->page(0));
        return String::copy({reinterpret_cast<const char*>(page->data()), std::min<size_t>(text->size(), PAGE_SIZE)});
    }
    Result<size_t> read(File&, uint64_t at, UserBytes to) override { return entry_.read(subject_, at, to); }
    Result<size_t> write(File&, uint64_t at, UserBytes from) override { return entry_.write(subject_, at, from); }
    Result<Ref<File>> linked_file() override { return entry_.leads_to ? entry_.leads_to(subject_) : Ref<File>(); }

    const ProcEntry& entry_;
    ProcSubject subject_;
};

struct ProcDirectory final : Directory {
    ProcDirectory(const ProcEntry& entry, ProcSubject subject)
        : Directory(procfs, mode_of(entry), 2, number_of(entry, subject)), entry_(entry), subject_(subject) {}

    // Numbers at the root are processes.
    ProcSubject numbered(int n) const { return subject_.pid ? ProcSubject{subject_.pid, n} : ProcSubject{n}; }

    Result<Ref<Inode>> make(std::string_view name, const ProcEntry& entry, ProcSubject subject) {
        if (entry.type != InodeType::directory) return Ref<Inode>(TRY(make_ref<ProcFile>(entry, subject)));
        auto directory = TRY(make_ref<ProcDirectory>(entry, subject));
        directory->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
        return Ref<Inode>(directory);
    }

    Result<Ref<Inode>> lookup(std::string_view name) override {
        if (subject_.pid && PROC_ROOT.next_number({}, subject_.pid) != subject_.pid) return fail(Errno::ESRCH);
        for (const ProcEntry& entry : entry_.entries)
            if (entry.name == name) return make(name, entry, subject_);
        bool may_be_number = name.size() < 10 && (name == "0" || !name.starts_with('0'));
        auto number = static_cast<int>(may_be_number ? parse_number(name).value_or(INT32_MAX) : INT32_MAX);
        if (entry_.next_number(subject_, number) != number) return Ref<Inode>();
        return make(name, *entry_.numbered, numbered(number));
    }

    // The names first, then the numbers, each at a position of its own.
    Result<> list(EntrySink& sink) override {
        constexpr uint64_t FIRST_NUMBER = 256;
        for (uint64_t at = sink.position - FIRST_ENTRY; at < entry_.entries.size(); at++) {
            const ProcEntry& entry = entry_.entries[at];
            if (!sink.offer(entry.name, number_of(entry, subject_), entry.type, FIRST_ENTRY + at + 1)) return {};
        }
        int number = static_cast<int>(std::max(sink.position, FIRST_NUMBER) - FIRST_NUMBER);
        for (; (number = entry_.next_number(subject_, number)) >= 0; number++) {
            char name[12];
            BufferSink text(name);
            format_to(text, "{}", number);
            if (!sink.offer(text.view(), number_of(*entry_.numbered, numbered(number)), entry_.numbered->type,
                            FIRST_NUMBER + static_cast<uint64_t>(number) + 1))
                break;
        }
        return {};
    }

    const ProcEntry& entry_;
    ProcSubject subject_;
};

Result<Ref<Directory>> make_procfs() { return Ref<Directory>(TRY(make_ref<ProcDirectory>(PROC_ROOT, ProcSubject()))); }
