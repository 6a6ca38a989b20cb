"""libFuzzer on what reads bytes of strangers: a fixed number of inputs in each run, and it finds what is planted."""

import shlex
import subprocess

import pytest

from grade.overlay import locked
from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT

RUNS = 1_000_000 if LONG else 4_000
# A check taken out of the kernel, and the fuzzer that must miss it.
PLANTED = [
    ("elf", "kern/process/elf_loader.cpp", " && segment.p_memsz <= cap - segment.p_vaddr", ""),
    ("device_tree", "kern/base/fdt.cpp", "if (size > bytes.size()) return fail(Errno::EINVAL);", ""),
    ("vmar", "kern/vm/map.cpp", "mappings.count(mapping, -mapping.range.size());", ""),
]


def make(*words):
    with locked(ROOT / "build/fuzz"):  # each worker of the tests comes here
        return subprocess.run(["make", "-s", *words], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)


def test_no_input_does_harm():
    done = make("fuzz", f"RUNS={RUNS}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f" {RUNS} inputs, none fails") == 5


@pytest.mark.parametrize(("fuzzer", "file", "check", "nothing"), PLANTED if LONG else PLANTED[:1], ids=lambda value: str(value)[:12])
def test_a_missing_check_is_found(fuzzer, file, check, nothing, tmp_path):
    text = (ROOT / file).read_text()
    assert text.count(check) == 1
    (tmp_path / "wrong.cpp").write_text(text.replace(check, nothing))
    assert make(f"build/fuzz/{fuzzer}").returncode == 0
    show = "show:;@echo $(HOST_CXX) $(HOST_CXXFLAGS) $(FUZZ_COUNT) -fno-exceptions -fno-rtti; echo $(FUZZED_OBJECTS) $(LIBFUZZER)"
    compiler, objects = map(shlex.split, make("--eval", show, "show").stdout.splitlines())
    others = [name for name in objects if not name.endswith(f"{file}.o")]
    library = others.pop()
    own = [f"build/fuzz/grade/fuzz/{fuzzer}.cpp.o", "build/fuzz/grade/fuzz/coverage.cpp.o", f"{tmp_path}/wrong.o", *others]
    subprocess.run([*compiler, "-w", "-c", "-o", f"{tmp_path}/wrong.o", f"{tmp_path}/wrong.cpp"], cwd=ROOT, check=True)
    subprocess.run([compiler[0], "-fsanitize=address,undefined", "-Wl,-z,muldefs", "-o", f"{tmp_path}/{fuzzer}", *own,
                    "build/host/libkern.a", library], cwd=ROOT, check=True)
    subprocess.run(["python3", "grade/fuzz/seeds.py", str(tmp_path)], cwd=ROOT, check=True)
    done = subprocess.run([f"{tmp_path}/{fuzzer}", "-seed=1", "-runs=200000", "-max_len=8192", f"-artifact_prefix={tmp_path}/",
                           f"{tmp_path}/fuzz/seeds/{fuzzer}"], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode != 0 and ("not so:" in done.stderr or "Sanitizer" in done.stderr), done.stderr[-3000:]
    assert list(tmp_path.glob("crash-*"))
