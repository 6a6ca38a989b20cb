"""Gradescope's results.json, with the fields that its autograder specification has.

When there was trouble no score is given at all: Gradescope then says that the autograder failed, and the instructor starts it
again.
"""

from __future__ import annotations

import json

from grade.results import NO_VERDICT, PASSED, PUBLIC, TROUBLE, Results

VISIBILITY = {"public": "visible", "after_due_date": "after_due_date", "hidden": "hidden"}


def write(results: Results) -> str:
    checks, troubles = results.done(), results.troubles()
    document = {
        "execution_time": round(sum(check["seconds"] for check in checks)),
        "output": "\n".join([NO_VERDICT, *troubles] if troubles else shown_to_all(results)),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"seed": results.seed, "done": len(checks), "checks": len(results.order)},
        "tests": [test(results, check, number, with_score=not troubles) for number, check in enumerate(checks, 1)],
    }
    return json.dumps(document, indent=1)


def shown_to_all(results: Results) -> list[str]:
    """What every student may read at once: nothing that depends on a check that is not public."""
    public = [check for check in results.done() if check["visibility"] == PUBLIC]
    return [f"seed {results.seed}: {results.won(public)} of {sum(check['points'] for check in public)} public points"]


def test(results: Results, check: dict, number: int, with_score: bool) -> dict:
    """One entry of `tests`."""
    kind = results.kind(check)
    entry = {
        "name": f"{check['name']}: {check['title']}",
        "number": str(number),
        "output": results.text(check),
        "tags": [check["lab"]],
        "visibility": VISIBILITY[check["visibility"]],
        "extra_data": {"verdict": kind},
    }
    if kind != TROUBLE:
        entry["status"] = "passed" if kind == PASSED else "failed"
    if with_score:
        entry |= {"score": check["points"] if check["passed"] else 0, "max_score": check["points"]}
    return entry
