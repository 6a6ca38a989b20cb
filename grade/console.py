"""The console of a machine as bytes: what the kernel says is told apart from what the program writes.

With the boot argument log=NONCE the kernel sends each of its messages as a frame, 0x1e NONCE ':' text 0x1f. Bytes before the
first frame are the firmware's; after it, everything outside frames is the running program's output, exact to the byte. The
nonce is new for each boot, so no program can write a frame.
"""

import secrets

BEGIN, END = b"\x1e", b"\x1f"
FIRMWARE, PROGRAM, KERNEL = "firmware", "program", "kernel"


def new_nonce():
    return secrets.token_hex(8)


class Splitter:
    """Takes the console's bytes in pieces of any size and hands back (source, bytes) pairs as soon as they are certain."""

    def __init__(self, nonce):
        self.marker = BEGIN + nonce.encode() + b":"
        self.outside = FIRMWARE
        self.in_frame = False
        self.held = b""

    def feed(self, data):
        data, self.held = self.held + data, b""
        while data:
            if self.in_frame:
                text, end, rest = data.partition(END)
                if not end:
                    self.held = data
                    return
                self.in_frame = False
                yield KERNEL, text
                data = rest
                continue
            before, marker, rest = data.partition(self.marker)
            if marker:
                self.in_frame = True
            else:
                keep = len(before) - self._possible_start(before)
                before, self.held, rest = before[:keep], before[keep:], b""
            if before:
                yield self.outside, before
            if marker:
                self.outside = PROGRAM
            data = rest

    def finish(self):
        """What is left at the end: a frame cut off, or bytes that began like one."""
        held, self.held = self.held, b""
        if held:
            yield KERNEL if self.in_frame else self.outside, held

    def _possible_start(self, data):
        """How many bytes at the end of data could begin a frame."""
        for length in range(min(len(self.marker) - 1, len(data)), 0, -1):
            if data.endswith(self.marker[:length]):
                return length
        return 0


def boot_words(words):
    """Words as they stand behind `--` in the boot arguments: each in double quotes, with \\", \\\\ and \\n inside."""
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for word in words)
    return " ".join(f'"{word}"' for word in escaped)
