"""Workspaces: brought back to their base whatever a submission did there."""

import os

import pytest

from grade.workspace import lay, restore


@pytest.fixture
def base(tmp_path):
    base = tmp_path / "base"
    (base / "kern").mkdir(parents=True)
    (base / "build").mkdir()
    (base / "kern" / "a.cpp").write_text("a")
    (base / "build" / "a.o").write_text("object")
    (base / "run").write_text("script")
    (base / "run").chmod(0o755)
    (base / "link").symlink_to("run")
    os.utime(base / "kern" / "a.cpp", ns=(1, 123456789))
    return base


def content(tree):
    return {str(path.relative_to(tree)): (os.readlink(path) if path.is_symlink() else path.read_text(), path.lstat().st_mode,
                                          path.lstat().st_mtime_ns)
            for path in tree.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_a_new_workspace_is_a_copy_with_its_times(base, tmp_path):
    tree = tmp_path / "tree"
    assert restore(tree, base) == 6
    assert content(tree) == content(base)
    assert restore(tree, base) == 0


def test_what_a_submission_left_is_gone(base, tmp_path):
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    restore(tree, base)
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (tree / "build" / "a.o").write_text("forged")  # other time
    os.utime(tree / "kern" / "a.cpp", ns=(1, 1))
    (tree / "run").chmod(0o700)
    (tree / "build" / "more").mkdir()
    (tree / "build" / "more" / "b.o").write_text("left")
    (tree / "away").symlink_to(outside)
    (tree / "link").unlink()
    (tree / "link").mkdir()
    restore(tree, base)
    assert content(tree) == content(base) and (outside / "kept").exists()


def test_a_folder_that_became_a_link_is_not_written_through(base, tmp_path):
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    restore(tree, base)
    outside.mkdir()
    (tree / "kern" / "a.cpp").unlink()
    (tree / "kern").rmdir()
    (tree / "kern").symlink_to(outside)
    restore(tree, base)
    assert content(tree) == content(base) and not list(outside.iterdir())


def test_only_what_differs_is_laid(base, tmp_path):
    tree = tmp_path / "tree"
    restore(tree, base)
    lay({"kern/a.cpp": (b"a", 0o644), "run": (b"changed", 0o755), "new/file": (b"n", 0o644)}, tree)
    assert content(tree)["kern/a.cpp"] == content(base)["kern/a.cpp"]
    assert (tree / "run").read_text() == "changed" and (tree / "new" / "file").read_text() == "n"
