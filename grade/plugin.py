"""The pytest plugin of the grader: collects checks, scores them, and prints a line for each.

What pytest itself would print is left out: the people who read this write kernels, not Python.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from grade import formats
from grade.machine import InfrastructureError
from grade.probe import Lab as ProbeLab
from grade.report import Failure
from grade.results import FAILED, NO_VERDICT, PUBLIC, TROUBLE, Results
from labs.catalog import Lab, find_lab

CHECKS = Path(__file__).resolve().parent / "checks"
ALL_POINTS, NOT_ALL_POINTS, NO_RESULT = 0, 1, 3


def pytest_addoption(parser) -> None:
    group = parser.getgroup("grade")
    group.addoption("--grade-build", default="build", help="folder with the built kernel and probes")
    group.addoption("--grade-seed", type=int, default=1, help="seed of all random challenges")
    group.addoption("--grade-check", default="", help="only these checks, separated by commas")
    for form in formats.WRITERS:
        group.addoption(f"--grade-{form}", default="", help=f"file for the results as {form}")
    group.addoption("--grade-shrink", default="yes", help="no: a failure does not look for a shorter sequence that fails")
    group.addoption("--grade-patience", type=int, default=1, help="how many times as many instructions each check may take")
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
            "visibility": lab.hidden_visibility if hidden else PUBLIC,
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
        shrinks=config.getoption("--grade-shrink") == "yes",
        patience=config.getoption("--grade-patience"),
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
    """Prints the checks in their order as soon as all before them are done, then the totals; keeps the files up to date.

    It stands where pytest's own reporter would (which is switched off by -p no:terminalreporter).
    """

    def __init__(self, config):
        self.config = config
        self.results = Results(config.getoption("--grade-seed"), config.getoption("--grade-title"))
        self.files = {form: config.getoption(f"--grade-{form}") for form in formats.WRITERS}
        self.shown = 0
        self.lab_shown = ""

    # WHAT HAPPENS

    def pytest_internalerror(self, excrepr) -> bool:
        self.results.problems.append(str(excrepr).strip().splitlines()[-1])
        return True

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.results.problems.append(f"{report.nodeid}: {str(report.longrepr).strip().splitlines()[-1]}")

    def pytest_collection_finish(self, session) -> None:
        self.results.order = self.results.order or [item.nodeid for item in session.items]

    def pytest_xdist_node_collection_finished(self, node, ids) -> None:
        self.results.order = list(ids)

    def pytest_runtest_logreport(self, report) -> None:
        if not hasattr(report, "grade"):
            self.results.problems.append(str(report.longrepr))
            return
        check = self.results.checks.setdefault(report.nodeid, report.grade | {"seconds": 0.0, "passed": True})
        check["seconds"] += report.duration
        if report.failed:
            check.update({key: report.grade[key] for key in ("trouble", "evidence", "parts") if key in report.grade})
            check["passed"] = False
        if report.when == "teardown":
            check["done"] = True
            self.write()
            self.show_what_is_ready()

    # SHOWING

    def write(self) -> None:
        """Brings the files up to date. That it cannot is trouble, said once."""
        try:
            formats.write(self.results, self.files)
        except OSError as error:
            self.files = {}
            self.results.problems.append(f"the results cannot be written: {error}")

    def show_what_is_ready(self) -> None:
        order, checks = self.results.order, self.results.checks
        while self.shown < len(order) and checks.get(order[self.shown], {}).get("done"):
            check = checks[order[self.shown]]
            self.show(check)
            self.shown += 1
            if self.shown == len(order) or lab_folder(order[self.shown]) != check["lab"]:
                self.show_total(check["lab"])

    def show(self, check: dict) -> None:
        """Prints one check."""
        if check["lab"] != self.lab_shown:
            self.lab_shown = check["lab"]
            print(f"{check['lab']}   {self.results.title}".rstrip())
        kind = self.results.kind(check)
        score = f"{check['points'] if check['passed'] else 0}/{check['points']}"
        waits = self.results.blocker(check) if not check["passed"] else ""
        title = check["title"] + (f"   (for {waits})" if waits else "")
        print(f"  {kind:<7} {score:>5}  {title:<72} {check['seconds']:4.1f} s", flush=True)
        if kind in (FAILED, TROUBLE):
            print(self.results.text(check), flush=True)

    def show_total(self, folder: str) -> None:
        checks = self.results.of_lab(folder)
        lab = find_lab(folder)
        asked = sum(check["points"] for check in checks)
        unseen = lab.hidden_points if not lab.hidden and not self.config.getoption("--grade-check") else 0
        waiting = [self.results.blocker(check) for check in checks if not check["passed"]]
        notes = [f"{waiting.count(name)} wait for {name}" for name in dict.fromkeys(waiting) if name]
        notes += [f"{unseen} more points are given for checks not shown here"] if unseen else []
        print(f"  total {self.results.won(checks)}/{asked}" + (f"   ({'; '.join(notes)})" if notes else ""), flush=True)

    # ENDING

    def summary(self) -> int:
        """Prints what went wrong beside the checks, and returns the exit status."""
        if not self.results.is_complete():
            self.results.problems.append(f"{len(self.results.done())} of {len(self.results.order)} checks were run")
        self.write()
        for problem in self.results.problems:
            print(f"trouble: {problem}")
        if self.results.troubles():
            print(NO_VERDICT)
            return NO_RESULT
        return ALL_POINTS if all(check["passed"] for check in self.results.done()) else NOT_ALL_POINTS


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus) -> None:
    """Sets the exit status, in the process that the user started."""
    reporter = session.config.pluginmanager.getplugin("gradereporter")
    if reporter is None or exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
        return
    session.exitstatus = reporter.summary()
