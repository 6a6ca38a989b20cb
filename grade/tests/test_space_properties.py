"""The kernel's own files, the model, and Linux do the same, whatever hypothesis draws; what differs is told in few calls."""

import shlex
import subprocess

import pytest

from grade.overlay import clean_files, locked
from grade.proof import mutants
from grade.property import machines
from grade.property.rules import ForkingMachine, SpaceMachine, compare
from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT

EXAMPLES = 5000 if LONG else 50
PLANTED = ["split-keeps-offset", "merge-ignores-sharing", "cow-never-copies", "search-from-below", "unmap-one-page-more"]


def make(*words):
    with locked(ROOT / "build/host"):  # each worker of the tests comes here
        done = subprocess.run(["make", *words], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def server():
    make("-s", "build/host/space-server")
    return machines.SERVER


def run(kind, others, examples, seed=None):
    """With the model, which is believed. What the last space lost shows when the process ends."""
    try:
        compare(kind, [*others, machines.Model()], examples, seed)
    finally:
        statuses = {other.name: other.close() for other in others}
    assert set(statuses.values()) == {0}, f"frames lost: {statuses}"


def test_the_kernel_and_linux_do_what_the_model_says(server):
    run(SpaceMachine, [machines.kernel(server), machines.linux()], EXAMPLES)


def test_the_kernel_forks_and_chooses_places_as_the_model_says(server):
    run(ForkingMachine, [machines.kernel(server)], EXAMPLES)


@pytest.mark.skipif(not LONG, reason="LONG=1 draws other examples")
@pytest.mark.parametrize("seed", range(8))
def test_other_seeds(server, seed):
    run(ForkingMachine, [machines.kernel(server)], 1000, seed)


def planted(mutant, folder):
    """The server with one known-wrong file in place of ours: the rest of the library is linked as it is."""
    source = folder / "wrong.cpp"
    source.write_bytes(mutant.applied(clean_files(ROOT))[mutant.file][0])
    words = shlex.split(make("-s", "--eval", "show:;@echo $(HOST_CXX) $(HOST_CXXFLAGS) -fno-exceptions -fno-rtti", "show"))
    objects = ["build/host/grade/property/server.cpp.o", folder / "wrong.o", "build/host/libkern.a"]
    subprocess.run([*words, "-c", "-o", folder / "wrong.o", source], cwd=ROOT, check=True)
    subprocess.run([words[0], "-fsanitize=address,undefined", "-o", folder / "server", *objects], cwd=ROOT, check=True)
    return folder / "server"


@pytest.mark.parametrize("name", PLANTED if LONG else PLANTED[:1])
def test_a_planted_bug_is_found_and_told_in_few_calls(server, name, tmp_path):
    mutant = next(mutant for mutant in mutants() if mutant.path.stem == name)
    with pytest.raises(AssertionError) as caught:
        run(ForkingMachine, [machines.kernel(planted(mutant, tmp_path))], 400)
    told = str(caught.value).splitlines()
    print("\n".join(told))
    calls = [line for line in told if line.startswith(("map(", "unmap(", "protect(", "remap(", "store(", "fork(", "switch"))]
    assert 1 <= len(calls) <= 6 and " on the model" in told[-1], told
