"""The page of a batch: one file that needs nothing else. Scores, checks by submission, how hard each check was, trouble."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from html import escape

from grade.gradebook import table
from grade.gradebook.host_tests import in_words
from grade.gradebook.work import GRADED, NOT_BUILT, TROUBLE, UNREADABLE
from labs.catalog import Lab

STYLE = """
:root { --ok: #2e9e5b; --fail: #d5493f; --waits: #e3b23c; --none: #b9bec6; --line: #d8dbe0; --text: #1c2430; --soft: #5d6673;
        --page: #ffffff; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --ok: #37a866; --fail: #e0625a; --waits: #c79a2b; --none: #5a616b; --line: #363c45; --text: #e6e9ee; --soft: #a2abb7;
          --page: #171b21; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2rem auto; padding: 0 1rem;
       max-width: 76rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
p.under, .soft { color: var(--soft); margin-top: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } th, td { padding: .15rem .5rem; text-align: left; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.map td.cell { padding: 0; border: 1px solid var(--page); min-width: 1.5rem; height: 1.5rem; text-align: center; color: #fff;
               font-size: .75rem; }
.map th.check { vertical-align: bottom; padding: .3rem .1rem; font-weight: normal; font-size: .85rem; }
.map th.check span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
tr:first-child > th { vertical-align: bottom; }
.map td.number { white-space: nowrap; }
.map th.name { position: sticky; left: 0; background: var(--page); font-weight: normal; white-space: nowrap; }
.ok { background: var(--ok); } .FAIL { background: var(--fail); } .waits { background: var(--waits); }
.none, .TROUBLE { background: var(--none); }
.key span { display: inline-block; width: 1rem; height: 1rem; line-height: 1rem; text-align: center; color: #fff; font-size: .7rem;
            margin-right: .3rem; vertical-align: middle; } .key span:not(:first-child) { margin-left: 1rem; } p.key { margin-top: .8rem; }
.bar { background: var(--line); width: 14rem; height: .8rem; } .bar div { background: var(--ok); height: 100%; }
.columns { display: flex; align-items: flex-end; gap: 3px; height: 8rem; }
.columns div { flex: 1; max-width: 4rem; text-align: center; font-size: .8rem; }
.columns i { display: block; background: var(--ok); }
code { font-size: .9em; overflow-wrap: anywhere; }
"""
MARKS = {"ok": "", "FAIL": "\u00d7", "waits": "\u00b7", "TROUBLE": "?", "none": ""}
WORDS = {"ok": "passed", "FAIL": "failed", "waits": "waits for another check", "TROUBLE": "trouble, no verdict",
         "none": "not run"}
TENTHS = 10


def as_html(lab: Lab, results: list[dict]) -> str:
    title = f"{lab.folder}: {lab.title}"
    parts = [summary(results), scores(lab, results), heat_map(lab, results), difficulty(lab, results), hosted(results)]
    parts += [listed("Infrastructure", "No verdict: these are no zeros. The same command tries them again.", results, TROUBLE)]
    parts += [listed("Does not build", "Graded as 0; the compiler's first errors:", results, NOT_BUILT)]
    parts += [listed("Unreadable", "Nothing was graded: these are no zeros either.", results, UNREADABLE), noted(results)]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def totals(results: list[dict]) -> list[int]:
    return [total for total in map(table.points, results) if total is not None]


def summary(results: list[dict]) -> str:
    known = totals(results)
    text = f"{len(results)} submissions, seed {results[0]['seed']}"
    if known:
        text += f"; points: mean {statistics.mean(known):.1f}, median {statistics.median(known):g}"
        text += f", lowest {min(known)}, highest {max(known)}"
    return f'<p class="under">{text}</p>'


def scores(lab: Lab, results: list[dict]) -> str:
    """How many submissions have how many points, by tenths of what there is to have."""
    counts = [0] * TENTHS
    for total in totals(results):
        counts[min(TENTHS - 1, total * TENTHS // lab.points)] += 1
    most = max(counts) or 1
    columns = "".join(
        f'<div>{count or ""}<i style="height:{6 * count / most:.2f}rem"></i>{range_of(lab, tenth)}</div>'
        for tenth, count in enumerate(counts)
    )
    return f'<h2>Scores</h2><div class="columns" role="img" aria-label="submissions by points">{columns}</div>'


def range_of(lab: Lab, tenth: int) -> str:
    return f"{lab.points * tenth // TENTHS}{'+' if tenth == TENTHS - 1 else ''}"


def heat_map(lab: Lab, results: list[dict]) -> str:
    names = table.names_of_checks(lab)
    host_head = '<th class="check"><span>host tests</span></th>' if any(result.get("host") for result in results) else ""
    heads = "".join(f'<th class="check"><span>{escape(name)}{" *" if name in lab.hidden else ""}</span></th>' for name in names)
    rows = "\n".join(row(names, result, bool(host_head)) for result in results)
    key = "".join(f'<span class="{kind}">{MARKS[kind]}</span>{WORDS[kind]}' for kind in WORDS)
    return (
        f'<h2>Checks</h2><div class="wide"><table class="map"><tr><th class="name">submission</th>'
        f'<th class="number">points</th>{host_head}{heads}</tr>\n{rows}</table></div><p class="key soft">{key}; * hidden</p>'
    )


def row(names: list[str], result: dict, with_host: bool) -> str:
    kinds, total = table.kinds(result), table.points(result)
    cells = ""
    for name in names:
        kind = kinds.get(name, "none")
        cells += f'<td class="cell {kind}" title="{escape(name)}: {WORDS[kind]}">{MARKS[kind]}</td>'
    name, host = escape(result["name"]), result.get("host")
    cell = f'<td class="number soft">{in_words(host)}</td>' if with_host else ""
    return f'<tr><th class="name">{name}</th><td class="number">{"-" if total is None else total}</td>{cell}{cells}</tr>'


def difficulty(lab: Lab, results: list[dict]) -> str:
    """The checks from the hardest to the easiest, by how many of what was graded pass."""
    rows = []
    for name in table.names_of_checks(lab):
        passed, graded = table.passed_by(results, name)
        if graded:
            rows.append((passed / graded, name, passed, graded))
    lines = "\n".join(
        f'<tr><td>{escape(name)}</td><td class="number">{passed} of {graded}</td>'
        f'<td><div class="bar"><div style="width:{100 * part:.0f}%"></div></div></td></tr>'
        for part, name, passed, graded in sorted(rows)
    )
    return f'<h2>Difficulty</h2><div class="wide"><table class="difficulty">{lines}</table></div>' if lines else ""


def listed(title: str, text: str, results: list[dict], state: str) -> str:
    found = [(result["name"], result["why"]) for result in results if result["state"] == state]
    return f"<h2>{title}</h2><p>{text}</p>{pairs(found)}" if found else ""


def hosted(results: list[dict]) -> str:
    """What the host tests found, where they did not all pass."""
    hosts = [(result["name"], host) for result in results if (host := result.get("host"))]
    found = [(name, f"{in_words(host)}; {host['why']}") for name, host in hosts if host["why"]]
    text = "Under AddressSanitizer, on the host. Each submission's process says this of itself, so it gives no points."
    return f"<h2>Host tests</h2><p>{text}</p>{pairs(found)}" if found else ""


def noted(results: list[dict]) -> str:
    found = [(result["name"], note) for result in results if result["state"] in (GRADED, NOT_BUILT) for note in result["notes"]]
    return f"<h2>Notes</h2>{pairs(found)}" if found else ""


def pairs(found: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td>{escape(name)}</td><td><code>{escape(text)}</code></td></tr>" for name, text in found)
    return f'<div class="wide"><table class="list">{lines}</table></div>'
