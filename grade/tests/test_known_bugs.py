"""Each promise of docs/address-space.md has tests, and they exist."""

import re

from grade.tests.test_tree import ROOT


def rows() -> list[tuple[str, list[str], list[str]]]:
    """What is promised, and the names of the usertests and of the host tests."""
    lines = [line for line in (ROOT / "docs/address-space.md").read_text().splitlines() if line.startswith("| ")][1:]
    cells = [line.strip("|").split("|") for line in lines]
    return [(promise.strip(), re.findall(r"`(\S+)`", user), re.findall(r"`(\S+)`", host)) for promise, user, host in cells]


def usertests() -> set[str]:
    names = set()
    for path in (ROOT / "user/usertests").glob("*.cpp"):
        if group := re.search(r'GROUP\[\] = "(\w+)"', text := path.read_text()):
            names |= {f"{group[1]}.{name}" for name in re.findall(r"^TEST\((\w+)\)", text, re.MULTILINE)}
    return names


def host_tests() -> set[str]:
    found = (re.findall(r"^(?:MACHINE_TEST|Test)\((\w+), (\w+)\)", path.read_text(), re.MULTILINE)
             for path in (ROOT / "grade/unit").glob("*/*.cpp"))
    return {f"{suite}.{name}" for names in found for suite, name in names}


def test_every_promise_has_tests_that_exist():
    user, host = usertests(), host_tests()
    assert len(rows()) >= 31
    for promise, by_user, by_host in rows():
        assert by_user or by_host, f"{promise}: no test"
        assert set(by_user) <= user and set(by_host) <= host, f"{promise}: {set(by_user) - user | set(by_host) - host} not there"
