"""The cutter: what it leaves of a file, and what it says of malformed markers."""

import pytest

from labs.catalog import Hole
from labs.cut import find_regions, render, solution_lines
from labs.problem import Problem
from labs.tests.conftest import MAP

HOLES = {"one.map": Hole("one.map", "map.cpp", 1, "", "1-one")}


def cut(text, is_cut=lambda hole: True):
    return render("map.cpp", text, is_cut, HOLES)


def test_a_cut_hole_leaves_its_stub_and_a_comment():
    assert cut(MAP) == (
        "Result<int> map() {\n"
        "    // LAB one.map: your code (labs/1-one, task 1)\n"
        "    // Find the place.\n"
        '    return lab_todo("one.map", "labs/1-one, task 1");\n'
        "}\n"
    )


def test_a_filled_hole_leaves_its_solution_and_no_marker():
    assert cut(MAP, lambda hole: False) == (
        "Result<int> map() {\n    int secret_solution_of_map = 1;\n    return secret_solution_of_map;\n}\n"
    )


def test_a_file_that_was_cut_can_be_cut_again():
    assert cut(cut(MAP)) == cut(MAP)


def test_a_file_without_holes_stays_as_it_is():
    text = "int main() {}\n\n// a LABel\n"
    assert cut(text) == text


def test_solution_lines():
    assert solution_lines("map.cpp", MAP) == {
        "one.map": ["int secret_solution_of_map = 1;", "return secret_solution_of_map;"]
    }


def test_stub_lines_keep_their_inner_indentation_and_blank_lines():
    text = "\t// LAB one.map [begin]\n// LAB one.map [stub]\n"
    text += "//   if (x) {\n//       y;\n//\n//   }\n// LAB one.map [end]\n"
    assert find_regions("map.cpp", text)[0].stub == ("\tif (x) {", "\t    y;", "", "\t}")


def swap(old, new):
    assert old in MAP
    return MAP.replace(old, new)


@pytest.mark.parametrize(
    "text, message",
    [
        (swap("    // LAB one.map [begin]\n", ""), "map.cpp:4: [stub] of one.map without a [begin]"),
        (swap("    // LAB one.map [stub]\n", ""), "map.cpp:7: one.map ends without a [stub]"),
        (swap("    // LAB one.map [end]\n", ""), "map.cpp:2: one.map begins here and has no [end]"),
        (MAP + MAP, "map.cpp:11: hole one.map is marked twice"),
        (
            swap("    int secret", "    // LAB one.map [begin]\n    int secret"),
            "map.cpp:3: one.map begins again; it was begun at line 2",
        ),
        (
            swap("    int secret", "    // LAB two.x [begin]\n    int secret"),
            "map.cpp:3: [begin] of two.x inside one.map, begun at line 2",
        ),
        (
            swap("    //   // Find", "    // LAB one.map [stub]\n    //   // Find"),
            "map.cpp:6: one.map has a second [stub]",
        ),
        (
            swap("[begin]", "[beginn]"),
            "map.cpp:2: not a lab marker: '// LAB one.map [beginn]'; it is // LAB hole [begin], [stub] or [end]",
        ),
        (swap("    //   return", "    return"), "map.cpp:7: a stub's lines begin with //"),
        (swap("one.map [", "one.mop ["), "map.cpp:2: no lab.toml lists the hole one.mop"),
        (swap("task 1", "task 2"), 'map.cpp:5: the stub should call lab_todo("one.map", "labs/1-one, task 1")'),
    ],
)
def test_malformed_markers_are_named_with_file_and_line(text, message):
    with pytest.raises(Problem) as caught:
        cut(text)
    assert str(caught.value) == message


def test_a_hole_in_another_file_than_the_catalogue_says():
    with pytest.raises(Problem, match="other.cpp:2: hole one.map belongs in map.cpp, says labs/1-one/lab.toml"):
        render("other.cpp", MAP, lambda hole: True, HOLES)
