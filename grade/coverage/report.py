"""report.py BUILD: which lines and branches of kern/vm the tests have run, on the host and in the guest, from what they left
in BUILD (gcov's counts).

Fails when fewer than 95 of 100 lines ran, or when one that did not has no reason in grade/tests/coverage_reasons.toml.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER, LEAST = "kern/vm", 95.0
HOST, GUEST = ("gcov", "host/**/*.gcda"), (os.environ.get("CROSS", "riscv64-linux-gnu-") + "gcov", "kern/**/*.gcda")

Lines = dict[str, dict[int, int]]  # how often each line ran, by file
Branches = dict[str, dict[int, list[int]]]  # how often each branch of a line was taken


def counts(build: Path, side: tuple[str, str]) -> tuple[Lines, Branches]:
    """Of one side. A line of a header counts once, over all files that include it."""
    tool, pattern = side
    data = sorted(str(path) for path in build.glob(pattern))
    if not data:
        raise SystemExit(f"coverage: nothing has run in {build}/{pattern}; make coverage does all")
    lines: Lines = defaultdict(lambda: defaultdict(int))
    branches: Branches = defaultdict(dict)
    done = subprocess.run([tool, "--json-format", "--stdout", "--branch-probabilities", *data], cwd=ROOT, check=True, capture_output=True)
    for document in done.stdout.splitlines():
        for file in json.loads(document)["files"]:
            if not file["file"].startswith(FOLDER):
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[file["file"]][number] += line["count"]
                taken = [branch["count"] for branch in line["branches"] if not branch["throw"]]
                merge_line(branches[file["file"]], number, taken)
    return lines, branches


def merge_line(into: dict[int, list[int]], number: int, taken: list[int]) -> None:
    """Two compilers may see a line's branches differently: then the fuller view counts."""
    known = into.get(number, [])
    if len(known) == len(taken):
        into[number] = [a + b for a, b in zip(known, taken)]
    elif len(known) < len(taken):
        into[number] = taken


def seen_from(lines: Lines, others: Lines) -> Lines:
    """How often the others ran, of these lines."""
    return {file: {number: others.get(file, {}).get(number, 0) for number in of_file} for file, of_file in lines.items()}


def together(host: tuple[Lines, Branches], guest: tuple[Lines, Branches]) -> tuple[Lines, Branches]:
    """What ran on either side. What the host's compiler, which optimises nothing, takes for a line is one."""
    in_guest = seen_from(host[0], guest[0])
    lines = {file: {number: count + in_guest[file][number] for number, count in of_file.items()} for file, of_file in host[0].items()}
    branches: Branches = {file: dict(of_file) for file, of_file in host[1].items()}
    for file, of_file in branches.items():
        for number, taken in guest[1].get(file, {}).items():
            if len(taken) == len(of_file.get(number, [])):
                merge_line(of_file, number, taken)
    return lines, branches


def share(numbers) -> str:
    numbers = list(numbers)
    ran = sum(1 for number in numbers if number)
    return f"{ran} of {len(numbers)} {100 * ran / max(1, len(numbers)):5.1f} %"


def unexplained(lines: dict[str, dict[int, int]]) -> list[str]:
    """Lines that never ran, for which no reason is given; and reasons for lines that are not there, or do run."""
    given = ROOT / "grade/tests/coverage_reasons.toml"  # not in a handout: it quotes the reference
    reasons = tomllib.loads(given.read_text()) if given.exists() else {}
    problems, used = [], set()
    for file, of_file in sorted(lines.items()):
        text = (ROOT / file).read_text().splitlines()
        for number, count in sorted(of_file.items()):
            line = text[number - 1].strip()
            if count == 0 and line in reasons.get(file, {}):
                used.add((file, line))
            elif count == 0:
                problems.append(f"{file}:{number}: never ran: {line}")
    problems += [f"grade/tests/coverage_reasons.toml: {file}: {line}: there is no such line that never ran"
                 for file, of_file in reasons.items() for line in of_file if (file, line) not in used]
    return problems


def main() -> int:
    build = Path(sys.argv[1])
    host, guest = counts(build, HOST), counts(build, GUEST)
    lines, branches = together(host, guest)
    every_branch = {file: dict(enumerate(sum(of_file.values(), []))) for file, of_file in branches.items()}
    views = {"lines, host": host[0], "guest": seen_from(host[0], guest[0]), "both": lines, "branches, both": every_branch}
    print(f"{'':42}" + "".join(f"  {view:>21}" for view in views))
    for file in [*sorted(lines), "all"]:
        of = [[count for name, of_file in view.items() if file in (name, "all") for count in of_file.values()] for view in views.values()]
        print(f"{file:42}" + "".join(f"  {share(numbers):>21}" for numbers in of))
    problems = unexplained(lines)
    print("".join(f"{problem}\n" for problem in problems), end="")
    every = [count for of_file in lines.values() for count in of_file.values()]
    ran = 100 * sum(1 for count in every if count) / len(every)
    return int(bool(problems) or ran < LEAST)


if __name__ == "__main__":
    sys.exit(main())
