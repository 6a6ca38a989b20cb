"""Marks of the tests, and how long they may take."""

import os
import signal

# make test LONG=1: more seeds, more calls, more harts.
LONG = os.environ.get("LONG", "") not in ("", "0")
# make test FAST=1: what is not marked slow, in its shortest form.
FAST = os.environ.get("FAST", "") not in ("", "0")


def plain_environment():
    """This process's environment without what an outer make would pass on."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def ignore_nothing():
    """Tests that run behind a shell's & have inherited that ^C and ^\\ mean nothing to them; a program of theirs begins anew."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(number, signal.SIG_DFL)


def pytest_configure(config):
    config.addinivalue_line("markers", "check(name, clause, needs): a graded check, called here as a function")
    config.addinivalue_line("markers", "slow: left out by make test FAST=1")
