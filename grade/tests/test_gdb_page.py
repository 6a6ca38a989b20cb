"""docs/debugging.md: every command on the page is run, and every line it shows of a session is what the machine and GDB print
(pages.py says how). It is played in a copy of this tree, for the page plants a bug in the kernel, and takes it out again."""

import pytest

from grade.tests.pages import gathered, play, play_gdb
from grade.tests.workshop import copy_tree

PAGE = "docs/debugging.md"


@pytest.mark.slow
def test_the_sessions_of_the_page_go_as_printed(tmp_path):
    """In the order of the page: a later session uses what an earlier one made."""
    tree = copy_tree(tmp_path / "tree")
    before = (tree / "kern/vm/fork.cpp").read_text()
    for options, session in gathered(PAGE):
        (play_gdb if "gdb" in options else play)(session, tree)
    assert (tree / "kern/vm/fork.cpp").read_text() == before


def test_the_walk_is_through_a_bug_of_the_kernel():
    sessions = ["\n".join(command for command, _ in session) for options, session in gathered(PAGE) if "gdb" in options]
    assert len(sessions) >= 3 and any("lastwrite pte" in session and "make replay" in session for session in sessions)
