"""A session of `make gdb` for tests: one command after the other, and what each printed."""

import os
import re
import select
import subprocess
import time
from pathlib import Path

from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = plain_environment()
CROSS = "riscv64-linux-gnu-"
FAULT = re.compile(r"Traceback \(most|Python Exception|Error occurred in Python|cannot go on:")  # our Python's own
PATIENCE = 120  # seconds for one command; only a hang takes so long


class Debugger:
    """`with Debugger("CMD=/bin/hello") as gdb: gdb("break main")`; stops at the kernel's first line."""

    def __init__(self, *words, tree=ROOT, target="gdb", program=None):
        self.words, self.count, self.pending = program or ["make", target, *words], 0, ""
        self.process = subprocess.Popen(self.words, cwd=tree, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.start = self.until_mark()

    def __call__(self, command):
        """What GDB and the machine's console print until the command is done."""
        self.send(command)
        return self.until_mark()

    def send(self, command):
        self.process.stdin.write(f"{command}\n".encode())

    def until_mark(self):
        self.count += 1
        mark = f"@@{self.count}@@"
        self.send(f"echo \\n{mark}\\n")
        self.process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while mark not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert data, f"{' '.join(self.words)}: no answer; the last lines:\n{self.pending[-3000:]}"
            self.pending += data.decode(errors="replace")
        text, _, self.pending = self.pending.partition(mark)
        assert not FAULT.search(text), text
        return re.sub(r"\(gdb\) ", "", text).strip("\n")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()


def build(out, source, *flags):
    """A program of grade/tests/programs, compiled for the machine, as out."""
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([f"{CROSS}gcc", "-O1", "-g", "-Wall", "-Werror", *flags, "-o", out, ROOT / "grade/tests/programs" / source], check=True)
    return out
