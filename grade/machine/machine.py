"""QEMU with a kernel in it, driven and observed from outside.

              grader                            QEMU, confined, no network
        +----------------+   socket pair   +-----------------------------+
        |  Qmp           | <-------------> | control: instruction count  |
        |  Gdb           | <-------------> | gdb stub: run, stop, regs   |
        |  memory (mmap) | <-- one file -> | guest RAM                   |
        |  console       | <-- a file ---  | uart                        |
        +----------------+                 +-----------------------------+

Nothing the guest does can forge these: the verdict comes from RAM, registers and QEMU's exit status as they are while
the guest stands still.

Instructions are counted exactly. The guest's clock is not as exact: whenever the guest is stopped QEMU lets it jump to
the next timer, because a hart that stands still looks idle.
"""

from __future__ import annotations

import enum
import mmap
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from grade.machine.errors import GdbError, InfrastructureError, QmpError
from grade.machine.gdb import Gdb
from grade.machine.qmp import Qmp
from grade.machine.sandbox import confine, limits
from grade.machine.sv39 import PageTable

QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
RAM_BASE = 0x8000_0000
MTIME = 0x200_BFF8  # the CLINT's clock, 10 MHz of virtual time
TICKS_A_SECOND = 10_000_000
DEFAULT_BUDGET = 1_500_000_000  # guest instructions
DEFAULT_VIRTUAL_SECONDS = 120  # a guest that idles for longer waits for nothing
WALL_SECONDS = 150  # the outer stop: reached only when the host is in trouble
FIRST_LOOK = 0.25  # host seconds before the first look at a running guest's instruction count
NEXT_LOOK = 0.1
MOST_OUTPUT = 1 << 20  # bytes on the console; an honest kernel prints some kilobytes
LOOKS_ASLEEP = 5  # as many looks without one instruction executed: the guest sleeps for good
WFI = 0x10500073
MODES = {0: "user", 1: "supervisor", 3: "machine"}


class StopKind(enum.Enum):
    """Why the guest stands still."""

    BREAKPOINT = "it reached a breakpoint"
    EXITED = "it powered off"
    OVER_BUDGET = "it used up its instructions"
    OVER_OUTPUT = "it prints without end"
    ASLEEP = "it waits for an interrupt that never comes"


@dataclass(frozen=True)
class Stop:
    """Where the guest stands: pc at a breakpoint, or the status it powered off with."""

    kind: StopKind
    pc: int = 0
    status: int = 0
    mode: str = ""

    def __str__(self) -> str:
        if self.kind is StopKind.EXITED:
            return f"the kernel powered off with status {self.status}"
        return f"{self.kind.value} (pc {self.pc:#x}, {self.mode} mode)"


def failed(stderr: str) -> bool:
    """Whether QEMU gave up by itself, by its words: a warning is no failure, and a guest may power off with status 1, too."""
    return any("qemu-system-riscv64:" in line and ": warning:" not in line for line in stderr.splitlines())


class Machine:
    """One boot. Use it as a context manager; it stands before the first instruction until `resume` or `run_to`."""

    def __init__(
        self,
        kernel: Path,
        initrd: bytes,
        append: str = "",
        harts: int = 1,
        memory_mib: int = 128,
        budget: int = DEFAULT_BUDGET,
        wall_seconds: float = WALL_SECONDS,
        keep: Path | None = None,
    ):
        shm = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="astrolabe-", dir=shm if os.access(shm, os.W_OK) else None))
        self._keep = keep
        self._files: dict[str, BinaryIO] = {}
        self._process: subprocess.Popen | None = None
        self._exit: int | None = None
        self._breakpoints: set[int] = set()
        self._stands_at = -1
        self.budget = budget
        self.harts = harts
        self._deadline = time.monotonic() + wall_seconds
        self._wall_seconds = wall_seconds
        try:
            self._start(kernel, initrd, append, memory_mib)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # STARTING AND ENDING

    def _start(self, kernel: Path, initrd: bytes, append: str, memory_mib: int) -> None:
        (self.folder / "kernel").write_bytes(Path(kernel).read_bytes())
        (self.folder / "initrd").write_bytes(initrd)
        ram = self.folder / "ram"
        with open(ram, "wb") as file:
            file.truncate(memory_mib << 20)
        with open(ram, "rb") as file:
            self._ram = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        ours, theirs = zip(*(socket.socketpair() for _ in range(2)))
        command = self._command(append, memory_mib, [end.fileno() for end in theirs])
        try:
            self._process = subprocess.Popen(
                confine(command, writable=(self.folder,)),
                pass_fds=[end.fileno() for end in theirs],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=open(self.folder / "stderr", "wb"),
                start_new_session=True,
                preexec_fn=limits(cpu_seconds=600, file_bytes=(memory_mib + 64) << 20),
            )
        except OSError as error:
            raise InfrastructureError(f"QEMU did not start: {error}") from error
        finally:
            for end in theirs:
                end.close()
        try:
            self.qmp = Qmp(ours[0])
            self.gdb = Gdb(ours[1])
        except InfrastructureError as error:
            self._process.terminate()
            self._process.wait()
            raise InfrastructureError(f"QEMU did not start: {self._stderr() or error}") from error
        # Everything is open by now. Without a name nothing large can be left behind, however this process ends.
        self._files = {name: open(self.folder / name, "rb") for name in ("console", "stderr", "ram")}
        for file in self.folder.iterdir():
            if file.name != "pid":
                file.unlink()

    def _command(self, append: str, memory_mib: int, channels: list[int]) -> list[str]:
        command = [QEMU, "-machine", "virt,memory-backend=ram", "-smp", str(self.harts), "-m", f"{memory_mib}M"]
        command += ["-object", f"memory-backend-file,id=ram,size={memory_mib}M,mem-path={self.folder}/ram,share=on"]
        command += ["-accel", "tcg,tb-size=32", "-icount", f"shift={0 if self.harts == 1 else 3},sleep=off"]
        command += ["-nodefaults", "-display", "none", "-no-reboot", "-S", "-kernel", f"{self.folder}/kernel"]
        command += ["-initrd", f"{self.folder}/initrd", "-append", append]
        command += ["-pidfile", f"{self.folder}/pid"]  # QEMU removes it when it exits by itself
        command += ["-chardev", f"file,id=console,path={self.folder}/console", "-serial", "chardev:console"]
        command += ["-chardev", f"socket,id=qmp,fd={channels[0]}", "-mon", "chardev=qmp,mode=control"]
        command += ["-chardev", f"socket,id=gdb,fd={channels[1]}", "-gdb", "chardev:gdb"]
        return command

    def close(self) -> None:
        """Ends QEMU (and writes what it printed to `keep`, when that was asked for)."""
        for channel in ("qmp", "gdb"):
            if hasattr(self, channel):
                getattr(self, channel).close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._keep:
            self._keep.write_bytes(self._content("console"))
        for file in self._files.values():
            file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _content(self, name: str) -> bytes:
        """What the guest (console) or QEMU (stderr) wrote so far."""
        if name in self._files:
            self._files[name].seek(0)
            return self._files[name].read()
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def _stderr(self) -> str:
        return self._content("stderr").decode(errors="replace").strip()

    # RUNNING

    def run_to(self, *addresses: int) -> Stop:
        """Runs until one of these addresses is about to be executed, or the guest ends in another way."""
        wanted = set(addresses)
        for address in self._breakpoints - wanted:
            self.gdb.clear_breakpoint(address)
        for address in wanted - self._breakpoints:
            self.gdb.set_breakpoint(address)
        self._breakpoints = wanted
        return self.resume()

    def resume(self) -> Stop:
        """Runs until a breakpoint, the machine's end, or the budget's. InfrastructureError at the outer limit."""
        if self._exit is not None:
            return Stop(StopKind.EXITED, status=self._exit)
        try:
            if self._stands_at in self._breakpoints:
                self.gdb.step()  # the stub would stop again at once
            self.gdb.resume()
            return self._watch()
        except (GdbError, QmpError) as error:
            return self._ended(error)

    def run_to_end(self) -> Stop:
        """Runs on without breakpoints."""
        return self.run_to()

    def _watch(self) -> Stop:
        """Waits for the guest to stop, looking at its counters from time to time."""
        pause, idle, before = FIRST_LOOK, 0, (-1, -1)
        latest = self.virtual_ticks() + DEFAULT_VIRTUAL_SECONDS * TICKS_A_SECOND
        while self.gdb.wait(pause) is None:
            pause = NEXT_LOOK
            now = (self.qmp.instructions(), self.virtual_ticks())
            idle = idle + 1 if now == before else 0
            before = now
            over = self._too_much(*now, latest)
            if over or idle >= LOOKS_ASLEEP:
                self.gdb.interrupt()
                if over or self._at_wfi():
                    return self._stop(over or StopKind.ASLEEP)
                self.gdb.resume()
            if time.monotonic() > self._deadline:
                self.gdb.interrupt()
                text = f"the machine was not done after {self._wall_seconds:.0f} s of the host's time"
                raise InfrastructureError(text, self.evidence())
        return self._stop(StopKind.BREAKPOINT)

    def _too_much(self, instructions: int, ticks: int, latest: int) -> StopKind | None:
        """Which of its bounds the guest has passed."""
        if os.fstat(self._files["console"].fileno()).st_size > MOST_OUTPUT:
            return StopKind.OVER_OUTPUT
        if instructions > self.budget:
            return StopKind.OVER_BUDGET
        return StopKind.ASLEEP if ticks > latest else None

    def _stop(self, kind: StopKind) -> Stop:
        mode = self.gdb.register("priv") & 3
        self._stands_at = self.gdb.registers()["pc"]
        return Stop(kind, pc=self._stands_at, mode=MODES.get(mode, "?"))

    def _at_wfi(self) -> bool:
        """Whether the hart stands behind a wfi instruction."""
        pc = self.gdb.registers()["pc"]
        return any(self.gdb.read_memory(at, 4) == WFI.to_bytes(4, "little") for at in (pc - 4, pc))

    def _ended(self, error: InfrastructureError) -> Stop:
        """QEMU went away: by the guest's power-off, or not."""
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            raise InfrastructureError(str(error), self._stderr()) from error
        if status < 0:
            raise InfrastructureError(f"QEMU was killed by signal {-status}", self._stderr()) from error
        if status == 1 and failed(self._stderr()):
            raise InfrastructureError("QEMU failed", self._stderr()) from error
        if (self.folder / "pid").exists():  # status 128+n may be a guest's own, or tell that bwrap saw QEMU killed
            raise InfrastructureError(f"QEMU was killed (status {status})", self._stderr()) from error
        self._exit = status
        return Stop(StopKind.EXITED, status=status)

    # LOOKING (while the guest stands still)

    def read_physical(self, address: int, size: int) -> bytes:
        """Guest RAM. Zero bytes for what lies outside it, so that a wild page table cannot hurt the grader."""
        at = address - RAM_BASE
        if at < 0 or at + size > len(self._ram):
            return bytes(size)
        return self._ram[at : at + size]

    def find_physical(self, pattern: bytes, size: int) -> Iterator[bytes]:
        """The `size` bytes from each place in RAM where the pattern stands. Also when the machine has ended."""
        for start, end in self._written():
            at = self._ram.find(pattern, start, end)
            while at >= 0:
                if at + size <= len(self._ram):
                    yield self._ram[at : at + size]
                at = self._ram.find(pattern, at + 1, end)

    def _written(self) -> Iterator[tuple[int, int]]:
        """The parts of RAM that were ever written; to read the rest would make the host keep it."""
        ram, end = self._files["ram"].fileno(), 0
        while True:
            try:
                start = os.lseek(ram, end, os.SEEK_DATA)
                end = os.lseek(ram, start, os.SEEK_HOLE)
            except OSError:  # nothing behind it
                return
            yield start, end

    def page_table(self) -> PageTable:
        """The page table that the hart uses now."""
        return PageTable(self, self.gdb.register("satp"))

    def in_user_mode(self) -> bool:
        return self.gdb.register("priv") & 3 == 0

    def instructions(self) -> int:
        """Instructions executed since power-on."""
        return self.qmp.instructions()

    def virtual_ticks(self) -> int:
        """The guest's clock, in 100 ns of virtual time."""
        return int(self.qmp.monitor(f"xp /1gx {MTIME:#x}").split(":")[1], 16)

    def console(self) -> str:
        """What the guest printed. A hint for people, never evidence."""
        return self._content("console").decode(errors="replace")

    def evidence(self) -> str:
        """The registers of every hart and the end of the console, for a report of trouble."""
        lines = []
        try:
            for hart in self.gdb.harts():
                self.gdb.select_hart(hart)
                registers = self.gdb.registers() | {
                    name: self.gdb.register(name) for name in ("satp", "priv", "scause")
                }
                shown = " ".join(
                    f"{name}={registers[name]:#x}" for name in ("pc", "ra", "sp", "satp", "priv", "scause")
                )
                lines.append(f"hart {hart - 1}: {shown}")
        except InfrastructureError as error:
            lines.append(f"no registers: {error}")
        return "\n".join(lines + self.console().splitlines()[-8:] + self._stderr().splitlines()[-4:])
