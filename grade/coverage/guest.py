"""guest.py BUILD: boots the kernel in BUILD that counts, and puts what it tells at the end where gcov looks for it.

The kernel is that of `make COVERAGE=1`; grade/kernel/coverage says what its lines look like.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The tests of the address space, random operations on it, and threads that change it side by side.
COMMANDS = "/bin/usertests && /bin/vmrandom 1-3 1000 >/dev/null && /bin/vmrace -n 1 -c 100"
FILE, DATA = "coverage: file ", "coverage: data "


def counts_in(console: str) -> dict[Path, bytes]:
    """What each file of counts holds."""
    files: dict[Path, bytes] = {}
    name = None
    for line in console.splitlines():
        if line.startswith(FILE):
            name = Path(line.removeprefix(FILE))
            files[name] = b""
        elif line.startswith(DATA) and name:
            files[name] += bytes.fromhex(line.removeprefix(DATA))
    return files


def main() -> int:
    build = Path(sys.argv[1])
    done = subprocess.run([sys.executable, "-m", "grade.run", "run", f"--build={build}", f"--command=/bin/sh -c '{COMMANDS}'",
                           "--smp=2", "--timeout=900"], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    files = counts_in(done.stderr)
    if done.returncode != 0 or not files:
        console = [line for line in done.stderr.splitlines() if "killed by" not in line and not line.startswith((FILE, DATA))]
        said = console + [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
        print("\n".join(["coverage: the programs in the guest failed:", *said[-20:]]), file=sys.stderr)
        return 1
    for name, counts in files.items():
        if not name.is_relative_to(build.resolve()):
            raise SystemExit(f"coverage: {name} is not in {build}: build it anew")
        name.write_bytes(counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
