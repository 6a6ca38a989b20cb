"""JSON for other programs, with all that is known; CSV for a spreadsheet, a row a check."""

from __future__ import annotations

import csv
import io
import json

from grade.results import Results

COLUMNS = ("lab", "check", "verdict", "won", "points", "visibility", "seed", "title")


def as_json(results: Results) -> str:
    checks = [check | {"kind": results.kind(check)} for check in results.done()]
    return json.dumps({"seed": results.seed, "trouble": results.troubles(), "checks": checks})


def as_csv(results: Results) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for check in results.done():
        won = check["points"] if check["passed"] else "" if "trouble" in check else 0
        rows.writerow(
            [check["lab"], check["name"], results.kind(check), won, check["points"], check["visibility"], results.seed]
            + [check["title"]]
        )
    return text.getvalue()
