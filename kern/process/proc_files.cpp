// What /proc shows: see proc(5). A process that is going shows nothing where its space was.
#include "dev/board.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "fs/procfs.h"
#include "process/lifecycle.h"

constexpr uint64_t PAGE_KIB = PAGE_SIZE / 1024;

// What most files of a process need: the process, and its space (null: it has none).
struct View {
    Ref<Process> process;
    Ref<Vmar> vmar;
};

// A zombie is found, too.
static Result<View> view_of(ProcSubject subject) {
    Ref<Process> process = TRY(find_process(subject.pid));
    Ref<Vmar> vmar = process->lock_vmar().dup_vmar();
    return View{std::move(process), std::move(vmar)};
}

// What a ProcEntry wants, from a function that writes about the system, a process, or the space of one.
template <auto write>
static Result<> show(ProcSubject subject, TextSink& out) {
    if constexpr (std::is_invocable_v<decltype(write), TextSink&>) {
        write(out);
    } else {
        View view = TRY(view_of(subject));
        if constexpr (std::is_invocable_v<decltype(write), const View&, TextSink&>) write(view, out);
        else if (view.vmar) write(*view.vmar, out);
    }
    return {};
}

template <typename... Words>
static void write_words(TextSink& out, const Words&... words) { (format_to(out, " {}", words), ...); }

// THE SPACE OF A PROCESS

// "00400000-00452000 r-xp 00000000 00:01 17                                 /bin/sh"
static void write_mapping(TextSink& out, const VmMapping& mapping, std::string_view name) {
    constexpr size_t NAME_COLUMN = 73;
    char buffer[NAME_COLUMN + 16];
    BufferSink line(buffer);
    auto* file = static_cast<File*>(mapping.file.get());
    uint64_t device = file ? file->inode().file_system().device : 0;
    format_to(line, "{08x}-{08x} {}{} {08x} {02x}:{02x} {} ", mapping.range.start.value, mapping.range.end.value,
              mapping.perms, mapping.is_private() ? 'p' : 's', mapping.vmo_offset, device >> 8, device & 0xff,
              file ? file->inode_number() : 0);
    while (!name.empty() && line.view().size() < NAME_COLUMN) line.write(" ");
    format_to(out, "{}{}\n", line.view(), name);
}

static void write_maps(Vmar& vmar, TextSink& out) {
    VirtRange heap = vmar.process_vm().heap().range();
    vmar.for_each([&](const VmMapping& mapping) { write_mapping(out, mapping, mapping_name(mapping, heap)); });
}

template <size_t (InitStackReader::*strings)(uint64_t, std::span<std::byte>) const>
static void write_strings(Vmar& vmar, TextSink& out) {
    InitStackReader reader(vmar.process_vm().init_stack(), vmar);
    std::byte buffer[256];
    uint64_t offset = 0;
    while (size_t size = (reader.*strings)(offset, std::span(buffer))) {
        out.write({reinterpret_cast<const char*>(buffer), size});
        offset += size;
    }
}

// The vector lies behind two arrays that end with a null each; the program may have changed them since.
static void write_auxv(Vmar& vmar, TextSink& out) {
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

// /proc/<pid>/mem. EIO where the process itself could not read, or write.
template <bool writes>
static Result<size_t> transfer(ProcSubject subject, uint64_t offset, UserBytes bytes) {
    Ref<Vmar> vmar = view_of(subject).value_or(View()).vmar;
    constexpr size_t UNIT = 512;
    return in_parts<UNIT>(0, vmar ? bytes.size : 0, [&](size_t done, size_t part) -> Result<size_t> {
        std::byte buffer[UNIT];
        VirtAddr at(offset + done);
        size_t taken = writes ? TRY(bytes.copy_out(buffer, done, part)) : vmar->read_bytes(at, {buffer, part});
        size_t given = writes ? vmar->write_bytes(at, {buffer, taken}) : TRY(bytes.copy_in(buffer, done, taken));
        return given ? Result<size_t>(given) : fail(Errno::EIO);
    });
}

// A PROCESS ITSELF

static std::string_view state_of(const View& view) {
    auto tree = lock_process_tree();
    UserThread* thread = tree->find_thread(view.process->pid());
    if (tree->is_zombie(*view.process)) return "Z (zombie)";
    if (view.process->lock()->is_stopped) return "T (stopped)";
    return thread && thread->is_sleeping() ? "S (sleeping)" : "R (running)";
}

static void write_comm(const View& view, TextSink& out) { format_to(out, "{}\n", view.process->lock()->name.data()); }

// The 52 fields of proc(5). 0 is what Linux shows, or what nobody counts.
static void write_stat(const View& view, TextSink& out) {
    Process& process = *view.process;
    auto tree = lock_process_tree();
    int group = tree->group(process), session = tree->session(process);
    auto terminal = session == tree->terminal.session ? tree->terminal : decltype(tree->terminal){0, -1};
    tree.unlock();
    auto state = process.lock();
    CommandName name = state->name;
    uint64_t threads = state->thread_count, limit = state->limits[resource::ADDRESS_SPACE].current;
    CpuTime own = state->cpu_time(), children = state->children_time;
    state.unlock();
    ProcessVm no_space(nullptr, Layout());
    ProcessVm& vm = view.vmar ? view.vmar->process_vm() : no_space;
    VirtRange arguments = vm.init_stack().arg_strings(), environment = vm.init_stack().env_strings();
    format_to(out, "{} ({}) {}", process.pid(), name.data(), state_of(view).front());
    write_words(out, process.parent_pid(), group, session, terminal.session ? device_number_of(5, 1) : 0, terminal.group,
                0, 0, 0, 0, 0,  // flags, faults
                own.user_ns / NS_PER_TICK, own.kernel_ns / NS_PER_TICK, children.user_ns / NS_PER_TICK,
                children.kernel_ns / NS_PER_TICK, 20, 0, threads, 0, process.start_ns / NS_PER_TICK,  // 20: priority
                view.vmar ? view.vmar->total_bytes() : 0, view.vmar ? view.vmar->resident_pages().total() : 0, limit,
                vm.code.start.value, vm.code.end.value, vm.init_stack().user_sp().value, 0, 0,
                0, 0, 0, 0, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, 0,  // signals: see status
                vm.data.start.value, vm.data.end.value, vm.heap().range().start.value, arguments.start.value,
                arguments.end.value, environment.start.value, environment.end.value, 0);
    out.write("\n");
}

static void write_status(const View& view, TextSink& out) {
    Process& process = *view.process;
    auto state = process.lock();
    CommandName name = state->name;
    uint64_t threads = state->thread_count;
    state.unlock();
    format_to(out, "Name:\t{}\nState:\t{}\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\n", name.data(), state_of(view), process.pid(),
              process.pid(), process.parent_pid());
    out.write("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
    if (view.vmar) {
        ResidentPages resident = view.vmar->resident_pages();
        uint64_t locked = 0;
        view.vmar->for_each([&](const VmMapping& item) { locked += item.marks & mark::LOCKED ? item.range.size() : 0; });
        format_to(out, "VmSize:\t{8} kB\nVmLck:\t{8} kB\nVmRSS:\t{8} kB\nRssAnon:\t{8} kB\nRssFile:\t{8} kB\n",
                  view.vmar->total_bytes() / 1024, locked / 1024, resident.total() * PAGE_KIB, resident.anon * PAGE_KIB,
                  resident.file * PAGE_KIB);
    }
    format_to(out, "Threads:\t{}\n", threads);
}

// ITS FILES, and the numbers in directories

static Result<Ref<File>> executable_of(ProcSubject subject) {
    View view = TRY(view_of(subject));
    BackingFile* file = view.vmar ? view.vmar->process_vm().executable_file().get() : nullptr;
    return file ? Result<Ref<File>>(Ref<File>::share(static_cast<File*>(file))) : fail(Errno::ENOENT);
}

static Result<Ref<File>> directory_of(ProcSubject subject) {
    Ref<File> file = *TRY(view_of(subject)).process->files.directory.lock();
    return file ? Result<Ref<File>>(file) : fail(Errno::ENOENT);
}

static Result<Ref<File>> descriptor_of(ProcSubject subject) {
    return TRY(view_of(subject)).process->files.table.get(subject.number);
}

// The path a file was opened by, or what it is when it has none.
template <Result<Ref<File>> (*find)(ProcSubject)>
static Result<> show_path(ProcSubject subject, TextSink& out) {
    Ref<File> file = TRY(find(subject));
    char buffer[512];
    if (auto path = file->path(buffer)) out.write(*path);
    else format_to(out, "{}:[{}]", file->inode().is(InodeType::fifo) ? "pipe" : "anon_inode", file->inode_number());
    return {};
}

static int next_descriptor(ProcSubject subject, int first) {
    auto view = view_of(subject);
    return view ? view->process->files.table.next_open(first) : -1;
}

static int next_process(ProcSubject, int first) {
    auto tree = lock_process_tree();
    for (int pid = std::max(first, INIT_PID); pid < PID_LIMIT; pid++)
        if (tree->find(pid)) return pid;
    return -1;
}

// THE SYSTEM

static void write_meminfo(TextSink& out) {
    uint64_t total = total_frame_count() * PAGE_KIB, free = free_frame_count() * PAGE_KIB;
    format_to(out, "MemTotal:       {8} kB\nMemFree:        {8} kB\nMemAvailable:   {8} kB\n", total, free, free);
    out.write("Buffers: 0 kB\nCached: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
}

static void write_uptime(TextSink& out) {
    uint64_t up = arch::now_ns() / NS_PER_TICK, idle = Scheduler::idle_ns() / NS_PER_TICK;
    format_to(out, "{}.{02} {}.{02}\n", up / 100, up % 100, idle / 100, idle % 100);
}

static void write_cpuinfo(TextSink& out) {
    for (unsigned hart = 0; hart < Scheduler::hart_count(); hart++)
        format_to(out, "processor\t: {}\nhart\t\t: {}\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\n\n", hart, hart);
}

// All harts together: "cpu  busy 0 0 idle ..."
static void write_system_stat(TextSink& out) {
    uint64_t all = arch::now_ns() * Scheduler::hart_count() / NS_PER_TICK;
    uint64_t idle = std::min(Scheduler::idle_ns() / NS_PER_TICK, all);
    format_to(out, "cpu  {} 0 0 {} 0 0 0 0 0 0\n", all - idle, idle);
    format_to(out, "intr 0\nctxt 0\nbtime {}\nprocesses {}\nprocs_blocked 0\n",
              (dev::wall_clock_ns() - arch::now_ns()) / 1'000'000'000, lock_process_tree()->last_number());
}

// THE TABLES

constexpr auto DIRECTORY = InodeType::directory, LINK = InodeType::symlink;

template <auto write>
static constexpr ProcEntry text(std::string_view name, uint32_t permissions = 0444, InodeType type = InodeType::regular) {
    return {.name = name, .type = type, .permissions = permissions, .show = show<write>};
}
template <Result<Ref<File>> (*find)(ProcSubject)>
static constexpr ProcEntry file_link(std::string_view name) {
    return {.name = name, .type = LINK, .permissions = 0777, .show = show_path<find>, .leads_to = find};
}

constexpr ProcEntry DESCRIPTOR = file_link<descriptor_of>("");

constexpr ProcEntry PROCESS_ENTRIES[] = {
    {.name = "fd", .type = DIRECTORY, .permissions = 0500, .numbered = &DESCRIPTOR, .next_number = next_descriptor},
    {.name = "mem", .permissions = 0600, .read = transfer<false>, .write = transfer<true>},
    text<write_auxv>("auxv", 0400),
    text<write_strings<&InitStackReader::argv>>("cmdline"),
    text<write_strings<&InitStackReader::envp>>("environ", 0400),
    text<write_comm>("comm"), text<write_maps>("maps"), text<write_mounts>("mounts"),
    text<write_stat>("stat"), text<write_status>("status"),
    file_link<directory_of>("cwd"), file_link<executable_of>("exe"),
    text<[](TextSink& out) { out.write("/"); }>("root", 0777, LINK),
};
constexpr ProcEntry PROCESS = {.type = DIRECTORY, .entries = PROCESS_ENTRIES};

constexpr ProcEntry SYSTEM_ENTRIES[] = {
    text<[](TextSink& out) { format_to(out, "{}\n", boot_command_line()); }>("cmdline"),
    text<write_cpuinfo>("cpuinfo"),
    text<[](TextSink& out) { out.write("nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n\text2\n"); }>("filesystems"),
    text<write_meminfo>("meminfo"), text<write_system_stat>("stat"), text<write_uptime>("uptime"),
    text<[](TextSink& out) { out.write("Linux version 6.12.0-astrolabe (astrolabe) #1 Astrolabe\n"); }>("version"),
    text<[](TextSink& out) { out.write("self/mounts"); }>("mounts", 0777, LINK),
    text<[](TextSink& out) { format_to(out, "{}", current_process().pid()); }>("self", 0777, LINK),
};

constinit const ProcEntry PROC_ROOT = {
    .type = DIRECTORY, .entries = SYSTEM_ENTRIES, .numbered = &PROCESS, .next_number = next_process};
