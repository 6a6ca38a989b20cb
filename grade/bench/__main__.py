"""make bench: what operations cost in guest instructions, beside Linux and xv6.

The same binary (user/bench) runs on both kernels in a machine whose clock counts instructions, so the figures are exact
and repeat. `--update` stores them; docs/performance.md and its chart are made from what is stored.
"""

import argparse
import math
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from grade import boot, console
from grade.bench import page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = HERE / "rows.toml"
CLOCK = HERE / "clock.toml"
TIMEOUT = 600
NEVER = b"\0no such text"
TOLERANCE = 1.05  # dearer than this against the stored figure is a failure


class Failed(Exception):
    """A measurement could not be made; the text says why."""


def load_rows():
    return tomllib.loads(ROWS.read_text())


def store(file, rows):
    """Puts the rows in place of those that stand in the file, below its head."""
    head = file.read_text().split("\n[", 1)[0].rstrip()
    body = "".join(f"\n[{name}]\n" + "".join(f"{key} = {json_like(value)}\n" for key, value in row.items()) for name, row in rows.items())
    file.write_text(f"{head}\n{body}")


def json_like(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


def parse(text):
    """The figures a run of bench printed, by row."""
    return {name: int(figure) for name, figure in (line.split() for line in text.splitlines())}


def run(build, program, smp=1, icount=False):
    """What a program prints on this kernel."""
    output, messages = [], []
    nonce = console.new_nonce()
    arguments = f"console=raw quiet seed=1 norandmaps init={program[0]} log={nonce} -- {' '.join(program[1:])}"
    command = boot.qemu_command(f"{build}/kernel.elf", f"{build}/initramfs.cpio", arguments, smp=smp, mem="512M", icount=icount,
                                extra=["-serial", "stdio", "-monitor", "none"])
    outcome = boot.follow(command, nonce, TIMEOUT, output.append, messages.append)
    if outcome.timed_out or outcome.status != 0:
        raise Failed(f"{' '.join(program)} did not run to its end: " + b" ".join(messages).decode(errors="replace").strip())
    return b"".join(output).decode()


def measure_ours(build):
    return parse(run(build, ["/bin/bench"], icount=True))


def measure_linux(build):
    done = subprocess.run([ROOT / "grade/run-on-linux", "--bench", f"{build}/user/root", "--", "/bin/bench"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"bench ended with status {done.returncode} on Linux")
    return parse(done.stdout)


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


def table(rows):
    """The rows as text, in columns."""
    lines = [f"{'operation':<58}{'ours':>12}{'Linux':>13}{'xv6':>12}{'ratio':>8}"]
    for row in rows.values():
        xv6 = f"{row['xv6']:,}" if "xv6" in row else "-"
        lines.append(f"{row['what']:<58}{row['ours']:>12,}{row['linux']:>13,}{xv6:>12}{row['ours'] / row['linux']:>8.2f}")
    mean = geometric_mean(row["ours"] / row["linux"] for row in rows.values())
    lines.append(f"geometric mean of the ratios to Linux: {mean:.2f}")
    return lines


def seconds_until(command, text):
    """Host time from QEMU's start to where its console shows `text`, or to its end."""
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=boot.die_with_parent) as machine:
        seen = b""
        while text not in seen:
            data = os.read(machine.stdout.fileno(), 65536)
            if not data:
                break
            seen = (seen + data)[-4096:]
        took = time.monotonic() - start
        machine.kill()
    return took


def boot_times(build, rounds=40):
    """Seconds from power-on to the shell's prompt, and to the end of an empty payload in the same machine: pairs, by turns."""
    serial = ["-serial", "stdio", "-monitor", "none"]
    ours = boot.qemu_command(f"{build}/kernel.elf", f"{build}/initramfs.cpio", "quiet", extra=serial)
    empty = boot.qemu_command(f"{build}/empty.elf", f"{build}/initramfs.cpio", "", extra=serial)
    return [(seconds_until(ours, b"$ "), seconds_until(empty, NEVER)) for _ in range(rounds)]


def parallel_times(build, rounds=11):
    """Seconds that two processes take which start programs: on one hart, and on two; pairs, by turns."""
    def once(smp):
        return parse(run(build, ["/bin/bench", "parallel", "2"], smp=smp))["parallel"] / 1e9
    return [(once(1), once(2)) for _ in range(rounds)]


def compare(pairs):
    """Pairs of times: the fastest of each side and the medians, in ms, and the ratio of the fastest. (What else the host does can
    only slow a run down: the fastest one shows what it takes by itself.)"""
    sides = [sorted(times) for times in zip(*pairs)]
    (left, right), (median_left, median_right) = ([round(times[at] * 1000, 1) for times in sides] for at in (0, len(pairs) // 2))
    return {"left": left, "right": right, "ratio": round(left / right, 2), "median_left": median_left, "median_right": median_right,
            "runs": len(pairs)}


def measure_by_the_clock(build):
    clock = {"boot": compare(boot_times(build)), "parallel": compare(parallel_times(build))}
    return clock | {"host": {"processors": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1)}}


def dearer(rows, figures):
    """Rows that cost more than what is stored allows."""
    return {name: (rows[name]["ours"], figure) for name, figure in figures.items() if figure > rows[name]["ours"] * TOLERANCE}


def main():
    parser = argparse.ArgumentParser(prog="grade.bench")
    parser.add_argument("--build", required=True, help="the folder of a release build")
    parser.add_argument("--linux", action="store_true", help="measure Linux as well, instead of using its stored figures")
    parser.add_argument("--update", action="store_true", help="store the figures, and make docs/performance.md from them")
    options = parser.parse_args()
    rows = load_rows()
    figures = measure_ours(options.build)
    late = {} if options.update else dearer(rows, figures)
    for name, figure in figures.items():
        rows[name]["ours"] = figure
    if options.linux:
        for name, figure in measure_linux(options.build).items():
            rows[name]["linux"] = figure
    print(*table(rows), sep="\n")
    clock = measure_by_the_clock(options.build)
    print(*page.by_the_clock(clock), sep="\n")
    if options.update:
        store(ROWS, rows)
        store(CLOCK, clock)
        page.write(rows, clock)
    for name, (before, after) in late.items():
        print(f"dearer: {name}: {after:,} instructions, stored are {before:,}")
    return 1 if late else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, boot.BootError) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        os._exit(130)
