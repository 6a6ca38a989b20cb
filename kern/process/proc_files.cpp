// What /proc shows: see proc(5). A process that is going shows nothing where its space was.
#include "base/boot_args.h"
#include "dev/board.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "fs/procfs.h"
#include "mm/user_copy.h"
#include "process/process_tree.h"

namespace kern {

namespace {

constexpr uint64_t KIB = 1024, PAGE_KIB = PAGE_SIZE / KIB;
constexpr uint64_t TICK_NS = 10'000'000;  // times are in hundredths of a second

// What most files of a process need: the process, its space (null: it has none), and whose number is shown: its own, or
// that of one of its threads.
struct View {
    Ref<Process> process;
    Ref<Vmar> vmar;
    int id = 0;
};

// A zombie is found, too.
Result<View> view_of(ProcSubject subject) {
    auto tree = lock_process_tree();
    auto process = Ref<Process>::share(tree->find(subject.pid));
    tree.unlock();
    if (!process) return fail(Errno::ESRCH);
    Ref<Vmar> vmar = process->lock_vmar().dup_vmar();
    return View{std::move(process), std::move(vmar), subject.number ? subject.number : subject.pid};
}

template <void (*write)(const View&, TextSink&)>
Result<> of_process(ProcSubject subject, TextSink& out) {
    write(TRY(view_of(subject)), out);
    return {};
}

template <void (*write)(Vmar&, TextSink&)>
Result<> of_space(ProcSubject subject, TextSink& out) {
    if (View view = TRY(view_of(subject)); view.vmar)
        write(*view.vmar, out);
    return {};
}

template <void (*write)(TextSink&)>
Result<> of_system(ProcSubject, TextSink& out) {
    write(out);
    return {};
}

// THE SPACE OF A PROCESS

// "00400000-00452000 r-xp 00000000 00:01 17                                 /bin/sh"
void write_mapping(TextSink& out, const VmMapping& mapping, VirtRange heap) {
    constexpr int NAME_COLUMN = 73;
    char buffer[128];
    BufferSink line(buffer);
    auto* file = static_cast<File*>(mapping.file.get());
    uint64_t device = file ? file->inode().file_system().device : 0;
    format_to(line, "{08x}-{08x} {}{} {08x} {02x}:{02x} {} ", mapping.range.start.value, mapping.range.end.value,
              mapping.perms, mapping.is_private() ? 'p' : 's', mapping.vmo_offset, device >> 8, device & 0xff,
              file ? file->inode_number() : 0);
    out.write(line.view());
    if (std::string_view name = mapping_name(mapping, heap); !name.empty()) {
        for (size_t column = line.view().size(); column < NAME_COLUMN; column++)
            out.write(" ");
        out.write(name);
    }
    out.write("\n");
}

void write_maps(Vmar& vmar, TextSink& out) {
    VirtRange heap = vmar.process_vm().heap().range();
    vmar.for_each([&](const VmMapping& mapping) { write_mapping(out, mapping, heap); });
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

template <size_t (InitStackReader::*strings)(uint64_t, std::span<std::byte>) const>
void write_strings(Vmar& vmar, TextSink& out) {
    InitStackReader reader = vmar.process_vm().init_stack().reader(vmar);
    copy_out(out, [&](uint64_t offset, std::span<std::byte> to) { return (reader.*strings)(offset, to); });
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

// Pages, by what they are for.
struct SpaceSizes {
    uint64_t total = 0, resident = 0, anon = 0, file = 0, data = 0, stack = 0, code = 0;
};

SpaceSizes sizes_of(Vmar* vmar) {
    SpaceSizes sizes;
    if (!vmar) return sizes;
    ResidentPages resident = vmar->resident_pages();
    sizes = {.total = vmar->total_bytes() / PAGE_SIZE, .resident = resident.total(), .anon = resident.anon, .file = resident.file,
             .code = (vmar->process_vm().code.size() + PAGE_SIZE - 1) / PAGE_SIZE};
    vmar->for_each([&](const VmMapping& mapping) {
        if (mapping.kind == MappingKind::stack)
            sizes.stack += mapping.range.size() / PAGE_SIZE;
        else if (mapping.is_private() && mapping.perms.has(Perms::W))
            sizes.data += mapping.range.size() / PAGE_SIZE;
    });
    return sizes;
}

void write_statm(const View& view, TextSink& out) {
    SpaceSizes sizes = sizes_of(view.vmar.get());
    format_to(out, "{} {} {} {} 0 {} 0\n", sizes.total, sizes.resident, sizes.file, sizes.code, sizes.data + sizes.stack);
}

// /proc/<pid>/mem: EIO where the process itself could not read, or write.
template <bool writes>
Result<size_t> transfer(ProcSubject subject, uint64_t offset, UserBytes bytes) {
    Ref<Vmar> vmar = view_of(subject).value_or(View()).vmar;
    std::byte buffer[512];
    for (size_t done = 0; done < bytes.size;) {
        std::span part(buffer, std::min(bytes.size - done, sizeof(buffer)));
        if (writes && bytes.copy_out(buffer, done, part.size()) < part.size())
            return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        VirtAddr at(offset + done);
        size_t copied = !vmar ? 0 : writes ? vmar->write_bytes(at, part) : vmar->read_bytes(at, part);
        if (!writes && bytes.copy_in(buffer, done, copied) < copied)
            return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        done += copied;
        if (copied < part.size()) return done || !vmar ? Result<size_t>(done) : fail(Errno::EIO);
    }
    return bytes.size;
}

// A PROCESS ITSELF

struct State {
    char letter;
    std::string_view word;
};

State state_of(const View& view) {
    if (lock_process_tree()->is_zombie(*view.process)) return {'Z', "zombie"};
    return view.process.get() == &current_process() ? State{'R', "running"} : State{'S', "sleeping"};
}

struct SignalSets {
    SignalSet pending, ignored, caught;
};

SignalSets signals_of(Process& process) {
    auto state = process.lock();
    SignalSets sets{state->signals.pending, {}, {}};
    for (int number = 1; number <= SIGNAL_COUNT; number++) {
        uint64_t handler = state->signals.action(number).handler;
        SignalSet& set = handler == SignalAction::IGNORE ? sets.ignored : sets.caught;
        if (handler != SignalAction::DEFAULT)
            set = set | SignalSet::of(number);
    }
    return sets;
}

void write_comm(const View& view, TextSink& out) { format_to(out, "{}\n", view.process->lock()->name.data()); }

void write_stat(const View& view, TextSink& out) {
    Process& process = *view.process;
    auto tree = lock_process_tree();
    int group = tree->group(process), session = tree->session(process);
    tree.unlock();
    CommandName name = process.lock()->name;
    TerminalOwner owner = terminal_owner();
    bool has_terminal = owner.session && owner.session == session;
    format_to(out, "{} ({}) {} {} {} {} {} {} 0 0 0 0 0 ", view.id, name.data(), state_of(view).letter, process.parent_pid(),
              group, session, has_terminal ? device_number_of(5, 1) : 0, has_terminal ? owner.group : -1);
    format_to(out, "{} {} {} {} 20 0 {} 0 {} ", 0, 0, 0, 0, 1, 0);  // times, threads, start
    Vmar* vmar = view.vmar.get();
    ProcessVm* vm = vmar ? &vmar->process_vm() : nullptr;
    VirtRange code = vm ? vm->code : VirtRange(), data = vm ? vm->data : VirtRange();
    format_to(out, "{} {} {} {} {} {} 0 0 ", vmar ? vmar->total_bytes() : 0, vmar ? vmar->resident_pages().total() : 0,
              process.lock()->limits[Resource::address_space].current, code.start.value, code.end.value,
              vm ? vm->init_stack().user_sp().value : 0);
    SignalSets sets = signals_of(process);
    format_to(out, "{} 0 {} {} 0 0 0 17 0 0 0 0 0 0 ", sets.pending.bits(), sets.ignored.bits(), sets.caught.bits());
    VirtRange args = vm ? vm->init_stack().arg_strings() : VirtRange(), env = vm ? vm->init_stack().env_strings() : args;
    format_to(out, "{} {} {} {} {} {} {} 0\n", data.start.value, data.end.value,
              vm ? vm->heap().range().start.value : 0, args.start.value, args.end.value, env.start.value, env.end.value);
}

void write_status(const View& view, TextSink& out) {
    Process& process = *view.process;
    CommandName name = process.lock()->name;
    State state = state_of(view);
    uint32_t umask = process.files.umask.load();
    format_to(out, "Name:\t{}\nUmask:\t0{}{}{}\nState:\t{} ({})\n", name.data(), umask >> 6, umask >> 3 & 7, umask & 7,
              state.letter, state.word);
    format_to(out, "Tgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n",
              process.pid(), view.id, process.parent_pid());
    if (view.vmar) {
        SpaceSizes sizes = sizes_of(view.vmar.get());
        const std::pair<std::string_view, uint64_t> LINES[] = {
            {"VmSize", sizes.total}, {"VmRSS", sizes.resident}, {"RssAnon", sizes.anon}, {"RssFile", sizes.file},
            {"VmData", sizes.data},  {"VmStk", sizes.stack},    {"VmExe", sizes.code},   {"VmSwap", 0},
        };
        for (auto [what, pages] : LINES)
            format_to(out, "{}:\t{8} kB\n", what, pages * PAGE_KIB);
    }
    SignalSets sets = signals_of(process);
    format_to(out, "Threads:\t{}\nShdPnd:\t{016x}\nSigIgn:\t{016x}\nSigCgt:\t{016x}\n", 1, sets.pending.bits(),
              sets.ignored.bits(), sets.caught.bits());
}

// ITS FILES AND PLACES

Result<Ref<File>> executable_of(ProcSubject subject) {
    View view = TRY(view_of(subject));
    BackingFile* file = view.vmar ? view.vmar->process_vm().executable_file().get() : nullptr;
    return file ? Result<Ref<File>>(Ref<File>::share(static_cast<File*>(file))) : fail(Errno::ENOENT);
}

Result<Ref<File>> descriptor_of(ProcSubject subject) { return TRY(view_of(subject)).process->files.table.get(subject.number); }

// The path a file was opened by, or what it is when it has none.
template <Result<Ref<File>> (*find)(ProcSubject)>
Result<> show_path(ProcSubject subject, TextSink& out) {
    Ref<File> file = TRY(find(subject));
    char buffer[512];
    if (auto path = file->path(buffer))
        out.write(*path);
    else
        format_to(out, "{}:[{}]", file->inode().is(InodeType::fifo) ? "pipe" : "anon_inode", file->inode_number());
    return {};
}

Result<> show_directory(ProcSubject subject, TextSink& out) {
    Ref<Directory> directory = TRY(view_of(subject)).process->files.working_directory();
    char buffer[512];
    out.write(TRY(directory ? directory->path(buffer) : fail(Errno::ENOENT)));
    return {};
}

int next_descriptor(ProcSubject subject, int first) {
    auto view = view_of(subject);
    return view ? view->process->files.table.next_open(first) : -1;
}

int next_thread(ProcSubject subject, int first) { return first <= subject.pid ? subject.pid : -1; }

int next_process(ProcSubject, int first) {
    auto tree = lock_process_tree();
    for (int pid = std::max(first, INIT_PID); pid < PID_LIMIT; pid++)
        if (tree->find(pid)) return pid;
    return -1;
}

// THE SYSTEM

void write_meminfo(TextSink& out) {
    uint64_t free = free_frame_count() * PAGE_KIB;
    const std::pair<std::string_view, uint64_t> LINES[] = {
        {"MemTotal:", total_frame_count() * PAGE_KIB}, {"MemFree:", free}, {"MemAvailable:", free}, {"Buffers:", 0},
        {"Cached:", 0}, {"SwapCached:", 0}, {"SwapTotal:", 0}, {"SwapFree:", 0},
    };
    for (auto [name, kib] : LINES) {
        out.write(name);
        for (size_t column = name.size(); column < 15; column++)
            out.write(" ");
        format_to(out, "{9} kB\n", kib);
    }
}

void write_uptime(TextSink& out) {
    uint64_t ticks = arch::now_ns() / TICK_NS;
    format_to(out, "{}.{02} 0.00\n", ticks / 100, ticks % 100);
}

void write_command_line(TextSink& out) { format_to(out, "{}\n", boot_command_line()); }

void write_version(TextSink& out) { out.write("Linux version 6.12.0-astrolabe (astrolabe) #1 Astrolabe\n"); }

void write_filesystems(TextSink& out) { out.write("nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n\text2\n"); }

void write_cpuinfo(TextSink& out) {
    for (unsigned hart = 0; hart < Scheduler::hart_count(); hart++)
        format_to(out, "processor\t: {}\nhart\t\t: {}\nisa\t\t: rv64imafdc_zicsr_zifencei\nmmu\t\t: sv39\n\n", hart, hart);
}

void write_loadavg(TextSink& out) { format_to(out, "0.00 0.00 0.00 1/{} 0\n", lock_process_tree()->count()); }

void write_system_stat(TextSink& out) {
    unsigned harts = Scheduler::hart_count();
    uint64_t ticks = arch::now_ns() / TICK_NS;
    format_to(out, "cpu  0 0 0 {} 0 0 0 0 0 0\n", ticks * harts);
    for (unsigned hart = 0; hart < harts; hart++)
        format_to(out, "cpu{} 0 0 0 {} 0 0 0 0 0 0\n", hart, ticks);
    format_to(out, "intr 0\nctxt 0\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\n",
              (dev::wall_clock_ns() - arch::now_ns()) / 1'000'000'000, lock_process_tree()->count());
}

Result<> show_self(ProcSubject, TextSink& out) {
    format_to(out, "{}", current_process().pid());
    return {};
}

Result<> show_thread_self(ProcSubject, TextSink& out) {
    format_to(out, "{}/task/{}", current_process().pid(), current_user_thread().tid());
    return {};
}

template <const char* target>
Result<> show_text(ProcSubject, TextSink& out) {
    out.write(target);
    return {};
}

// THE TABLES

using Show = Result<> (*)(ProcSubject, TextSink&);

constexpr ProcEntry text(std::string_view name, Show show, uint32_t permissions = 0444) {
    return {.name = name, .type = InodeType::regular, .permissions = permissions, .show = show};
}
constexpr ProcEntry link(std::string_view name, Show show, Result<Ref<File>> (*leads_to)(ProcSubject) = nullptr) {
    return {.name = name, .type = InodeType::symlink, .permissions = 0777, .show = show, .leads_to = leads_to};
}
constexpr ProcEntry directory(std::string_view name, ProcEntry what) {
    what.name = name;
    what.type = InodeType::directory;
    return what;
}

constexpr char ROOT_PATH[] = "/", MOUNTS_PATH[] = "self/mounts";
constexpr ProcEntry DESCRIPTOR = link("", show_path<descriptor_of>, descriptor_of);

extern const ProcEntry THREAD;

constexpr ProcEntry PROCESS_ENTRIES[] = {
    directory("task", {.numbered = &THREAD, .next_number = next_thread}),
    directory("fd", {.permissions = 0500, .numbered = &DESCRIPTOR, .next_number = next_descriptor}),
    {.name = "mem", .type = InodeType::regular, .permissions = 0600, .read = transfer<false>, .write = transfer<true>},
    text("auxv", of_space<write_auxv>, 0400),
    text("cmdline", of_space<write_strings<&InitStackReader::argv>>),
    text("comm", of_process<write_comm>),
    text("environ", of_space<write_strings<&InitStackReader::envp>>, 0400),
    text("maps", of_space<write_maps>),
    text("mounts", of_system<write_mounts>),
    text("stat", of_process<write_stat>),
    text("statm", of_process<write_statm>),
    text("status", of_process<write_status>),
    link("cwd", show_directory),
    link("exe", show_path<executable_of>, executable_of),
    link("root", show_text<ROOT_PATH>),
};

constexpr ProcEntry THREAD = directory("", {.entries = std::span(PROCESS_ENTRIES).subspan(1)});
constexpr ProcEntry PROCESS = directory("", {.entries = PROCESS_ENTRIES});

constexpr ProcEntry SYSTEM_ENTRIES[] = {
    text("cmdline", of_system<write_command_line>),
    text("cpuinfo", of_system<write_cpuinfo>),
    text("filesystems", of_system<write_filesystems>),
    text("loadavg", of_system<write_loadavg>),
    text("meminfo", of_system<write_meminfo>),
    text("stat", of_system<write_system_stat>),
    text("uptime", of_system<write_uptime>),
    text("version", of_system<write_version>),
    link("mounts", show_text<MOUNTS_PATH>),
    link("self", show_self),
    link("thread-self", show_thread_self),
};

}  // namespace

constinit const ProcEntry PROC_ROOT = directory("", {.entries = SYSTEM_ENTRIES, .numbered = &PROCESS, .next_number = next_process});

}  // namespace kern
