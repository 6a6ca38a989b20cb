"""grade/batch: grades a folder of submissions.

Exit status: 0 when each has a result, 3 when some had trouble with the machine (they are tried again by the same command),
2 when the command is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import queue
import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from grade.formats import replace
from grade.gradebook import page, table
from grade.gradebook.host_tests import program_of, tests_of
from grade.gradebook.submissions import find
from grade.gradebook.work import TROUBLE, Task, work
from grade.machine.sandbox import have_bubblewrap
from grade.overlay import clean_files, is_handout, locked, make
from grade.skeleton import skeleton
from grade.workspace import Files, make_base
from labs.catalog import ROOT, Lab, find_lab
from labs.problem import Problem, run

NO_RESULT = 3
BAR = 24
EXPOSED = (
    "bubblewrap does not work here: while it is built, a submission could read this tree's hidden checks and solutions "
    "(#include, .incbin). Let it make namespaces, or grade with what `make gradescope` packs, which keeps both away; "
    "--unconfined grades all the same"
)


def context(files: Files, settings: str) -> str:
    """Something else whenever the tree, its checks or the settings are."""
    hasher = hashlib.sha256(settings.encode())
    for name, (content, mode) in sorted((clean_files(ROOT) | files).items()):
        hasher.update(f"\0{name}\0{mode}\0{len(content)}\0".encode() + content)
    return hasher.hexdigest()


def remembered_seed(out: Path, asked: str) -> int:
    """The seed that was asked for, or that this batch began with; else a new one, written down for the next run."""
    path = out / "seed"
    if asked and not asked.isdigit():
        raise Problem(f"--seed {asked} is not a number")
    if not asked and path.exists():
        return int(path.read_text())
    seed = int(asked) if asked else random.SystemRandom().randrange(1, 10_000)
    replace(path, f"{seed}\n")
    return seed


def prepare(lab: Lab, out: Path, seed: int, jobs: int, host_tests: bool = False, unconfined: bool = False) -> Task:
    """Builds the clean tree. Every submission is laid over a copy of it."""
    if not (have_bubblewrap() or unconfined or is_handout(ROOT)):
        raise Problem(EXPOSED)
    files = clean_files(ROOT) if is_handout(ROOT) else skeleton(lab)
    folder = ROOT / "build" / "grade" / "batch" / lab.folder
    base = make_base(files, [lab], folder / "base", like=ROOT / "build" / "grade" / "reference" / "tree")
    contents = {name: content for name, (content, _) in files.items()}
    host_tests = host_tests and bool(tests_of(lab, contents))
    if host_tests:
        with locked(folder / "base"):
            make(base, [program_of(lab)])
    workspaces: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for number in range(jobs):
        workspaces.put(folder / str(number))
    known = context(files, f"{seed} {host_tests} {unconfined}")
    return Task(lab, base, contents, seed, known, out, workspaces, host_tests=host_tests, unconfined=unconfined)


def grade_all(task: Task, submissions: list[tuple[str, Path]], jobs: int) -> Iterator[dict]:
    """Results as they come."""
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(work, task, name, path) for name, path in submissions]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def show(done: int, count: int, started: float, result: dict) -> None:
    """A line a submission; on a terminal the last line is a bar."""
    total = table.points(result)
    print("\r\x1b[K" * sys.stdout.isatty() + f"  {'-' if total is None else total:>3}  {result['name']:<32} {result['state']}")
    if sys.stdout.isatty():
        left = (time.monotonic() - started) / done * (count - done)
        bar = "#" * (BAR * done // count)
        print(f"[{bar:<{BAR}}] {done}/{count}, about {in_time(left)} left", end="" if done < count else "\n")
    sys.stdout.flush()


def in_time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="grade/batch", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a submission an entry: an archive, or a folder")
    parser.add_argument("--lab", default="", help="number or name of the lab")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="submissions at a time (default: processors)")
    parser.add_argument("--out", type=Path, help="where results go (default: DIR-results)")
    parser.add_argument("--seed", default="", help="of all challenges (default: one is chosen, and kept)")
    parser.add_argument("--no-host-tests", action="store_true", help="only the checks in the machine, which give the points")
    parser.add_argument("--unconfined", action="store_true", help="grade also where bubblewrap does not work")
    arguments = parser.parse_args()
    lab, folder = find_lab(arguments.lab), arguments.folder.resolve()
    if not folder.is_dir():
        raise Problem(f"{folder} is no folder")
    out = (arguments.out or folder.with_name(f"{folder.name}-results")).resolve()
    if out.is_relative_to(folder):
        raise Problem(f"{out} lies in the folder of the submissions; say --out another folder")
    jobs = max(1, arguments.jobs)
    submissions = find(folder)
    seed = remembered_seed(out, arguments.seed)
    task = prepare(lab, out, seed, jobs, not arguments.no_host_tests, arguments.unconfined)
    started, results = time.monotonic(), {}
    for result in grade_all(task, submissions, jobs):
        results[result["name"]] = result
        show(len(results), len(submissions), started, result)
    ordered = [results[name] for name, _ in submissions]
    replace(out / "results.csv", table.as_csv(lab, ordered))
    replace(out / "report.html", page.as_html(lab, ordered))
    print(f"{out}: report.html, results.csv, a report for each in reports/")
    return NO_RESULT if any(result["state"] == TROUBLE for result in ordered) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run(main)
