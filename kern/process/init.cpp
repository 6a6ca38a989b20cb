#include "fs/mount.h"
#include "fs/tree.h"
#include "process/lifecycle.h"

const BootArgs* boot_args;

constexpr unsigned FAILURE = 1;
constexpr std::string_view ENVIRONMENT[] = {"HOME=/", "PATH=/bin:/sbin:/usr/bin", "TERM=linux"};

static Result<> open_console(ConsoleMode mode) {
    ProcessFiles& files = current_process().files;
    files.set_working_directory(TRY(File::open(root_directory(), 0)));
    for (int fd = 0; fd < 3; fd++) {
        std::string_view path = fd == 0 && mode == ConsoleMode::raw ? "/dev/null" : "/dev/console";
        TRY(files.table.add(TRY(open_path(root_directory(), path, open_flag::READ_WRITE)), false));
    }
    return {};
}

static Result<> run_program(const BootArgs& args) {
    TRY(open_console(args.console));
    ArgBlock argv, envp;
    TRY(argv.push(args.init));
    std::string_view rest = args.arguments;
    while (!rest.empty()) TRY(argv.push(take_until(rest, '\0')));
    for (std::string_view variable : ENVIRONMENT) TRY(envp.push(variable));
    return exec(args.init, std::move(argv), std::move(envp));
}

constexpr std::pair<Errno, std::string_view> REASONS[] = {
    {Errno::ENOENT, "there is no such file (or its interpreter or a console device is missing)"},
    {Errno::ENOTDIR, "there is no such file"}, {Errno::EACCES, "it is not an executable file"},
    {Errno::ENOEXEC, "it is not a well-formed ELF program for riscv64"},
    {Errno::ELIBBAD, "its interpreter is not a well-formed ELF program for riscv64"},
    {Errno::ENOMEM, "out of memory"}, {Errno::ENOSYS, "a part of the kernel is not written yet"},
};

[[noreturn]] static void give_up(Errno error) {
    std::string_view reason = "an error, see errno(3)";
    for (auto [known, words] : REASONS)
        if (known == error) reason = words;
    alert("init: {} cannot be started: {} [error {}]\n", boot_args->init, reason, error);
    shut_down_file_systems();
    arch::power_off(FAILURE);
}

static void init_thread(Thread& thread) {
    if (auto started = run_program(*boot_args); !started) give_up(started.error());
    arch::return_to_user(thread.context);
}

static Result<> make_init() {
    auto process = TRY(make_ref<Process>());
    auto thread = TRY(make_own<UserThread>(process, nullptr));
    TRY(thread->prepare(init_thread));
    TRY(start_alarms());
    auto tree = lock_process_tree();
    TRY(tree->add(*process, *thread, nullptr));
    tree->start(std::move(thread));
    return {};
}

void start_init(const BootArgs& args) {
    boot_args = &args;
    if (auto made = make_init(); !made) give_up(made.error());
}
