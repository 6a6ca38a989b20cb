"""The host tests of a submission: what its process says of them, and what is made of that."""

import pytest

from grade.gradebook import host_tests
from grade.gradebook.host_tests import heard, held_against, run_host_tests
from grade.overlay import clean_files
from labs.catalog import ROOT, all_labs, find_lab

CLEAN = {name: content for name, (content, _) in clean_files(ROOT).items()}
WANTED = ["heap::one", "heap::two"]
BOTH = "ok - heap::one  (0.01s)\nok - heap::two  (0.01s)\n"


def test_the_tests_of_a_lab_come_from_the_clean_tree():
    assert [bool(host_tests.tests_of(lab, CLEAN)) for lab in all_labs()] == [False, True, True, True]
    assert "heap::grows_and_shrinks_by_bytes" in host_tests.tests_of(find_lab("heap"), CLEAN)
    assert run_host_tests(find_lab("tour"), CLEAN, ROOT) is None


@pytest.mark.parametrize("log, status, passed, why", [
    (BOTH, 0, 2, ""),
    ("", 0, 0, "not heard of, the process ended with status 0: heap::one, heap::two"),
    ("ok - heap::one  (0.01s)\n", 0, 1, "not heard of, the process ended with status 0: heap::two"),
    ("ok - heap::one\nnot ok - heap::two  (0.01s)\n", 1, 1, "failed: heap::two"),
    (BOTH + "not ok - heap::one\n", 1, 1, "failed: heap::one"),  # said both ways
    (BOTH, 139, 2, "the process ended with status 139"),
    ("ok - heap::other\n" * 9, 0, 0, "not heard of, the process ended with status 0: heap::one, heap::two"),
    ("ERROR: AddressSanitizer: heap-use-after-free on 1\nnot ok - heap::one\nok - heap::two", 1, 1,
     "failed: heap::one; ERROR: AddressSanitizer: heap-use-after-free on 1"),
])
def test_what_is_made_of_what_a_process_says(log, status, passed, why):
    assert heard(WANTED, status, log) == {"passed": passed, "of": 2, "why": why}


def test_all_passed_where_the_machine_saw_nothing_is_a_reason_for_doubt():
    fine = heard(WANTED, 0, BOTH)
    assert held_against(fine, won=7, baseline=0) == fine and held_against(None, won=0, baseline=0) is None
    assert held_against(fine, won=0, baseline=0)["why"] == "all pass by their own word, but the machine gives no point"


def test_without_bubblewrap_a_stranger_s_program_is_run_only_when_asked_for(monkeypatch):
    monkeypatch.setattr(host_tests, "have_bubblewrap", lambda: False)
    found = run_host_tests(find_lab("heap"), CLEAN, ROOT / "no such tree")
    assert found["passed"] == 0 and found["why"].startswith("not run: bubblewrap does not work here")
