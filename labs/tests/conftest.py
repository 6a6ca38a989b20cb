"""A small tree with two labs, in a git repository of its own."""

import subprocess

import pytest

MAP = """Result<int> map() {
    // LAB one.map [begin]
    int secret_solution_of_map = 1;
    return secret_solution_of_map;
    // LAB one.map [stub]
    //   // Find the place.
    //   return lab_todo("one.map", "labs/1-one, task 1");
    // LAB one.map [end]
}
"""
GROW = """int grow() {
    // LAB two.grow [begin]
    return secret_solution_of_grow;
    // LAB two.grow [stub]
    //   return lab_todo("two.grow", "labs/2-two, task 1");
    // LAB two.grow [end]
}
"""


def lab_toml(name, hole, file, number):
    return f"""title = "Lab {name}"
files = ["{file}"]
prerequisites = []
baseline = 0
hours = 1
hidden_points = 20

[[holes]]
name = "{hole}"
file = "{file}"
task = 1
hint = "do it"

[checks]
first = 80

[hidden]
covert = 20
"""


@pytest.fixture
def tree(tmp_path):
    """The root of a tree with labs 1-one and 2-two."""
    root = tmp_path / "tree"
    files = {
        "kern/map.cpp": MAP,
        "kern/grow.cpp": GROW,
        "kern/plain.h": "#pragma once\n",
        "labs/1-one/lab.toml": lab_toml("one", "one.map", "kern/map.cpp", 1),
        "labs/1-one/README.md": "read me\n",
        "labs/1-one/mutants/wrong.patch": "wrong\n",
        "labs/2-two/lab.toml": lab_toml("two", "two.grow", "kern/grow.cpp", 1),
        "labs/cut.py": "",
        "labs/tests/test_it.py": "",
        "grade/checks/1-one/test_first.py": "",
        "grade/checks/1-one/hidden/test_covert.py": "",
        "grade/checks/2-two/test_first.py": "",
        "grade/tests/test_it.py": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root
