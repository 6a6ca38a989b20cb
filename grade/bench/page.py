"""docs/performance.md and its chart, from the stored figures."""

import math
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "performance.md"
CHART = DOCS / "performance.svg"

HEAD = """\
# What operations cost

In guest instructions, on one hart, under QEMU's `-icount shift=0`: the machine's clock counts instructions, so the figures are
exact and the same run gives the same numbers. `ours` is this kernel built with `RELEASE=1`; `Linux` is Debian's 6.12 for riscv64 at
its leanest (three-level page tables, no zeroing at allocation, no audit, huge pages or randomisation). Both run the same binary,
`user/bench`. `xv6` is xv6-riscv of 2022 with its own library, where it has such an operation.

```console
$ make bench              # measures ours, beside the stored figures of the others
$ make bench LINUX=1      # measures Linux as well
```

`UPDATE=1` stores what was measured and makes this page from it. `make bench`
fails when a row got more than 5 % dearer than what is stored.

![ratio of our cost to Linux's, row by row](performance.svg)

"""


CLOCK_HEAD = """
## By the host's clock

What a count of instructions does not show, a clock has to; `make bench` measures it last. The two sides of a comparison run by
turns, and the fastest run of each side counts: what else the host does can only slow a run down. Two harts need two processors at
the same time, and one whose processor is taken away makes the other wait for its locks: their figure says something on a host with
nothing else to do. As last stored:

"""


def by_the_clock(clock):
    """The measurements as lines of text."""
    boot, parallel, host = clock["boot"], clock["parallel"], clock["host"]

    def runs(part):
        return f"(the fastest of {part['runs']} runs each; medians: {part['median_left']:.0f} and {part['median_right']:.0f} ms)"

    return [f"boot to the shell's prompt: {boot['left']:.0f} ms, {boot['ratio']:.2f} times the {boot['right']:.0f} ms of an empty "
            f"payload in the same machine {runs(boot)}",
            f"2 processes x 100 x fork + exec + wait: {parallel['left']:.0f} ms on one hart, {parallel['right']:.0f} ms on two: "
            f"{parallel['ratio']:.2f} times as fast {runs(parallel)}",
            f"the host: {host['processors']} processors, load {host['load']}"]


def mean(rows):
    return math.exp(sum(math.log(row["ours"] / row["linux"]) for row in rows.values()) / len(rows))


def markdown(rows):
    lines = ["| operation | ours | Linux 6.12 | xv6 | ours : Linux |", "|---|---:|---:|---:|---:|"]
    for row in rows.values():
        xv6 = f"{row['xv6']:,}" if "xv6" in row else ""
        lines.append(f"| {row['what']} | {row['ours']:,} | {row['linux']:,} | {xv6} | {row['ours'] / row['linux']:.2f} |")
    return "\n".join(lines) + f"\n\nGeometric mean of the ratios: {mean(rows):.2f}.\n"


def chart(rows):
    """One bar a row, as long as our cost is in parts of Linux's; a line where they are equal."""
    left, unit, step, top = 400, 420, 18, 34
    height = top + step * len(rows) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + unit + 80} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="100%" height="100%" fill="#ffffff"/><text x="{left}" y="18" fill="#333">0</text>',
             f'<text x="{left + unit}" y="18" text-anchor="middle" fill="#333">Linux = 1</text>',
             f'<line x1="{left + unit}" y1="24" x2="{left + unit}" y2="{height}" stroke="#999"/>']
    for number, row in enumerate(rows.values()):
        ratio = row["ours"] / row["linux"]
        y = top + step * number
        color = "#2a7f62" if ratio <= 1 else "#b3412e"
        parts += [f'<text x="{left - 8}" y="{y + 11}" text-anchor="end" fill="#333">{row["what"]}</text>',
                  f'<rect x="{left}" y="{y}" width="{min(ratio, 1.1) * unit:.1f}" height="{step - 4}" fill="{color}"/>',
                  f'<text x="{left + min(ratio, 1.1) * unit + 5:.1f}" y="{y + 11}" fill="#333">{ratio:.2f}</text>']
    return "\n".join([*parts, "</svg>", ""])


def text(rows, clock):
    return HEAD + markdown(rows) + CLOCK_HEAD + "".join(f"- {line}\n" for line in by_the_clock(clock))


def write(rows, clock):
    PAGE.write_text(text(rows, clock))
    CHART.write_text(chart(rows))
