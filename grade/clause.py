"""Clauses: the section that a check judges, as `labs/1-vmar "Splitting", details`, and where to read it."""

from __future__ import annotations

import re

CLAUSE = re.compile(r'(\S+) "([^"]+)"(.*)')


def linked(clause: str) -> str:
    """The clause with the path of its page and the section's anchor: `labs/1-vmar/README.md#splitting, details`."""
    match = CLAUSE.fullmatch(clause)
    if not match:
        return clause
    page = match[1] if match[1].endswith(".md") else f"{match[1]}/README.md"
    return f"{page}#{anchor(match[2])}{match[3]}"


def anchor(heading: str) -> str:
    """The name of a section, as GitHub and the site make it of its heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
