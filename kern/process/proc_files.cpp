// What /proc/<pid> shows: see proc(5). A process that is going shows nothing where its space was.
#include "base/string.h"
#include "fs/procfs.h"
#include "process/process_tree.h"

namespace kern {

namespace {

// Collects text while a lock is held that spins.
class StringSink final : public TextSink {
public:
    void write(std::string_view text) override {
        if (!text_.append(text))
            failed_ = true;
    }
    Result<> flush(TextSink& out) {
        if (failed_) return fail(Errno::ENOMEM);
        out.write(text_.view());
        return {};
    }
    size_t size() const { return text_.size(); }

private:
    String text_;
    bool failed_ = false;
};

// "00400000-00452000 r-xp 00000000 00:01 17                                 /bin/sh"
void write_mapping(StringSink& out, const VmMapping& mapping, VirtRange heap) {
    constexpr size_t NAME_COLUMN = 73;
    size_t start = out.size();
    format_to(out, "{08x}-{08x} {}{} {08x} {} {} ", mapping.range.start.value, mapping.range.end.value, mapping.perms,
              mapping.is_private() ? 'p' : 's', mapping.vmo_offset, mapping.file ? "00:01" : "00:00",
              mapping.file ? mapping.file->inode_number() : 0);
    if (std::string_view name = mapping_name(mapping, heap); !name.empty()) {
        while (out.size() - start < NAME_COLUMN)
            out.write(" ");
        out.write(name);
    }
    out.write("\n");
}

Result<> write_maps(Vmar& vmar, TextSink& out) {
    StringSink text;
    VirtRange heap = vmar.process_vm().heap().range();
    vmar.for_each([&](const VmMapping& mapping) { write_mapping(text, mapping, heap); });
    return text.flush(out);
}

// Copies what `read(offset, buffer)` gives until it gives nothing more.
template <typename Read>
void copy_out(TextSink& out, Read read) {
    std::byte buffer[256];
    uint64_t offset = 0;
    while (size_t size = read(offset, std::span(buffer))) {
        out.write({reinterpret_cast<const char*>(buffer), size});
        offset += size;
    }
}

// The vector lies behind two arrays that end with a null each; the program may have changed them since.
void write_auxv(Vmar& vmar, TextSink& out) {
    VirtAddr at = vmar.process_vm().init_stack().user_sp() + sizeof(uint64_t);
    auto next = [&](auto& to) {
        size_t size = vmar.read_bytes(at, std::as_writable_bytes(std::span(&to, 1)));
        at += size;
        return size == sizeof(to);
    };
    uint64_t word = 0;
    for (int nulls = 0; nulls < 2; nulls += word == 0)
        if (!next(word)) return;
    for (AuxEntry entry{1, 0}; entry.key && next(entry);)
        out.write({reinterpret_cast<const char*>(&entry), sizeof(entry)});
}

char state_of(Process& process) { return &process == &current_process() ? 'R' : 'S'; }

void write_stat(Process& process, Vmar* vmar, TextSink& out) {
    auto tree = lock_process_tree();
    int group = tree->group(process), session = tree->session(process);
    tree.unlock();
    CommandName name = process.lock()->name;
    format_to(out, "{} ({}) {} {} {} {} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 ", process.pid(), name.data(), state_of(process),
              process.parent_pid(), group, session);
    VirtRange code = vmar ? vmar->process_vm().code : VirtRange();
    format_to(out, "{} {} {} {} {} {} ", vmar ? vmar->total_bytes() : 0, vmar ? vmar->resident_pages().total() : 0,
              process.lock()->limits[Resource::address_space].current, code.start.value, code.end.value,
              vmar ? vmar->process_vm().init_stack().user_sp().value : 0);
    format_to(out, "0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
}

void write_status(Process& process, Vmar* vmar, TextSink& out) {
    constexpr uint64_t KIB = 1024, PAGE_KIB = PAGE_SIZE / KIB;
    CommandName name = process.lock()->name;
    char state = state_of(process);
    format_to(out, "Name:\t{}\nState:\t{} ({})\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n",
              name.data(), state, state == 'R' ? "running" : "sleeping", process.pid(), process.pid(),
              process.parent_pid());
    if (vmar) {
        ResidentPages pages = vmar->resident_pages();
        format_to(out, "VmSize:\t{8} kB\nVmRSS:\t{8} kB\nRssAnon:\t{8} kB\nRssFile:\t{8} kB\n", vmar->total_bytes() / KIB,
                  pages.total() * PAGE_KIB, pages.anon * PAGE_KIB, pages.file * PAGE_KIB);
    }
    format_to(out, "Threads:\t1\n");
}

}  // namespace

int calling_process() { return current_process().pid(); }

bool process_exists(int pid) { return find_process(pid).has_value(); }

int next_process(int pid) {
    int next = 0;
    lock_process_tree()->for_each([&](Process& process) {
        if (process.pid() > pid && !next)
            next = process.pid();
    });
    return next;
}

Result<> write_process_file(int pid, ProcessFile which, TextSink& out) {
    Ref<Process> process = TRY(find_process(pid));
    Ref<Vmar> vmar = process->lock_vmar().dup_vmar();
    if (which == ProcessFile::stat)
        write_stat(*process, vmar.get(), out);
    else if (which == ProcessFile::status)
        write_status(*process, vmar.get(), out);
    if (!vmar) return {};
    InitStackReader reader = vmar->process_vm().init_stack().reader(*vmar);
    if (which == ProcessFile::maps) return write_maps(*vmar, out);
    if (which == ProcessFile::auxv)
        write_auxv(*vmar, out);
    if (which == ProcessFile::cmdline)
        copy_out(out, [&](uint64_t offset, std::span<std::byte> to) { return reader.argv(offset, to); });
    if (which == ProcessFile::environ)
        copy_out(out, [&](uint64_t offset, std::span<std::byte> to) { return reader.envp(offset, to); });
    return {};
}

Result<Ref<BackingFile>> process_executable(int pid) {
    Ref<Process> process = TRY(find_process(pid));
    ProcessVmarGuard guard = process->lock_vmar();
    Vmar* vmar = guard.as_ref();
    return vmar && vmar->process_vm().executable_file() ? Result<Ref<BackingFile>>(vmar->process_vm().executable_file())
                                                         : fail(Errno::ENOENT);
}

Result<Ref<Directory>> process_directory(int pid) {
    Ref<Directory> directory = TRY(find_process(pid))->files.working_directory();
    return directory ? Result<Ref<Directory>>(std::move(directory)) : fail(Errno::ENOENT);
}

}  // namespace kern
