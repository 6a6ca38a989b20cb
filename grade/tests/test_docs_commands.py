"""Every command that a text names is one: what stands between backticks and no session plays (pages.py) is looked up here, and
run as far as that can be done without doing it."""

import re
import subprocess
from pathlib import Path

import pytest

from grade.tests.conftest import plain_environment
from labs.catalog import all_labs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("labs/*/*.md")])
MAKEFILES = "\n".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("*/*/*.mk")])
PLACEHOLDER = re.compile(r"\.\.\.|<|NAME\b")
# What is no command, but begins like one.
ELSEWHERE = {"monitor info mem",  # QEMU's, behind GDB's `monitor`; lab 0 has it in a session
             'echo "result=$(base64 -w0 file)" >>"$GITHUB_OUTPUT"',  # in a workflow of GitHub
             "python -m grade"}  # what `make grade` calls
MANUAL = re.compile(r"man \d \w+")


def inline(page: Path) -> list[str]:
    """What stands between backticks in the text of a page, each once."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(found.split()) for found in dict.fromkeys(re.findall(r"`([^`]+)`", text))]


def all_inline(begin: str) -> list[tuple[Path, str]]:
    return [(page, text) for page in PAGES for text in inline(page) if re.match(begin, text)]


MAKE = sorted({text for _, text in all_inline(r"make( |$)")})


def variables(command: str) -> list[str]:
    return re.findall(r"\b([A-Z][A-Z_]*)=", command)


def is_read(name: str) -> bool:
    """Whether some makefile looks at a variable."""
    return re.search(rf"\$\((?:value |filter-out 0,\$\()?{name}\)|\$\(filter-out 0,\$\({name}\)", MAKEFILES) is not None


def has_rule(target: str) -> bool:
    return re.search(rf"^(?:[\w./-]+ )*{re.escape(target)}(?: [\w./-]+)*:", MAKEFILES, re.MULTILINE) is not None


def would_be_made(words: list[str]) -> bool:
    """Whether make knows what to do for a file."""
    return subprocess.run(["make", "-n", *words], cwd=ROOT, env=plain_environment(), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("command", MAKE)
def test_a_make_that_a_text_names_has_its_target_and_its_options(command):
    assert not [name for name in variables(command) if not is_read(name)], "no makefile reads it"
    for target in (word for word in command.split()[1:] if re.fullmatch(r"[a-z][\w./-]*", word)):
        known = would_be_made(command.split()[1:]) if "/" in target else has_rule(target)
        assert known, f"{command}: no rule for {target}"


def test_what_the_front_door_lists_has_a_rule():
    listed = re.findall(r"^#help   make (\S+)", MAKEFILES, re.MULTILINE)
    assert len(listed) > 20 and all(map(has_rule, listed)) and not has_rule("no-such-target") and not is_read("NO_SUCH_NAME")


def test_a_variable_named_alone_is_read_by_some_makefile():
    for page, text in all_inline(r"[A-Z][A-Z_]*=\S*$"):
        assert is_read(text.partition("=")[0]), f"{page.name}: {text}"


def test_checks_and_host_tests_named_by_hand_exist():
    sources = "\n".join(path.read_text() for path in (ROOT / "grade/unit").rglob("*.cpp"))
    tests = re.findall(r"^\w*(?:Test|TEST)\(\w+, (\w+)", sources, re.MULTILINE)
    checks = [name for lab in all_labs() for name in (*lab.checks, *lab.hidden)]
    for page, text in all_inline(r".*\bCHECK=\S"):
        name = re.search(r"CHECK=(\S+)", text)[1]
        known = tests if "make unit" in text else checks if text.startswith("make") else tests + checks
        assert PLACEHOLDER.search(name) or any(name.replace("-", "_") in each.replace("-", "_") for each in known), f"{page}: {text}"


def test_a_program_of_ours_that_a_text_names_is_there():
    for page, text in all_inline(r"(?:grade|labs|docs|kern|user)/"):
        name = text.split()[0].partition(":")[0].rstrip("/")
        if re.search(r"[<*{]|\.\.\.", name) or name.startswith("grade/checks/4-fork") or name.startswith("labs/4-fork"):
            continue  # a pattern, or the lab that is yet to be made
        assert (ROOT / name).exists(), f"{page.relative_to(ROOT)}: {text}"


def test_a_tool_of_the_toolchain_finds_what_the_text_says():
    named = all_inline("riscv64-linux-gnu-")
    assert named
    for page, text in named:
        if PLACEHOLDER.search(text):
            continue
        done = subprocess.run(text.split(), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "?" not in done.stdout.splitlines()[0], f"{page}: {text}: {done.stdout}{done.stderr}"


def test_nothing_else_looks_like_a_command():
    known = re.compile(r"(?:make|riscv64-linux-gnu-\S+|grade/\S+)( |$)|[A-Z_]+=")
    beginnings = r"(?:make|man|monitor|riscv64|gcc|g\+\+|qemu-|python3?|git|sudo|apt|cd|cp|echo|base64) "
    left = [(page.name, text) for page, text in all_inline(beginnings) if not known.match(text) and text not in ELSEWHERE]
    assert not [(page, text) for page, text in left if not MANUAL.fullmatch(text)], left
