"""A client of the gdb remote protocol, as QEMU's stub speaks it."""

from __future__ import annotations

import re
import select
import socket

from grade.machine.errors import GdbError

SECONDS_TO_ANSWER = 60
LONGEST_READ = 0x700  # bytes a memory packet: QEMU's packets end at 4096 characters
GENERAL = (
    "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6 pc"
).split()
WATCH_WRITE = 2
HARDWARE_BREAKPOINT = 1


def frame(payload: bytes) -> bytes:
    """A packet around `payload`: $payload#checksum."""
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


class Gdb:
    """One connection to a stub. Harts are threads 1, 2, ...; requests go to the hart last chosen with `select_hart`.

    Acknowledgements are not sent: the stub takes the next request for one, and a stray `+` would stop a running guest.
    """

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._connection.settimeout(SECONDS_TO_ANSWER)
        self._buffer = b""
        self._numbers: dict[str, int] = {}
        self.running = False
        self.ask(b"qSupported:swbreak+;hwbreak+")

    def close(self) -> None:
        self._connection.close()

    # PACKETS

    def _send(self, payload: bytes, raw: bool = False) -> None:
        try:
            self._connection.sendall(payload if raw else frame(payload))
        except OSError as error:
            raise GdbError(f"gdb stub: {error}") from error

    def _take_packet(self) -> bytes | None:
        """A whole packet out of the buffer, acknowledgements dropped."""
        match = re.search(rb"\$([^#]*)#[0-9a-f]{2}", self._buffer, re.DOTALL)
        if not match:
            return None
        self._buffer = self._buffer[match.end() :]
        return re.sub(rb"}(.)", lambda escape: bytes([escape[1][0] ^ 0x20]), match[1], flags=re.DOTALL)

    def receive(self, seconds: float = SECONDS_TO_ANSWER) -> bytes | None:
        """The next packet; None when none came in time. GdbError when the stub went away."""
        while (packet := self._take_packet()) is None:
            try:
                if not select.select([self._connection], [], [], seconds)[0]:
                    return None
                data = self._connection.recv(65536)
            except OSError as error:
                raise GdbError(f"gdb stub: {error}") from error
            if not data:
                raise GdbError("gdb stub: QEMU closed the channel")
            self._buffer += data
        return packet

    def ask(self, payload: bytes) -> bytes:
        """Sends a request and returns the answer to it."""
        self._send(payload)
        packet = self.receive()
        if packet is None:
            raise GdbError(f"gdb stub: no answer to {payload[:40]!r}")
        return packet

    def _request(self, payload: bytes) -> None:
        answer = self.ask(payload)
        if answer != b"OK":
            raise GdbError(f"gdb stub: {payload[:40]!r} was answered with {answer[:40]!r}")

    # RUNNING

    def resume(self) -> None:
        """Lets every hart run; `wait` tells when one stops."""
        self._send(b"vCont;c")
        self.running = True

    def step(self) -> None:
        """Runs one instruction of the chosen hart, interrupts masked, and waits for it."""
        self.ask(b"s")

    def wait(self, seconds: float) -> bytes | None:
        """The stop reply, or None when the guest still runs after so many seconds."""
        packet = self.receive(seconds)
        if packet is not None:
            self.running = False
        return packet

    def interrupt(self) -> bytes | None:
        """Stops a running guest and returns its stop reply; None when it does not react."""
        self._send(b"\x03", raw=True)
        return self.wait(SECONDS_TO_ANSWER)

    def set_breakpoint(self, address: int) -> None:
        """Stops any hart before it executes `address`, in any space; guest memory is not changed."""
        self._request(b"Z%d,%x,4" % (HARDWARE_BREAKPOINT, address))

    def clear_breakpoint(self, address: int) -> None:
        self._request(b"z%d,%x,4" % (HARDWARE_BREAKPOINT, address))

    def set_watchpoint(self, address: int, size: int) -> None:
        """Stops after a write to the virtual range."""
        self._request(b"Z%d,%x,%x" % (WATCH_WRITE, address, size))

    # LOOKING

    def harts(self) -> list[int]:
        """The stub's thread numbers."""
        answer = self.ask(b"qfThreadInfo")
        found: list[int] = []
        while answer.startswith(b"m"):
            found += [int(number.split(b".")[-1], 16) for number in answer[1:].split(b",")]
            answer = self.ask(b"qsThreadInfo")
        return found

    def select_hart(self, thread: int) -> None:
        """Chooses the hart whose registers are read."""
        self._request(b"Hg%x" % thread)

    def registers(self) -> dict[str, int]:
        """The general registers and pc, by ABI name."""
        data = bytes.fromhex(self.ask(b"g").decode())
        return {name: int.from_bytes(data[8 * i : 8 * i + 8], "little") for i, name in enumerate(GENERAL)}

    def register(self, name: str) -> int:
        """Any register the stub describes: csrs such as satp, and priv."""
        answer = self.ask(b"p%x" % self._number(name))
        if answer.startswith(b"E"):
            raise GdbError(f"gdb stub: register {name}: {answer!r}")
        return int.from_bytes(bytes.fromhex(answer.decode()), "little")

    def set_register(self, name: str, value: int) -> None:
        self._request(b"P%x=%s" % (self._number(name), value.to_bytes(8, "little").hex().encode()))

    def _number(self, name: str) -> int:
        if not self._numbers:
            self._read_description("target.xml")
        if name not in self._numbers:
            raise GdbError(f"gdb stub: no register is called {name}")
        return self._numbers[name]

    def _read_description(self, file: str, following: int = 0) -> int:
        """Reads a target description and what it includes; registers without a number count on from the last."""
        text, more = b"", True
        while more:
            answer = self.ask(b"qXfer:features:read:%s:%x,%x" % (file.encode(), len(text), LONGEST_READ))
            text, more = text + answer[1:], answer.startswith(b"m")
        for element in re.finditer(rb"<(xi:include|reg) ([^>]*)>", text):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', element[2].decode()))
            if element[1] == b"reg":
                following = int(attributes.get("regnum", following))
                self._numbers[attributes["name"]] = following
                following += 1
            else:
                following = self._read_description(attributes["href"], following)
        return following

    def read_memory(self, address: int, size: int) -> bytes:
        """Memory of the chosen hart: virtual, or physical after `use_physical_memory`."""
        data = b""
        while len(data) < size:
            count = min(size - len(data), LONGEST_READ)
            answer = self.ask(b"m%x,%x" % (address + len(data), count))
            if answer.startswith(b"E"):
                raise GdbError(f"gdb stub: {count} bytes at {address + len(data):#x} cannot be read")
            data += bytes.fromhex(answer.decode())
        return data

    def write_memory(self, address: int, content: bytes) -> None:
        """Writes memory of the chosen hart, whatever the page's rights."""
        self._request(b"M%x,%x:%s" % (address, len(content), content.hex().encode()))

    def use_physical_memory(self, physical: bool) -> None:
        """Chooses whether memory requests name physical addresses."""
        self._request(b"Qqemu.PhyMemMode:%d" % physical)
