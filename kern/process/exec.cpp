#include "fs/tree.h"
#include "process/futex.h"
#include "process/lifecycle.h"

constexpr uint32_t ADDR_NO_RANDOMIZE = 0x40000;  // of personality(2)

static Result<Ref<File>> open_program(std::string_view path) {
    return open_executable(current_process().files.working_directory(), path);
}

// SCRIPTS. Their first line:  #! /path/of/interpreter one optional argument     (execve(2), "Interpreter scripts")

constexpr size_t SCRIPT_LINE_LIMIT = 255;  // bytes of the line; one more of the file is looked at, which may be its end
constexpr unsigned SCRIPT_DEPTH = 5;       // scripts whose interpreter is a script

// Puts what the first line of a file's first bytes says in the place of argv[0], which the script's own path replaces
// as the interpreter's argument; all that follows the interpreter is one argument. Returns the interpreter.
//     script a b    ->    interpreter [argument] path-of-script a b
// ENOEXEC: the line names no interpreter, or the name is cut off.
static Result<std::string_view> insert_script_words(ArgBlock& argv, std::string_view start, std::string_view script) {
    constexpr std::string_view BLANKS = " \t";
    std::string_view line = start.substr(2, std::min(start.find_first_of(std::string_view("\n\0", 2)), SCRIPT_LINE_LIMIT) - 2);
    bool is_cut = line.size() == SCRIPT_LINE_LIMIT - 2 && start.size() > SCRIPT_LINE_LIMIT && start.back() != '\n';
    line.remove_prefix(std::min(line.find_first_not_of(BLANKS), line.size()));
    size_t end = std::min(line.find_first_of(BLANKS), line.size());
    if (line.empty() || (is_cut && end == line.size())) return fail(Errno::ENOEXEC);
    std::string_view interpreter = line.substr(0, end), argument = line.substr(end);
    argument.remove_prefix(std::min(argument.find_first_not_of(BLANKS), argument.size()));
    argument = argument.substr(0, argument.find_last_not_of(BLANKS) + 1);
    argv.pop_front();
    TRY(argv.push_front(script));
    if (!argument.empty()) TRY(argv.push_front(argument));
    TRY(argv.push_front(interpreter));
    return interpreter;
}

// The file that is no script at the end of the chain that begins at `path`.
static Result<Ref<File>> resolve_scripts(std::string_view path, ArgBlock& argv) {
    String current = TRY(String::copy(path));
    for (unsigned depth = 0; depth <= SCRIPT_DEPTH; depth++) {
        Ref<File> file = TRY(open_program(current.view()));
        char start[SCRIPT_LINE_LIMIT + 1];
        Ref<Vmo> vmo = file->vmo();
        size_t size = vmo ? TRY(vmo->read(0, std::as_writable_bytes(std::span(start)))) : 0;
        if (!std::string_view(start, size).starts_with("#!")) return file;
        current = TRY(String::copy(TRY(insert_script_words(argv, {start, size}, current.view()))));
    }
    return fail(Errno::ELOOP);
}

static Result<Program> read_program(Ref<File> file) {
    Program program{TRY(read_elf(std::move(file))), std::nullopt};
    if (program.image.interpreter.empty()) return program;
    auto interpreter = read_elf(TRY(open_program(program.image.interpreter.view())));
    if (!interpreter) return fail(interpreter.error() == Errno::ENOEXEC ? Errno::ELIBBAD : interpreter.error());
    program.interpreter = std::move(*interpreter);
    return program;
}

// The other threads end, and this one becomes the first. EAGAIN: another was faster.
static Result<> become_only_thread(UserThread& self) {
    Process& process = self.process();
    if (!process.end_threads(&self, 0)) return fail(Errno::EAGAIN);
    process.events.wait_uninterruptibly([&] { return process.lock()->thread_count == 1; });
    auto tree = lock_process_tree();
    tree->make_first(self);
    process.lock()->survivor = nullptr;
    return {};
}

// The process becomes the new program. Only another thread's end of it can still come before.
static Result<> commit(Ref<Vmar> vmar, VirtAddr entry, std::string_view path) {
    UserThread& thread = current_user_thread();
    Process& process = thread.process();
    TRY(become_only_thread(thread));
    release_user_words(thread);
    VirtAddr sp = vmar->process_vm().init_stack().user_sp();
    Ref<Vmar> old;
    {
        ProcessVmarGuard guard = process.lock_vmar();
        old = unshare_and_renew_vmar(thread, guard, std::move(vmar));
    }
    lock_process_tree()->wake_parent(process);
    process.files.table.close_for_exec();
    thread.signal_stack = {};
    arch::reset_user_state(thread.context, entry, sp);
    auto state = process.lock();
    state->name = {};
    path.substr(path.rfind('/') + 1).copy(state->name.data(), state->name.size() - 1);
    reset_handlers(state->actions);
    return {};
}

Result<> exec(std::string_view path, ArgBlock argv, ArgBlock envp) {
    Process& process = current_process();
    StartInfo start{.argv = std::move(argv), .envp = std::move(envp), .exec_path = path};
    if (start.argv.count() == 0) TRY(start.argv.push(""));
    random_bytes(start.random);
    Program program = TRY(read_program(TRY(resolve_scripts(path, start.argv))));
    VmLimits limits = process.lock()->limits.vm();
    bool randomize = boot_args->randomize_maps && !(process.lock()->personality & ADDR_NO_RANDOMIZE);
    Layout layout = Layout::choose(limits.stack, randomize ? Randomize::yes : Randomize::no);
    auto [vmar, entry] = TRY(new_vmar_and_map(program, start, layout, limits));
    return commit(std::move(vmar), entry, path);
}
