"""A client of QEMU's control channel (QMP) on a unix socket."""

from __future__ import annotations

import json
import socket

from grade.machine.errors import QmpError

SECONDS_TO_ANSWER = 60


class Qmp:
    """One connection, with capabilities negotiated. Events are skipped. QmpError when the channel breaks."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._connection.settimeout(SECONDS_TO_ANSWER)
        self._lines = connection.makefile("rb")
        self._receive()  # the greeting
        self.execute("qmp_capabilities")

    def close(self) -> None:
        self._lines.close()
        self._connection.close()

    def _receive(self) -> dict:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise QmpError(f"QMP: {error}") from error
        if not line:
            raise QmpError("QMP: QEMU closed the channel")
        return json.loads(line)

    def execute(self, command: str, **arguments) -> object:
        """Runs one command and returns its value."""
        try:
            self._connection.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"QMP: {error}") from error
        while True:
            answer = self._receive()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(f"QMP {command}: {answer['error']['desc']}")

    def monitor(self, line: str) -> str:
        """Runs a line of the human monitor and returns what it printed."""
        return self.execute("human-monitor-command", **{"command-line": line})

    def instructions(self) -> int:
        """Instructions executed since power-on; exact when the guest is stopped, under -icount only."""
        return self.execute("query-replay")["icount"]
