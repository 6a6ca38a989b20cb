"""report.py BUILD: which lines and branches of kern/vm the host tests have run, from what they left in BUILD (gcov's counts).

Fails when fewer than 95 of 100 lines ran, or when one that did not has no reason in grade/tests/coverage_reasons.toml.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER, LEAST = "kern/vm", 95.0


def counts(build: Path) -> tuple[dict[str, dict[int, int]], dict[str, dict[tuple[int, int], int]]]:
    """How often each line ran, by file; and each branch, by line and place in it. A header's lines count once, over all files."""
    lines: dict = defaultdict(lambda: defaultdict(int))
    branches: dict = defaultdict(lambda: defaultdict(int))
    data = sorted(str(path) for path in build.glob("host/**/*.gcda"))
    if not data:
        raise SystemExit(f"coverage: nothing has run in {build}; make coverage does all")
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *data], cwd=ROOT, check=True, capture_output=True)
    for document in done.stdout.splitlines():
        for file in json.loads(document)["files"]:
            if not file["file"].startswith(FOLDER):
                continue
            for line in file["lines"]:
                lines[file["file"]][line["line_number"]] += line["count"]
                for place, branch in enumerate(line["branches"]):
                    if not branch["throw"]:
                        branches[file["file"]][line["line_number"], place] += branch["count"]
    return lines, branches


def share(numbers) -> str:
    numbers = list(numbers)
    ran = sum(1 for number in numbers if number)
    return f"{ran:4} of {len(numbers):4}  {100 * ran / max(1, len(numbers)):5.1f} %"


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
    lines, branches = counts(Path(sys.argv[1]))
    for file in sorted(lines):
        print(f"{file:44} lines {share(lines[file].values())}   branches {share(branches[file].values())}")
    every = [count for of_file in lines.values() for count in of_file.values()]
    print(f"{'all':44} lines {share(every)}   branches {share(count for of_file in branches.values() for count in of_file.values())}")
    problems = unexplained(lines)
    print("\n".join(problems))
    ran = 100 * sum(1 for count in every if count) / len(every)
    return int(bool(problems) or ran < LEAST)


if __name__ == "__main__":
    sys.exit(main())
