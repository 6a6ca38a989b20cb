"""initstack: what the kernel wrote on a program's stack, decoded."""

from astrolabe.core import kernel, linux, words
from astrolabe.core.command import Usage, command, guarded, number, pids
from astrolabe.core.memory import PAGE, Corrupt

USAGE = "initstack [PID] [at ADDRESS]"
MOST = 64  # strings shown of each list
ADDRESSES = {"AT_PHDR", "AT_BASE", "AT_ENTRY", "AT_RANDOM", "AT_EXECFN", "AT_SYSINFO_EHDR", "AT_HWCAP"}


@command("initstack", pids)
def initstack(arguments):
    """Decode the initial stack of a process: argc, argv, envp, the aux vector by name, and the strings behind them.

    initstack [PID] [at ADDRESS]     without PID the selected hart's process; at: take this address as the one of argc

Each line has the address of the word, the word, and what it means. What breaks a rule of the psABI ends in <- and says which."""
    pid, at = parse(arguments)
    process = kernel.process_of(pid)
    space = kernel.space_of(process)
    sp, arg_strings, env_strings = space.init_stack()
    yield f"pid {process.pid} {process.name()}"
    if at is None and sp == 0:
        yield "  its kernel has not written an init stack (InitStack's sp is 0); initstack at $sp decodes what is at an address"
        return
    yield from guarded(Decoder(space.table(), at or sp).lines())
    if at is None:
        yield from guarded(ranges(("argument strings", arg_strings), ("environment strings", env_strings)))


def parse(arguments):
    pid, at, rest = None, None, list(arguments)
    if rest and rest[0] != "at":
        pid = number(rest.pop(0))
    if rest and rest[0] == "at" and len(rest) > 1:
        at, rest = number(" ".join(rest[1:])), []
    if rest:
        raise Usage(f"usage: {USAGE}")
    return pid, at


def ranges(*named):
    for name, (start, end) in named:
        yield f"  {start:#x}-{end:#x}  {name}, {end - start} bytes"


class Decoder:
    def __init__(self, table, sp):
        self.table, self.sp, self.at = table, sp, sp

    def lines(self):
        yield f"  {self.sp:#x}  sp" + ("" if self.sp % 16 == 0 else "   <- not a multiple of 16")
        address, argc = self.word()
        yield f"  {address:#x}  {argc:#018x}  argc {argc}"
        count = yield from self.pointers("argv", argc)
        if count != argc:
            yield f"    <- argc says {argc}, but {count} pointers stand before the NULL"
        yield from self.pointers("envp")
        yield from self.aux()

    def word(self):
        data = self.table.read(self.at, 8)
        if len(data) < 8:
            raise Corrupt(f"{self.at:#x} is not in the page table: the stack ends here")
        self.at += 8
        return self.at - 8, int.from_bytes(data, "little")

    def pointers(self, name, expected=MOST):
        """The pointers up to a NULL; returns their number."""
        for index in range(max(MOST, min(expected, 1024))):
            address, value = self.word()
            if value == 0:
                yield f"  {address:#x}  {value:#018x}  {name}[{index}] NULL"
                return index
            yield f"  {address:#x}  {value:#018x}  {name}[{index}] {self.string(value)}"
        raise Corrupt(f"no NULL ends {name}")

    def string(self, address):
        data = self.table.read(address, 4096)
        if not data:
            return f"<- {address:#x} is not in the page table"
        if b"\0" not in data:
            return f'"{words.text(data[:48])}"...'
        return f'"{words.text(data.split(bytes(1))[0])}"'

    def aux(self):
        seen = set()
        for _ in range(MOST):
            address, key = self.word()
            _, value = self.word()
            name = linux.AUX_KEYS.get(key, f"key {key}")
            yield f"  {address:#x}  {name:<16} {self.aux_value(name, value)}" + ("   <- a second time" if name in seen else "")
            seen.add(name)
            if key == 0:
                return
        raise Corrupt("no AT_NULL ends the aux vector")

    def aux_value(self, name, value):
        if name == "AT_RANDOM":
            data = self.table.read(value, 16)
            return f"{value:#x}  " + (data.hex(" ") if len(data) == 16 else "<- not in the page table")
        if name == "AT_EXECFN":
            return f"{value:#x}  {self.string(value)}"
        if name == "AT_PAGESZ" and value != PAGE:
            return f"{value}   <- a page is {PAGE} bytes"
        return f"{value:#x}" if name in ADDRESSES or value >= 1 << 20 else str(value)
