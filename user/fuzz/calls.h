// The system calls that fuzz makes, each with the kinds of its arguments.
#pragma once

struct Call {
    int number;
    const char* name;
    const char* kinds;   // a letter an argument, see Arguments::of
    bool rare = false;   // it often ends or blocks the process
};

// Letters: d directory descriptor, f descriptor, p path, e program, u mount point, b buffer, n size, o offset, i small number, x flags, m mode, a address of
// pages, l length of pages, r rights, M flags of mmap, q process, g signal, t time, v vector of buffers, P poll set, S set of
// signals, H signal's action, A words of a program, s stack of signals, c flags of clone, C fcntl command, R ioctl request,
// F futex word, O futex operation, * anything.
inline constexpr Call CALLS[] = {
    {17, "getcwd", "bn"}, {23, "dup", "f"}, {24, "dup3", "fdx"}, {25, "fcntl", "fC*"}, {29, "ioctl", "fRb"},
    {32, "flock", "fi", true}, {33, "mknodat", "dpm*"}, {34, "mkdirat", "dpm"}, {35, "unlinkat", "dpx"},
    {36, "symlinkat", "pdp"}, {37, "linkat", "dpdpx"}, {39, "umount2", "ui"}, {40, "mount", "pupx*"},
    {43, "statfs", "pb"}, {44, "fstatfs", "fb"}, {45, "truncate", "po"}, {46, "ftruncate", "fo"},
    {47, "fallocate", "fioo"}, {48, "faccessat", "dpi"}, {49, "chdir", "p"}, {50, "fchdir", "f"}, {52, "fchmod", "fm"},
    {53, "fchmodat", "dpm"}, {54, "fchownat", "dpiix"}, {55, "fchown", "fii"}, {56, "openat", "dpxm"}, {57, "close", "f"},
    {59, "pipe2", "bx"}, {61, "getdents64", "fbn"}, {62, "lseek", "foi"}, {63, "read", "fbn"}, {64, "write", "fbn"},
    {65, "readv", "fvi"}, {66, "writev", "fvi"}, {67, "pread64", "fbno"}, {68, "pwrite64", "fbno"}, {69, "preadv", "fvio"},
    {70, "pwritev", "fvio"}, {71, "sendfile", "ffbn"}, {72, "pselect6", "ibbbtb"}, {73, "ppoll", "PitSn"},
    {78, "readlinkat", "dpbn"}, {79, "newfstatat", "dpbx"}, {80, "fstat", "fb"}, {81, "sync", ""}, {82, "fsync", "f"},
    {83, "fdatasync", "f"}, {84, "sync_file_range", "foox"}, {88, "utimensat", "dptx"}, {90, "capget", "bb"},
    {91, "capset", "bb"}, {92, "personality", "x"}, {93, "exit", "i", true}, {94, "exit_group", "i", true},
    {95, "waitid", "iqbxb"}, {96, "set_tid_address", "b"}, {98, "futex", "FOitFi"}, {99, "set_robust_list", "bn"},
    {100, "get_robust_list", "qbb"}, {101, "nanosleep", "tb"}, {102, "getitimer", "ib"}, {103, "setitimer", "itb"},
    {112, "clock_settime", "it", true}, {113, "clock_gettime", "ib"}, {114, "clock_getres", "ib"},
    {115, "clock_nanosleep", "ixtb"}, {118, "sched_setparam", "qb"}, {119, "sched_setscheduler", "qib"},
    {120, "sched_getscheduler", "q"}, {121, "sched_getparam", "qb"}, {122, "sched_setaffinity", "qnb"},
    {123, "sched_getaffinity", "qnb"}, {124, "sched_yield", ""}, {125, "sched_get_priority_max", "i"},
    {129, "kill", "qg", true}, {130, "tkill", "qg", true}, {131, "tgkill", "qqg", true}, {132, "sigaltstack", "sb"},
    {133, "rt_sigsuspend", "Sn", true}, {134, "rt_sigaction", "gHbn"}, {135, "rt_sigprocmask", "iSbn"},
    {136, "rt_sigpending", "bn"}, {137, "rt_sigtimedwait", "Sbtn"}, {138, "rt_sigqueueinfo", "qgb", true},
    {139, "rt_sigreturn", "", true}, {140, "setpriority", "iqi"}, {141, "getpriority", "iq"}, {143, "setregid", "ii"},
    {144, "setgid", "i"}, {145, "setreuid", "ii"}, {146, "setuid", "i"}, {147, "setresuid", "iii"}, {148, "getresuid", "bbb"},
    {149, "setresgid", "iii"}, {150, "getresgid", "bbb"}, {153, "times", "b"}, {154, "setpgid", "qq"}, {155, "getpgid", "q"},
    {156, "getsid", "q"}, {157, "setsid", ""}, {158, "getgroups", "ib"}, {159, "setgroups", "ib"}, {160, "uname", "b"},
    {161, "sethostname", "bn"}, {163, "getrlimit", "ib"}, {164, "setrlimit", "ib", true}, {165, "getrusage", "ib"},
    {166, "umask", "m"}, {167, "prctl", "i****"}, {168, "getcpu", "bb"}, {169, "gettimeofday", "bb"}, {172, "getpid", ""},
    {173, "getppid", ""}, {174, "getuid", ""}, {178, "gettid", ""}, {179, "sysinfo", "b"}, {198, "socket", "iii"},
    {199, "socketpair", "iiib"}, {213, "readahead", "fon"}, {214, "brk", "a", true}, {215, "munmap", "al"}, {216, "mremap", "allxa"},
    {220, "clone", "cbbbb"}, {221, "execve", "eAA", true}, {222, "mmap", "alrMfo"}, {223, "fadvise64", "fooi"},
    {226, "mprotect", "alr"}, {227, "msync", "alx"}, {228, "mlock", "al"}, {229, "munlock", "al"}, {230, "mlockall", "i"},
    {231, "munlockall", ""}, {232, "mincore", "alb"}, {233, "madvise", "ali"}, {258, "riscv_hwprobe", "bnnbi"},
    {259, "riscv_flush_icache", "aax"}, {260, "wait4", "qbxb"}, {261, "prlimit64", "qibb", true}, {267, "syncfs", "f"},
    {269, "sendmmsg", "fbii"}, {276, "renameat2", "dpdpx"}, {278, "getrandom", "bnx"}, {279, "memfd_create", "px"},
    {283, "membarrier", "iii"}, {284, "mlock2", "ali"}, {285, "copy_file_range", "fbfbnx"}, {286, "preadv2", "fvioox"},
    {287, "pwritev2", "fvioox"}, {291, "statx", "dpxxb"}, {293, "rseq", "bnx*"}, {424, "pidfd_send_signal", "fgbx", true},
    {434, "pidfd_open", "qx"}, {435, "clone3", "bn"}, {436, "close_range", "iix", true}, {437, "openat2", "dpbn"},
    {439, "faccessat2", "dpix"}, {441, "epoll_pwait2", "fbitb"}, {500, "unknown", "***"},
};
