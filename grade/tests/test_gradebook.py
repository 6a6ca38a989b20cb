"""A class at once: what is taken of submissions, resuming, the table, and the page in a browser."""

import csv
import io
import json
import os
import signal
import subprocess
import tarfile
import time
import zipfile

import pytest

from grade.bench.batch import write_class
from grade.gradebook import __main__ as gradebook
from grade.gradebook import page, submissions, table
from grade.gradebook.submissions import MOST_BYTES, find, read
from grade.overlay import clean_files
from grade.proof import SEED
from grade.tests import browser
from labs.catalog import ROOT, find_lab
from labs.problem import Problem
from labs.submit import pack

LAB = find_lab("heap")
FIRST, SECOND = LAB.files
CLEAN = {"Makefile": b"all:\n", FIRST: b"skeleton", SECOND: b"skeleton"}
WORK = {FIRST: b"first", SECOND: b"second"}


def write_folder(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_tar(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def taken(path):
    return read("someone", path, LAB, CLEAN)


# WHAT IS TAKEN


def test_what_make_submit_packs(tmp_path):
    write_folder(tmp_path / "tree", WORK)
    pack(LAB, tmp_path / "heap-submission.tar.gz", tmp_path / "tree")
    assert taken(tmp_path / "heap-submission.tar.gz").files == WORK


@pytest.mark.parametrize("write, name", [(write_tar, "a.tar.gz"), (write_zip, "a.zip"), (write_folder, "a")])
def test_the_labs_files_are_found_in_any_depth_and_others_are_named(tmp_path, write, name):
    more = {"Makefile": CLEAN["Makefile"], "notes.txt": b"n", "kern/main.cpp": b"mine"}
    path = write(tmp_path / name, {f"my-lab/{file}": content for file, content in (WORK | more).items()})
    assert taken(path).files == WORK
    assert sorted(taken(path).others) == ["my-lab/kern/main.cpp", "my-lab/notes.txt"]  # the Makefile is as it was


def test_a_folder_with_one_archive_in_it_is_that_archive(tmp_path):
    (tmp_path / "Some One_123").mkdir()
    write_tar(tmp_path / "Some One_123" / "heap-submission.tar.gz", WORK)
    assert taken(tmp_path / "Some One_123").files == WORK


def test_files_without_their_folders(tmp_path):
    path = write_zip(tmp_path / "a.zip", {name.rpartition("/")[2]: content for name, content in WORK.items()})
    assert taken(path).files == WORK


def test_a_file_that_is_missing_is_named(tmp_path):
    part = taken(write_tar(tmp_path / "a.tar.gz", {FIRST: b"1"}))
    assert part.files == {FIRST: b"1"} and part.missing == [SECOND]


def with_link(path):
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo(FIRST)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return path


@pytest.mark.parametrize("make, told", [
    (lambda path: write_tar(path, {"readme": b""}), "no file of the lab in it; expected: kern/vm/process_vm/heap.cpp"),
    (lambda path: write_tar(path, {FIRST: b"x" * (MOST_BYTES + 1)}), "is a link, or larger than 1 MiB"),
    (lambda path: write_tar(path, {f"{number}/{FIRST}": b"" for number in (1, 2)}), "is in it twice"),
    (lambda path: write_tar(path, {f"../{FIRST}": b"out"}), "no file of the lab"),
    (with_link, "is a link"),
    (lambda path: path.write_bytes(b"\x1f\x8bnonsense") and path, "it cannot be read"),
])
def test_what_is_refused(tmp_path, make, told):
    path = make(tmp_path / "a.tar.gz")
    if make is with_link:
        path = path.rename(tmp_path / "a.tar")
    with pytest.raises(Problem, match=told):
        taken(path)


def test_an_archive_that_unpacks_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_UNPACKED", 4 << 20)
    write_tar(tmp_path / "a.tar.gz", {"zeroes": bytes(5 << 20), FIRST: b"1"})
    with pytest.raises(Problem, match="unpacks to more than 4 MiB"):
        taken(tmp_path / "a.tar.gz")


def test_a_link_in_a_folder_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    root = write_folder(tmp_path / "a", {SECOND: b"2"})
    (root / FIRST).parent.mkdir(parents=True)
    (root / FIRST).symlink_to(tmp_path / "secret")
    with pytest.raises(Problem, match="is a link"):
        taken(root)
    (root / "away").symlink_to(tmp_path)
    (root / FIRST).unlink()
    assert taken(root).files == {SECOND: b"2"}


def test_two_submissions_of_one_name(tmp_path):
    write_tar(tmp_path / "a.tar.gz", WORK)
    (tmp_path / "a").mkdir()
    with pytest.raises(Problem, match="would both be called a"):
        find(tmp_path)
    with pytest.raises(Problem, match="no submission in it"):
        find(tmp_path / "a")


# THE TABLE


def result(name, state="graded", failed=(), why=""):
    checks = [{"name": check, "points": points, "passed": check not in failed, "kind": "FAIL" if check in failed else "ok"}
              for check, points in (LAB.checks | LAB.hidden).items()]
    graded = {"checks": checks, "host": {"passed": 3, "of": 4, "why": "failed: heap::one"} if failed else None}
    common = {"name": name, "state": state, "why": why, "notes": [], "seed": 1}
    return common | (graded if state == "graded" else {"checks": []})


RESULTS = [result("ann"), result("=bob()", failed=("realloc", "brk-zero")), result("cid", "infrastructure", why="QEMU died"),
           result("dan", "does not build", why="heap.cpp:1:1: error: <b>no</b>"), result("eve", "unreadable", why="empty")]


def test_the_table_has_no_zero_where_there_is_no_verdict():
    rows = {row["submission"]: row for row in csv.DictReader(io.StringIO(table.as_csv(LAB, RESULTS)))}
    assert rows["ann"]["points"] == "100" and rows["ann"]["realloc"] == "6"
    assert rows["'=bob()"]["points"] == "89" and rows["'=bob()"]["realloc"] == "0"  # no formula for a spreadsheet
    assert (rows["ann"]["host tests"], rows["'=bob()"]["host tests"]) == ("", "3 of 4")
    assert rows["cid"]["points"] == "" == rows["cid"]["realloc"] == rows["eve"]["points"]
    assert rows["dan"]["points"] == "0"


def test_how_hard_a_check_was_counts_what_was_graded():
    assert table.passed_by(RESULTS, "realloc") == (1, 2)


# THE PAGE


def test_the_page_in_a_browser(tmp_path):
    browser.install()
    path = tmp_path / "report.html"
    path.write_text(page.as_html(LAB, RESULTS * 20))
    seen = browser.dom(path.as_uri())
    assert "100 submissions" in seen and "QEMU died" in seen and "&lt;b&gt;no&lt;/b&gt;" in seen
    assert seen.count('<th class="name">ann</th>') == 20 and seen.count("3 of 4; failed: heap::one") == 20
    assert seen.count('class="cell ok"') == 20 * (len(LAB.checks | LAB.hidden) * 2 - 2)
    assert browser.visit([path.as_uri()])[0]["width"] <= browser.PHONE  # wide tables scroll by themselves


# ALL OF IT


def batch(folder, *words):
    command = [ROOT / "grade" / "batch", folder, "--lab", LAB.name, "--jobs", "2", "--seed", str(SEED), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


@pytest.mark.slow
def test_a_class_is_graded_and_an_interrupted_run_goes_on(tmp_path):
    reference = {name: clean_files(ROOT)[name][0] for name in LAB.files}
    wrong = reference[SECOND].replace(b"size + HEAD + 15", b"size + HEAD + 7")
    folder, out = tmp_path / "class", tmp_path / "class-results"
    folder.mkdir()
    write_tar(folder / "ann.tar.gz", reference)
    write_zip(folder / "bob.zip", reference | {SECOND: wrong.replace(b"~(size_t)15", b"~(size_t)7")})
    write_folder(folder / "cid", reference | {"Makefile": b"all:\n\techo total 100/100\n"})
    write_tar(folder / "dan.tgz", {FIRST: b"this is no C++\n"})
    write_tar(folder / "eve.tar", {"essay": b""})
    first = batch(folder)
    end = time.monotonic() + 300
    while not list(out.glob("results/[abcd]*.json")) and first.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGINT)
    first.communicate()
    assert first.returncode in (130, 0)
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("results/*.json") if path.stem != "eve"}
    second = batch(folder)
    told, _ = second.communicate()
    assert second.returncode == 0, told
    assert {name: (out / "results" / name).stat().st_mtime_ns for name in kept} == kept and kept
    rows = {row["submission"]: row for row in csv.DictReader((out / "results.csv").open())}
    assert [rows[name]["points"] for name in ("ann", "cid", "dan", "eve")] == ["100", "100", "0", ""]
    assert 0 < int(rows["bob"]["points"]) < 100
    assert (rows["ann"]["host tests"], rows["dan"]["host tests"]) == ("4 of 4", "")
    assert "Makefile is no file of the lab: not taken" in rows["cid"]["notes"]
    assert f"{SECOND} is missing" in rows["dan"]["notes"] and "heap.cpp:1:1: error:" in rows["dan"]["why"]
    assert "a multiple of 16" in (out / "reports" / "bob.txt").read_text()
    assert '<td class="number">100</td>' in (out / "report.html").read_text()
    states = {path.stem: json.loads(path.read_text())["state"] for path in out.glob("results/*.json")}
    assert states == {"ann": "graded", "bob": "graded", "cid": "graded", "dan": "does not build", "eve": "unreadable"}


def test_the_class_that_is_measured_is_mixed(tmp_path):
    write_class(LAB, 6, tmp_path)
    reference = {name: clean_files(ROOT)[name][0] for name in LAB.files}
    right = [name for name, path in find(tmp_path) if taken(path).files == reference]
    assert right == ["student-00", "student-04"] and len(find(tmp_path)) == 6


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_a_bar_on_a_terminal_and_a_line_a_submission(terminal, capsys, monkeypatch):
    monkeypatch.setattr(gradebook.sys.stdout, "isatty", lambda: terminal, raising=False)
    gradebook.show(1, 4, time.monotonic() - 20, RESULTS[0])
    gradebook.show(2, 4, time.monotonic() - 600, RESULTS[2])
    told = capsys.readouterr().out
    assert "  100  ann" in told and "    -  cid" in told and "infrastructure" in told
    assert ("[######                  ] 1/4, about 60 s left" in told) == terminal
    assert ("[############            ] 2/4, about 10 min left" in told) == terminal


def test_a_batch_says_what_is_wrong_with_the_command(tmp_path):
    done = batch(tmp_path / "nothing")
    told, _ = done.communicate()
    assert done.returncode == 2 and "is no folder" in told
