"""All results of a batch together: points by submission and check, as rows and as a CSV."""

from __future__ import annotations

import csv
import io

from grade.gradebook.host_tests import in_words
from grade.gradebook.work import GRADED, TROUBLE, UNREADABLE
from labs.catalog import Lab


def points(result: dict) -> int | None:
    """Points of a submission. None when there is no verdict on it: that is no zero."""
    if result["state"] in (TROUBLE, UNREADABLE):
        return None
    return sum(check["points"] for check in result["checks"] if check["passed"])


def kinds(result: dict) -> dict[str, str]:
    """ok, FAIL, waits or TROUBLE by the name of a check; nothing for one that was not run."""
    return {check["name"]: check["kind"] for check in result["checks"]}


def names_of_checks(lab: Lab) -> list[str]:
    return [*lab.checks, *lab.hidden]


def as_csv(lab: Lab, results: list[dict]) -> str:
    """A row a submission: its points in all and for each check. A cell is empty where there is no verdict."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    names = names_of_checks(lab)
    rows.writerow(["submission", "points", "of", "state", "seed", *names, "host tests", "why", "notes"])
    worth = lab.checks | lab.hidden
    for result in results:
        found, total = kinds(result), points(result)
        cells = [worth[name] if found.get(name) == "ok" else 0 for name in names]
        if result["state"] != GRADED:
            cells = [""] * len(names) if total is None else [0] * len(names)
        row = [result["name"], "" if total is None else total, lab.points, result["state"], result["seed"], *cells]
        rows.writerow(map(safe, [*row, in_words(result.get("host")), result["why"], "; ".join(result["notes"])]))
    return text.getvalue()


def safe(cell: object) -> object:
    """A text that no spreadsheet takes for a formula: names and messages come from outside."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def passed_by(results: list[dict], name: str) -> tuple[int, int]:
    """How many of the graded submissions pass a check, and how many there are."""
    graded = [result for result in results if result["state"] == GRADED]
    return sum(kinds(result).get(name) == "ok" for result in graded), len(graded)
