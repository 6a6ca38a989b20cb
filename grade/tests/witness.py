"""A pytest plugin for a run of checks: writes to the file WITNESS, for each check, a digest of all that the machine showed to it:
the guest's memory as the grader read it, and the console."""

import hashlib
import os

import pytest

from grade.probe import Run


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    digest, read = hashlib.sha256(), Run.bytes_at

    def witnessed(run, at, size):
        content = read(run, at, size)
        digest.update(f"{int(at):x} {size} ".encode() + (b"absent" if content is None else content))
        return content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "bytes_at", witnessed)
        yield
    console = item.funcargs["tmp_path"] / "console" if "tmp_path" in item.funcargs else None
    digest.update(console.read_bytes() if console and console.exists() else b"")
    with open(os.environ["WITNESS"], "a", encoding="utf-8") as file:
        print(item.nodeid, digest.hexdigest(), file=file)
