"""TAP, version 13: a line a check. One that waits is `not ok`, since TAP takes what is skipped for passed; trouble bails out."""

from __future__ import annotations

from grade.results import WAITS, Results


def write(results: Results) -> str:
    lines = ["TAP version 13"]
    for number, check in enumerate(results.done(), 1):
        waits = f" (waits for {results.blocker(check)})" if results.kind(check) == WAITS else ""
        title = f"{check['lab']} {check['name']}: {check['title']}{waits}".replace("#", r"\#")
        lines.append(f"{'ok' if check['passed'] else 'not ok'} {number} - {title}")
        lines += [f"  # {line}" for line in results.text(check).splitlines()]
    lines += [f"Bail out!  {trouble.splitlines()[0]}" for trouble in results.troubles()[:1]]
    return "\n".join([*lines, f"1..{len(results.order)}"]) + "\n"
