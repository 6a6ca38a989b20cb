"""The pytest plugin of the grader: collects checks, scores them, and prints a line for each.

What pytest itself would print is left out: the people who read this write kernels, not Python.
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest

from grade.machine import InfrastructureError
from grade.probe import Lab as ProbeLab
from grade.report import Failure, labelled
from labs.catalog import Lab, find_lab

CHECKS = Path(__file__).resolve().parent / "checks"
ALL_POINTS, NOT_ALL_POINTS, TROUBLE = 0, 1, 3


def pytest_addoption(parser) -> None:
    group = parser.getgroup("grade")
    group.addoption("--grade-build", default="build", help="folder with the built kernel and probes")
    group.addoption("--grade-seed", type=int, default=1, help="seed of all random challenges")
    group.addoption("--grade-check", default="", help="only these checks, separated by commas")
    group.addoption("--grade-json", default="", help="file for the results, for other programs")
    group.addoption("--grade-save", default="", help="folder for what a debugger needs to boot the check")
    group.addoption("--grade-title", default="", help="what to print above the results of a lab")


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "check(name, clause, needs): a graded check")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(GradeReporter(config), "gradereporter")


def lab_of(path: Path) -> Lab:
    """The lab a check's file belongs to, by its folder."""
    return find_lab(path.relative_to(CHECKS).parts[0])


def lab_folder(nodeid: str) -> str:
    """The same, of a test's id."""
    parts = nodeid.split("::")[0].split("/")
    return parts[parts.index("checks") + 1]


def pytest_collection_modifyitems(config, items) -> None:
    """Gives every check its points, orders them as lab.toml does, and drops those not asked for."""
    asked = [name for name in config.getoption("--grade-check").split(",") if name]
    order = {}
    for item in items:
        mark = item.get_closest_marker("check")
        if mark is None:
            raise pytest.UsageError(f"{item.nodeid}: a check needs the mark @check")
        lab = lab_of(Path(item.path))
        name = mark.kwargs["name"]
        hidden = "hidden" in Path(item.path).parts
        points = lab.hidden if hidden else lab.checks
        if name not in points:
            raise pytest.UsageError(
                f"labs/{lab.folder}/lab.toml gives no {'hidden ' if hidden else ''}points for {name}"
            )
        item.grade = dict(mark.kwargs) | {
            "lab": lab.folder,
            "points": points[name],
            "hidden": hidden,
            "title": (item.function.__doc__ or name).strip().splitlines()[0].rstrip("."),
        }
        order[item] = (lab.number, hidden, list(points).index(name))
    items[:] = sorted((item for item in items if not asked or item.grade["name"] in asked), key=order.get)


@pytest.fixture
def lab(request, tmp_path) -> ProbeLab:
    """The built tree under test, with the seed of this check."""
    config = request.config
    name = request.node.grade["name"]
    save = config.getoption("--grade-save")
    return ProbeLab(
        Path(config.getoption("--grade-build")),
        config.getoption("--grade-seed"),
        name,
        request.node.grade["lab"],
        keep=tmp_path / "console",
        save=Path(save) if save else None,
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts what the reporter needs on the report, as plain values that travel between processes."""
    outcome = yield
    report = outcome.get_result()
    report.grade = dict(item.grade)
    if call.excinfo is None:
        return
    error = call.excinfo.value
    if isinstance(error, InfrastructureError):
        report.grade |= {"trouble": str(error), "evidence": error.evidence}
    elif isinstance(error, Failure):
        report.grade["parts"] = error.parts
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        report.grade |= {"trouble": f"{type(error).__name__}: {error}", "evidence": f"{place.filename}:{place.lineno}"}


class GradeReporter:
    """Prints the checks in their order as soon as all before them are done, then the totals.

    It stands where pytest's own reporter would (which is switched off by -p no:terminalreporter).
    """

    def __init__(self, config):
        self.config = config
        self.grades: dict[str, dict] = {}
        self.order: list[str] = []
        self.shown = 0
        self.problems: list[str] = []
        self.lab_shown = ""

    # WHAT HAPPENS

    def pytest_internalerror(self, excrepr) -> bool:
        self.problems.append(str(excrepr).strip().splitlines()[-1])
        return True

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")

    def pytest_collection_finish(self, session) -> None:
        self.order = self.order or [item.nodeid for item in session.items]

    def pytest_xdist_node_collection_finished(self, node, ids) -> None:
        self.order = list(ids)

    def pytest_runtest_logreport(self, report) -> None:
        if not hasattr(report, "grade"):
            self.problems.append(str(report.longrepr))
            return
        grade = self.grades.setdefault(report.nodeid, report.grade | {"seconds": 0.0, "passed": True})
        grade["seconds"] += report.duration
        if report.failed:
            grade.update({key: report.grade[key] for key in ("trouble", "evidence", "parts") if key in report.grade})
            grade["passed"] = False
        if report.when == "teardown":
            grade["done"] = True
            self.show_what_is_ready()

    # SHOWING

    def show_what_is_ready(self) -> None:
        while self.shown < len(self.order) and self.grades.get(self.order[self.shown], {}).get("done"):
            grade = self.grades[self.order[self.shown]]
            self.show(grade)
            self.shown += 1
            if self.shown == len(self.order) or lab_folder(self.order[self.shown]) != grade["lab"]:
                self.show_total(grade["lab"])

    def show(self, grade: dict) -> None:
        """Prints one check."""
        if grade["lab"] != self.lab_shown:
            self.lab_shown = grade["lab"]
            print(f"{grade['lab']}   {self.config.getoption('--grade-title')}".rstrip())
        kind = "ok" if grade["passed"] else "TROUBLE" if "trouble" in grade else "FAIL"
        waits = kind == "FAIL" and self.blocked(grade)
        kind = "waits" if waits else kind
        score = f"{grade['points'] if grade['passed'] else 0}/{grade['points']}"
        title = grade["title"] + (f"   (for {waits})" if waits else "")
        print(f"  {kind:<7} {score:>5}  {title:<72} {grade['seconds']:4.1f} s", flush=True)
        if kind == "FAIL":
            self.show_failure(grade)
        elif kind == "TROUBLE":
            print(labelled("trouble", grade["trouble"]))
            if grade.get("evidence"):
                print(labelled("evidence", grade["evidence"]), flush=True)

    def blocked(self, grade: dict) -> str:
        """The name of the check that this one needs, if that failed."""
        for other in self.grades.values():
            if (
                other["name"] == grade["needs"]
                and other["lab"] == grade["lab"]
                and other.get("done")
                and not other["passed"]
            ):
                return self.blocked(other) or other["name"]
        return ""

    def show_failure(self, grade: dict) -> None:
        parts = grade.get("parts", {})
        common = "\n".join(text for text in (parts.get("common"), grade.get("common")) if text)
        seed = self.config.getoption("--grade-seed")
        lab = grade["lab"].partition("-")[2]
        this = f"LAB={lab} CHECK={grade['name']} SEED={seed}"
        lines = (
            {"clause": grade["clause"]}
            | parts
            | {"common": common, "again": f"make grade {this}", "gdb": f"make gdb {this}"}
        )
        for label, text in lines.items():
            if text:
                print(labelled(label, text), flush=True)

    # ENDING

    def summary(self) -> int:
        """Prints what went wrong beside the checks, and returns the exit status."""
        grades = list(self.grades.values())
        for problem in self.problems:
            print(f"trouble: {problem}")
        troubles = [grade for grade in grades if "trouble" in grade]
        if troubles or self.problems or not grades or len(grades) < len(self.order):
            print("the grader or the machine had trouble: this is not a verdict on the kernel")
            return TROUBLE
        return ALL_POINTS if all(grade["passed"] for grade in grades) else NOT_ALL_POINTS

    def show_total(self, folder: str) -> None:
        grades = [grade for grade in self.grades.values() if grade["lab"] == folder]
        won = sum(grade["points"] for grade in grades if grade["passed"])
        lab = find_lab(folder)
        asked = sum(grade["points"] for grade in grades)
        unseen = lab.hidden_points if not lab.hidden and not self.config.getoption("--grade-check") else 0
        waiting = [self.blocked(grade) for grade in grades if not grade["passed"] and self.blocked(grade)]
        notes = [f"{waiting.count(name)} wait for {name}" for name in dict.fromkeys(waiting)]
        notes += [f"{unseen} more points are given for checks not shown here"] if unseen else []
        print(f"  total {won}/{asked}" + (f"   ({'; '.join(notes)})" if notes else ""), flush=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus) -> None:
    """Sets the exit status, in the process that the user started."""
    reporter = session.config.pluginmanager.getplugin("gradereporter")
    if reporter is None or exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
        return
    session.exitstatus = reporter.summary()
    path = session.config.getoption("--grade-json")
    if path:
        results = {"seed": session.config.getoption("--grade-seed"), "checks": list(reporter.grades.values())}
        Path(path).write_text(json.dumps(results))
