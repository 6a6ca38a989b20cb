"""The forms of the report, each read by a program that is not ours, or held against the table that its owner publishes."""

import csv
import io
import json
import shutil
import subprocess

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from grade.formats import WRITERS, classroom, gradescope, junit, plain, replace, tap
from grade.results import Results

NASTY = "a # hash, <tag> ]]> & \x1b[31m red\x00 \N{SNOWMAN}\nsecond line"


def check(name, passed=True, visibility="public", needs="", **more):
    common = {"lab": "1-one", "title": f"{name}: works", "clause": "Clause", "common": "", "needs": needs, "points": 25}
    common |= {"name": name, "visibility": visibility, "seconds": 0.25, "passed": passed, "done": True}
    return common | more


def results(*extra):
    checks = [check("good"), check("bad", passed=False, parts={"did": NASTY, "expected": "1", "yours": "2"})]
    checks += [check("behind", passed=False, needs="bad"), check("covert", passed=False, visibility="after_due_date")]
    found = Results(seed=7, title="seed 7", order=[entry["name"] for entry in (*checks, *extra)])
    found.checks = {entry["name"]: entry for entry in (*checks, *extra)}
    return found


def with_trouble():
    return results(check("odd", passed=False, trouble="QEMU fell over", evidence="hart 0"))


def unfinished():
    found = results()
    found.order += ["later"]
    return found


# TAP, READ BY PROVE


def prove(text, tmp_path):
    path = tmp_path / "results.tap"
    path.write_text(text)
    return subprocess.run(["prove", "--exec", "cat", "-v", str(path)], capture_output=True, text=True, check=False)


def test_prove_counts_what_failed_and_what_waits(tmp_path):
    read = prove(tap.write(results()), tmp_path)
    assert read.returncode != 0
    assert "Failed 3/4 subtests" in read.stdout and "Failed tests:  2-4" in read.stdout, read.stdout
    assert "Parse errors" not in read.stdout


def test_prove_passes_what_passed(tmp_path):
    found = results()
    found.order = ["good"]
    assert "Result: PASS" in prove(tap.write(found), tmp_path).stdout


@pytest.mark.parametrize("found, told", [(with_trouble(), "Bailout called"), (unfinished(), "Bad plan.")])
def test_prove_takes_no_trouble_and_no_half_run_for_a_result(found, told, tmp_path):
    read = prove(tap.write(found), tmp_path)
    assert read.returncode != 0 and told in read.stdout + read.stderr


# JUNIT, READ BY JUNITPARSER


def test_junit_says_what_became_of_each_check():
    suites = JUnitXml.fromstring(junit.write(with_trouble()).encode())
    (suite,) = suites
    assert (suite.name, suite.tests, suite.failures, suite.skipped, suite.errors) == ("1-one", 5, 2, 1, 1)
    kinds = {case.name: [type(result) for result in case.result] for case in suite}
    assert kinds == {"good": [], "bad": [Failure], "behind": [Skipped], "covert": [Failure], "odd": [Error]}
    assert {entry.name: entry.value for entry in suite.properties()} == {"seed": "7", "points": "25"}
    text = next(case for case in suite if case.name == "bad").result[0].text
    assert "<tag> ]]> &" in text and "\N{SNOWMAN}" in text and "?[31m red?" in text


def test_junit_holds_what_is_wrong_beside_the_checks():
    found = results()
    found.problems.append("the disk is full")
    assert "the disk is full" in [case.result[0].message for suite in JUnitXml.fromstring(junit.write(found).encode())
                                  for case in suite if suite.name == "grader"]


# GRADESCOPE, HELD AGAINST ITS TABLE (gradescope-autograders.readthedocs.io, "Autograder Specifications")

NUMBER, FORMATS = (int, float), ("text", "html", "simple_format", "md", "ansi")
SIGHT = ("hidden", "after_due_date", "after_published", "visible")
DOCUMENT = {
    "score": NUMBER, "execution_time": NUMBER, "output": str, "output_format": FORMATS, "test_output_format": FORMATS,
    "test_name_format": FORMATS, "visibility": SIGHT, "stdout_visibility": SIGHT, "extra_data": dict, "tests": list,
    "leaderboard": list,
}
TEST = {
    "score": NUMBER, "max_score": NUMBER, "status": ("passed", "failed"), "name": str, "name_format": FORMATS, "number": str,
    "output": str, "output_format": FORMATS, "tags": list, "visibility": SIGHT, "extra_data": dict,
}


def assert_fits(value, table):
    """Every field is in the table, and is of its type or one of its words."""
    for name, held in value.items():
        allowed = table[name]
        words = isinstance(allowed, tuple) and isinstance(allowed[0], str)
        assert held in allowed if words else isinstance(held, allowed), name


@pytest.mark.parametrize("found", [results(), with_trouble(), unfinished(), Results()])
def test_gradescope_knows_every_field(found):
    document = json.loads(gradescope.write(found))
    assert_fits(document, DOCUMENT)
    for entry in document["tests"]:
        assert_fits(entry, TEST)


def test_gradescope_shows_a_student_what_is_public():
    document = json.loads(gradescope.write(results()))
    assert [entry["visibility"] for entry in document["tests"]] == ["visible"] * 3 + ["after_due_date"]
    assert [entry["score"] for entry in document["tests"]] == [25, 0, 0, 0]
    assert "25 of 75 public points" in document["output"] and document["stdout_visibility"] == "hidden"


def test_gradescope_gets_no_score_where_there_was_trouble():
    document = json.loads(gradescope.write(with_trouble()))
    assert "score" not in document and not [entry for entry in document["tests"] if "score" in entry]
    assert "not a verdict" in document["output"] and "QEMU fell over" in document["output"]


# GITHUB CLASSROOM, HELD AGAINST WHAT ITS REPORTER READS (the action classroom-resources/autograding-grading-reporter)


def test_classroom_reads_status_scores_and_messages():
    document = json.loads(classroom.write(results()))
    assert (document["version"], document["status"], document["max_score"]) == (1, "fail", 100)
    for entry in document["tests"]:
        assert entry["status"] in ("pass", "fail", "error") and isinstance(entry["score"], int)
        assert all(isinstance(entry[name], str) for name in ("name", "message", "test_code", "filename", "execution_time"))
    assert sum(entry["score"] for entry in document["tests"]) == 25
    assert document["tests"][1]["message"] and not document["tests"][3]["message"]  # hidden: no more than its title


def test_classroom_is_told_of_trouble_and_of_half_a_run():
    assert json.loads(classroom.write(with_trouble()))["status"] == "error"
    assert json.loads(classroom.write(unfinished()))["status"] == "error"


# OUR OWN


def test_a_spreadsheet_gets_a_row_a_check():
    rows = list(csv.DictReader(io.StringIO(plain.as_csv(with_trouble()))))
    assert [(row["check"], row["verdict"], row["won"]) for row in rows] == [
        ("good", "ok", "25"), ("bad", "FAIL", "0"), ("behind", "waits", "0"), ("covert", "FAIL", "0"), ("odd", "TROUBLE", "")]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "results.json"
    replace(path, "old")
    replace(path, "new")
    assert path.read_text() == "new" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("form", WRITERS)
def test_an_empty_run_can_be_written_too(form):
    assert WRITERS[form](Results())


def test_the_programs_that_read_are_here():
    assert shutil.which("prove")
