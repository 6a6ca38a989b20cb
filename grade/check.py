"""The mark that makes a test function a check."""

from __future__ import annotations

import pytest


def check(name: str, clause: str, needs: str = "", common: str = ""):
    """Marks a check: its name (for CHECK= and lab.toml, which gives its points), the clause it judges, the check that
    must work first, and what usually causes a failure. The first line of its docstring is its title."""
    return pytest.mark.check(name=name, clause=clause, needs=needs, common=common)
