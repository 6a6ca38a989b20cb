"""Linux's riscv64 interface in words: system calls with their arguments, errors, auxiliary vector (man-pages section 2,
asm-generic/unistd.h)."""

import errno
import signal

# number name argument...; an argument is NAME or NAME:KIND. Kinds: fd, dir (a descriptor, or AT_FDCWD), str (a path or the
# like), hex, oct, and the names of FLAGS; without one it is a decimal number.
TABLE = """
17 getcwd buf:hex size
23 dup fd:fd
24 dup3 old:fd new:fd flags:open
25 fcntl fd:fd cmd arg:hex
29 ioctl fd:fd request:hex arg:hex
32 flock fd:fd how
33 mknodat dir:dir path:str mode:oct dev:hex
34 mkdirat dir:dir path:str mode:oct
35 unlinkat dir:dir path:str flags:hex
36 symlinkat target:str dir:dir path:str
37 linkat olddir:dir old:str newdir:dir new:str flags:hex
39 umount2 target:str flags:hex
40 mount source:str target:str type:str flags:hex data:hex
43 statfs path:str buf:hex
44 fstatfs fd:fd buf:hex
45 truncate path:str size
46 ftruncate fd:fd size
47 fallocate fd:fd mode:hex offset size
48 faccessat dir:dir path:str mode:oct
49 chdir path:str
50 fchdir fd:fd
52 fchmod fd:fd mode:oct
53 fchmodat dir:dir path:str mode:oct
54 fchownat dir:dir path:str user group flags:hex
55 fchown fd:fd user group
56 openat dir:dir path:str flags:open mode:oct
57 close fd:fd
59 pipe2 fds:hex flags:open
61 getdents64 fd:fd buf:hex size
62 lseek fd:fd offset whence
63 read fd:fd buf:hex size
64 write fd:fd buf:bytes size
65 readv fd:fd iov:hex count
66 writev fd:fd iov:hex count
67 pread64 fd:fd buf:hex size offset
68 pwrite64 fd:fd buf:bytes size offset
69 preadv fd:fd iov:hex count offset
70 pwritev fd:fd iov:hex count offset
71 sendfile out:fd in:fd offset:hex count
72 pselect6 count read:hex write:hex except:hex timeout:hex mask:hex
73 ppoll fds:hex count timeout:hex mask:hex
78 readlinkat dir:dir path:str buf:hex size
79 newfstatat dir:dir path:str buf:hex flags:hex
80 fstat fd:fd buf:hex
81 sync
82 fsync fd:fd
83 fdatasync fd:fd
84 sync_file_range fd:fd offset size flags:hex
88 utimensat dir:dir path:str times:hex flags:hex
92 personality persona:hex
93 exit status
94 exit_group status
95 waitid type id info:hex options:hex usage:hex
96 set_tid_address tid:hex
98 futex word:hex op:hex value timeout:hex word2:hex value3
99 set_robust_list head:hex size
100 get_robust_list pid head:hex size:hex
101 nanosleep time:hex left:hex
102 getitimer which value:hex
103 setitimer which new:hex old:hex
113 clock_gettime clock time:hex
114 clock_getres clock time:hex
115 clock_nanosleep clock flags time:hex left:hex
118 sched_setparam pid param:hex
119 sched_setscheduler pid policy param:hex
120 sched_getscheduler pid
121 sched_getparam pid param:hex
122 sched_setaffinity pid size mask:hex
123 sched_getaffinity pid size mask:hex
124 sched_yield
125 sched_get_priority_max policy
126 sched_get_priority_min policy
129 kill pid signal:signal
130 tkill tid signal:signal
131 tgkill pid tid signal:signal
132 sigaltstack new:hex old:hex
133 rt_sigsuspend mask:hex size
134 rt_sigaction signal:signal new:hex old:hex size
135 rt_sigprocmask how new:hex old:hex size
136 rt_sigpending set:hex size
137 rt_sigtimedwait set:hex info:hex timeout:hex size
138 rt_sigqueueinfo pid signal:signal info:hex
139 rt_sigreturn
142 reboot magic:hex magic2:hex cmd:hex arg:hex
143 setregid real effective
144 setgid gid
145 setreuid real effective
146 setuid uid
147 setresuid real effective saved
148 getresuid real:hex effective:hex saved:hex
149 setresgid real effective saved
150 getresgid real:hex effective:hex saved:hex
151 setfsuid uid
152 setfsgid gid
153 times buf:hex
154 setpgid pid group
155 getpgid pid
156 getsid pid
157 setsid
158 getgroups size list:hex
159 setgroups size list:hex
160 uname buf:hex
165 getrusage who usage:hex
166 umask mask:oct
167 prctl option arg2:hex arg3:hex arg4:hex arg5:hex
168 getcpu cpu:hex node:hex
169 gettimeofday time:hex zone:hex
172 getpid
173 getppid
174 getuid
175 geteuid
176 getgid
177 getegid
178 gettid
179 sysinfo info:hex
198 socket domain type protocol
214 brk break:hex
215 munmap addr:hex size:hex
216 mremap old:hex old_size:hex new_size:hex flags:hex new:hex
220 clone flags:hex stack:hex parent_tid:hex tls:hex child_tid:hex
221 execve path:str argv:strs envp:hex
222 mmap addr:hex size:hex prot:prot flags:map fd:fd offset:hex
226 mprotect addr:hex size:hex prot:prot
227 msync addr:hex size:hex flags:hex
228 mlock addr:hex size:hex
229 munlock addr:hex size:hex
230 mlockall flags:hex
231 munlockall
232 mincore addr:hex size:hex vec:hex
233 madvise addr:hex size:hex advice
258 riscv_hwprobe pairs:hex count cpus cpu_set:hex flags:hex
259 riscv_flush_icache start:hex end:hex flags:hex
260 wait4 pid status:hex options:hex usage:hex
261 prlimit64 pid resource new:hex old:hex
267 syncfs fd:fd
276 renameat2 olddir:dir old:str newdir:dir new:str flags:hex
278 getrandom buf:hex size flags:hex
284 mlock2 addr:hex size:hex flags:hex
291 statx dir:dir path:str flags:hex mask:hex buf:hex
293 rseq area:hex size flags:hex signature:hex
435 clone3 args:hex size
436 close_range first last flags:hex
439 faccessat2 dir:dir path:str mode:oct flags:hex
"""

FLAGS = {
    "prot": {1: "PROT_READ", 2: "PROT_WRITE", 4: "PROT_EXEC"},
    "map": {1: "MAP_SHARED", 2: "MAP_PRIVATE", 0x10: "MAP_FIXED", 0x20: "MAP_ANONYMOUS", 0x100: "MAP_GROWSDOWN", 0x4000: "MAP_NORESERVE",
            0x8000: "MAP_POPULATE", 0x20000: "MAP_STACK", 0x100000: "MAP_FIXED_NOREPLACE"},
    "open": {1: "O_WRONLY", 2: "O_RDWR", 0o100: "O_CREAT", 0o200: "O_EXCL", 0o1000: "O_TRUNC", 0o2000: "O_APPEND", 0o4000: "O_NONBLOCK",
             0o200000: "O_DIRECTORY", 0o400000: "O_NOFOLLOW", 0o2000000: "O_CLOEXEC", 0o10000000: "O_PATH"},
}
NO_FLAG = {"prot": "PROT_NONE", "open": "O_RDONLY"}
CALLS = {int(line.split()[0]): (line.split()[1], [part.partition(":")[::2] for part in line.split()[2:]])
         for line in TABLE.strip().splitlines()}
AT_FDCWD = -100
SHOWN_BYTES = 32

AUX_KEYS = {0: "AT_NULL", 3: "AT_PHDR", 4: "AT_PHENT", 5: "AT_PHNUM", 6: "AT_PAGESZ", 7: "AT_BASE", 8: "AT_FLAGS", 9: "AT_ENTRY",
            11: "AT_UID", 12: "AT_EUID", 13: "AT_GID", 14: "AT_EGID", 16: "AT_HWCAP", 17: "AT_CLKTCK", 23: "AT_SECURE", 25: "AT_RANDOM",
            31: "AT_EXECFN", 33: "AT_SYSINFO_EHDR", 51: "AT_MINSIGSTKSZ"}


def signed(value, bits=64):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def flags(value, kind):
    names = [name for bit, name in FLAGS[kind].items() if value & bit]
    rest = value & ~sum(FLAGS[kind])
    return "|".join(names + ([f"{rest:#x}"] if rest else [])) or NO_FLAG.get(kind, "0")


def call_name(number):
    return CALLS[number][0] if number in CALLS else f"call_{number}"


def call_words(number, registers, read):
    """`openat(AT_FDCWD, "/etc/motd", O_RDONLY, 0)`; `read(address, size)` gives the program's bytes."""
    if number not in CALLS:
        return f"call_{number}({', '.join(f'{value:#x}' for value in registers[:3])}, ...)"
    name, parameters = CALLS[number]
    shown = [argument(kind, value, registers[index + 1] if index < 5 else 0, read)
             for index, ((_, kind), value) in enumerate(zip(parameters, registers))]
    return f"{name}({', '.join(shown)})"


def argument(kind, value, following, read):
    if kind in FLAGS:
        return flags(value, kind)
    if kind == "dir" and signed(value, 32) == AT_FDCWD:
        return "AT_FDCWD"
    if kind == "str":
        return string(value, read)
    if kind == "strs":
        return strings(value, read)
    if kind == "bytes":
        data = read(value, min(following, SHOWN_BYTES))
        return quoted(data) + ("..." if following > SHOWN_BYTES else "") if data or not following else f"{value:#x}"
    if kind == "signal":
        return signal_name(signed(value, 32))
    if kind == "hex":
        return f"{value:#x}" if value else "0"
    if kind == "oct":
        return f"{value & 0xFFFF_FFFF:#o}" if value else "0"
    return str(signed(value, 32 if kind in ("fd", "dir") else 64))


def string(address, read):
    if address == 0:
        return "NULL"
    data = read(address, 128)
    return quoted(data.split(b"\0")[0]) if data else f"{address:#x}"


def strings(address, read):
    shown = []
    while len(shown) < 8:
        word = read(address + 8 * len(shown), 8)
        if len(word) < 8 or not any(word):
            break
        shown.append(string(int.from_bytes(word, "little"), read))
    return f"[{', '.join(shown)}]"


def quoted(data):
    from astrolabe.core import words

    return f'"{words.text(data)}"'


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def result_words(value):
    """What a call left in a0: a number, an address, or an error by name."""
    number = signed(value)
    if -4096 < number < 0:
        return f"-{errno.errorcode.get(-number, -number)}"
    return str(number) if number < 1 << 16 else f"{number:#x}"
