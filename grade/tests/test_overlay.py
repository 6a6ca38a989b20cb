"""The tree that is graded, and the box it is built in."""

import shutil
import socket
import subprocess
import sys

import pytest

from grade import overlay
from grade.machine.cpio import archive
from grade.machine.sandbox import bubblewrap, have_bubblewrap
from grade.overlay import BuildFailed, build, first_errors, make, write_tree
from grade.proof import Mutant
from labs.problem import Problem

needs_bubblewrap = pytest.mark.skipif(not have_bubblewrap(), reason="bubblewrap does not work here")


def test_only_what_differs_is_written(tmp_path):
    files = {"a/same": (b"1", 0o644), "b": (b"2", 0o755), "gone": (b"3", 0o644)}
    write_tree(files, tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "kept").write_text("x")
    before = (tmp_path / "a/same").stat().st_mtime_ns
    del files["gone"]
    write_tree(files | {"b": (b"changed", 0o755)}, tmp_path)
    assert (tmp_path / "a/same").stat().st_mtime_ns == before
    assert (tmp_path / "b").read_bytes() == b"changed" and (tmp_path / "b").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "gone").exists() and (tmp_path / "build" / "kept").exists()


def test_a_link_is_replaced_not_followed(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "outside").write_bytes(b"1")
    (tmp_path / "folder").mkdir()
    (tree / "file").symlink_to(tmp_path / "outside")
    (tree / "under").symlink_to(tmp_path / "folder")
    write_tree({"file": (b"2", 0o644), "under/file": (b"3", 0o644)}, tree)
    assert not (tree / "file").is_symlink() and (tmp_path / "outside").read_bytes() == b"1"
    assert (tree / "under/file").read_bytes() == b"3" and not list((tmp_path / "folder").iterdir())


def test_the_first_errors_of_a_log():
    log = "  CXX a.cpp\na.cpp:3:1: warning: odd\na.cpp:4:2: error: bad\n  x\nb.cpp:1: undefined reference to `f'\n"
    log += "make: *** [a] Error 1\n"
    assert first_errors(log) == "a.cpp:4:2: error: bad; b.cpp:1: undefined reference to `f'"
    assert (
        first_errors("make: *** No rule to make target 'x'.  Stop.\n") == "make: *** No rule to make target 'x'.  Stop."
    )
    assert first_errors("{standard input}:7: Error: file not found: x\n") == "{standard input}:7: Error: file not found: x"
    assert first_errors("e.c:1:1: error: x\n" * 5).endswith("(and 2 more)")


def test_a_build_that_fails_says_why(tmp_path):
    (tmp_path / "Makefile").write_text("all:\n\t@echo 'x.c:1:2: error: no' && false\n")
    with pytest.raises(BuildFailed, match="does not compile: x.c:1:2: error: no"):
        make(tmp_path, ["all"])


@needs_bubblewrap
def test_a_build_can_write_and_read_only_its_tree(tmp_path):
    tree, outside = tmp_path / "tree", tmp_path / "secret"
    tree.mkdir()
    outside.write_text("hidden")
    lines = [f"-cat {outside} > read", f"-echo forged > {outside}", "-touch /usr/forged", "echo fine > written"]
    (tree / "Makefile").write_text("all:\n" + "".join(f"\t{line}\n" for line in lines))
    make(tree, ["all"])
    assert (tree / "written").read_text() == "fine\n" and (tree / "read").read_text() == ""
    assert outside.read_text() == "hidden"


def test_without_bubblewrap_hidden_checks_are_out_of_sight_until_the_build_has_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(overlay, "have_bubblewrap", lambda: False)
    monkeypatch.setattr(overlay, "confine", lambda command, writable: command)
    hidden, root = tmp_path / "grade/checks/1-vmar/hidden/test_more.py", tmp_path
    hidden.parent.mkdir(parents=True)
    hidden.write_text("secret")
    (root / "Makefile").write_text(f"build/kernel.elf:\n\t@cat {hidden}; echo x.c:1:2: error: no; false\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    for _ in range(2):
        with pytest.raises(BuildFailed, match="does not compile: x.c:1:2: error: no"):
            build(root, [], root / "graded")
        log = (root / "graded/tree/build/grade.log").read_text()
        assert "No such file" in log and "secret" not in log and hidden.read_text() == "secret"
        hidden.parent.rename(hidden.parent.with_name(".hidden-0123"))  # as if this process had been killed meanwhile


@needs_bubblewrap
def test_the_box_has_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        result = subprocess.run(
            [*bubblewrap(), sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert result.returncode != 0 and "OSError" in result.stderr or "refused" in result.stderr.lower()


def test_a_mutant_whose_place_is_gone(tmp_path):
    mutant = Mutant(tmp_path / "m.toml", "", "f", "missing", "", frozenset())
    with pytest.raises(Problem, match="`find` is 0 times in f"):
        mutant.applied({"f": (b"text", 0o644)})


@pytest.mark.skipif(not shutil.which("cpio"), reason="no cpio")
def test_an_archive_that_cpio_reads(tmp_path):
    (tmp_path / "a.cpio").write_bytes(archive({"/lab/probe": b"12345", "top": b""}))
    result = subprocess.run(
        ["cpio", "-itv", "--quiet"], stdin=open(tmp_path / "a.cpio", "rb"), capture_output=True, text=True, check=False
    )
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["lab", "lab/probe", "top"]
