#include "process/exec.h"

#include "base/rng.h"
#include "fs/tree.h"
#include "process/process.h"
#include "process/script.h"

namespace kern {

namespace {

constexpr uint32_t ADDR_NO_RANDOMIZE = 0x40000;  // of personality(2)

Result<Ref<File>> open_program(std::string_view path) {
    return open_executable(current_process().files.working_directory(), path);
}

// Puts what a `#!` line says in the place of argv[0], which the script's own path replaces as the interpreter's argument:
//     script a b    ->    interpreter [argument] path-of-script a b
Result<> insert_script_words(ArgBlock& argv, const ScriptLine& line, std::string_view script) {
    argv.pop_front();
    TRY(argv.push_front(script));
    if (!line.argument.empty())
        TRY(argv.push_front(line.argument));
    return argv.push_front(line.interpreter);
}

// The file that is no script at the end of the chain that begins at `path`.
Result<Ref<File>> resolve_scripts(std::string_view path, ArgBlock& argv) {
    String current = TRY(String::copy(path));
    for (unsigned depth = 0; depth <= SCRIPT_DEPTH; depth++) {
        Ref<File> file = TRY(open_program(current.view()));
        char start[SCRIPT_LINE_LIMIT];
        Ref<Vmo> vmo = file->vmo();
        size_t size = vmo ? TRY(vmo->read(0, std::as_writable_bytes(std::span(start)))) : 0;
        if (!is_script({start, size}))
            return file;
        ScriptLine line = TRY(parse_script_line({start, size}));
        TRY(insert_script_words(argv, line, current.view()));
        current = TRY(String::copy(line.interpreter));
    }
    return fail(Errno::ELOOP);
}

Result<Program> read_program(Ref<File> file) {
    Program program{TRY(read_elf(std::move(file))), std::nullopt};
    if (program.image.interpreter.empty())
        return program;
    auto interpreter = read_elf(TRY(open_program(program.image.interpreter.view())));
    if (!interpreter)
        return fail(interpreter.error() == Errno::ENOEXEC ? Errno::ELIBBAD : interpreter.error());
    program.interpreter = std::move(*interpreter);
    return program;
}

Randomize randomize_of(Process& process) {
    return process.personality.load() & ADDR_NO_RANDOMIZE ? Randomize::no : Randomize::yes;
}

// Nothing can fail any more: the process becomes the new program.
void commit(Ref<Vmar> vmar, VirtAddr entry, std::string_view path) {
    UserThread& thread = current_user_thread();
    Process& process = thread.process();
    VirtAddr sp = vmar->process_vm().init_stack().user_sp();
    Ref<Vmar> old;
    {
        ProcessVmarGuard guard = process.lock_vmar();
        old = unshare_and_renew_vmar(thread, guard, std::move(vmar));
    }
    process.release_vfork_parent();
    process.files.table.close_for_exec();
    process.set_name(path);
    process.lock()->signals.reset_handlers();
    thread.set_child_tid = thread.clear_child_tid = VirtAddr();
    arch::reset_user_state(thread.context, entry, sp);
}

}  // namespace

Result<> exec(std::string_view path, ArgBlock argv, ArgBlock envp) {
    Process& process = current_process();
    StartInfo start{.argv = std::move(argv), .envp = std::move(envp), .exec_path = path};
    if (start.argv.count() == 0)
        TRY(start.argv.push(""));
    random_bytes(start.random);
    Program program = TRY(read_program(TRY(resolve_scripts(path, start.argv))));
    VmLimits limits = process.lock()->limits.vm();
    Layout layout = Layout::choose(limits.stack, randomize_of(process));
    auto [vmar, entry] = TRY(new_vmar_and_map(program, start, layout, limits));
    commit(std::move(vmar), entry, path);
    return {};
}

}  // namespace kern
