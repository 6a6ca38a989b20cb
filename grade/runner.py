"""How pytest is called to run the checks of labs over a built tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from labs.catalog import ROOT, Lab


def pytest_command(labs: list[Lab], output: Path, options: dict[str, object], jobs: str = "") -> list[str]:
    """The command line: `output` is the build folder, `options` those of grade/plugin.py by name."""
    jobs = jobs or str(min(2, os.cpu_count() or 1))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "grade.plugin",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminalreporter",
    ]
    command += ["-n", jobs, "--dist", "load", "--rootdir", str(ROOT), "-c", str(ROOT / "grade" / "pytest.ini")]
    command += [f"--grade-build={output}", *(f"--grade-{name}={value}" for name, value in options.items())]
    return command + [str(ROOT / "grade" / "checks" / lab.folder) for lab in labs]


def pytest_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def run_checks(lab: Lab, output: Path, options: dict[str, object], results: Path) -> tuple[int, dict, str]:
    """Runs the checks one after another, without a word on the terminal: for whoever has many trees to grade and so keeps
    the processors busy already. Returns the exit status, the results as JSON has them, and what would have been shown."""
    results.unlink(missing_ok=True)
    command = pytest_command([lab], output, options | {"json": results}, jobs="0")
    run = subprocess.run(  # in a session of its own: ^C at a batch lets what is under way come to its end
        command, env=pytest_environment(), cwd=ROOT, capture_output=True, text=True, check=False, start_new_session=True
    )
    found = json.loads(results.read_text()) if results.exists() else {"checks": [], "trouble": []}
    return run.returncode, found, run.stdout + run.stderr
