"""What the tree promises about itself: layers, sizes, and that every command it names exists."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Each layer and the layers it may include; a layer may always include itself.
BELOW = {
    "base": {"arch"},  # arch/contract.h, for the locks and the console
    "arch": {"base", "dev", "mm"},
    "dev": {"base", "arch"},
    "mm": {"base", "arch"},
    "vm": {"base", "arch", "mm"},
    "sched": {"base", "arch", "mm"},
    "fs": {"base", "arch", "dev", "mm", "vm", "sched"},
    "process": {"base", "arch", "dev", "mm", "vm", "sched", "fs", "vdso"},
    "syscall": {"base", "arch", "dev", "mm", "vm", "sched", "fs", "process"},
}
KERNEL_LINES = 10_000  # code lines, neither blank nor comment
FILE_LINES = 400


def sources(folder: str, *suffixes: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.split() if name.endswith(suffixes) and (ROOT / name).exists()]


def code_lines(text: str) -> int:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sum(1 for line in text.splitlines() if line.split("//")[0].strip())


def test_includes_point_downward():
    wrong = []
    for path in sources("kern", ".cpp", ".h"):
        layer = path.relative_to(ROOT / "kern").parts[0]
        if layer not in BELOW:
            continue  # main.cpp and the like stand above all layers
        for included in re.findall(r'#include "(\w+)/', path.read_text()):
            if included in BELOW and included != layer and included not in BELOW[layer]:
                wrong.append(f"{path.relative_to(ROOT)} includes {included}/")
    assert not wrong, "\n".join(wrong)


def lines_by_layer() -> dict[str, int]:
    lines: dict[str, int] = {}
    for path in sources("kern", ".cpp", ".h", ".S", ".c"):
        parts = path.relative_to(ROOT / "kern").parts
        layer = parts[0] if len(parts) > 1 else "."
        lines[layer] = lines.get(layer, 0) + code_lines(path.read_text())
    return lines


def test_the_kernel_stays_small_enough_to_read():
    lines = lines_by_layer()
    assert sum(lines.values()) <= KERNEL_LINES, f"kern/ has {sum(lines.values())} code lines: {lines}"


def test_a_type_s_name_is_its_own():
    """No namespace hides the types of a file: two of one name would be one to the linker."""
    files: dict[str, set[str]] = {}
    for path in [*sources("kern", ".cpp", ".h"), *sources("grade/kernel", ".cpp")]:
        text = path.read_text()
        space = re.search(r"^namespace (\w+) \{", text, re.MULTILINE)
        for name in re.findall(r"^(?:class|struct|union|enum(?: class)?) (?:alignas\(.*?\) |\[\[\w+\]\] )?(\w+)\b[^;\n]*\{", text, re.MULTILINE):
            files.setdefault(f"{space[1]}::{name}" if space else name, set()).add(str(path.relative_to(ROOT)))
    assert len(files) > 100 and not {name: where for name, where in files.items() if len(where) > 1}


def test_no_file_is_longer_than_its_concept():
    suffixes = (".cpp", ".h", ".S", ".c", ".py")
    long = {path.relative_to(ROOT): len(path.read_text().splitlines())
            for folder in ("kern", "user", "grade", "labs") for path in sources(folder, *suffixes)}
    assert not {path: lines for path, lines in long.items() if lines > FILE_LINES}


def test_files_that_texts_name_exist():
    texts = [path for path in sources(".", ".md")]
    missing = []
    for text in texts:
        for name in re.findall(r"`((?:kern|user|grade|labs|docs)/[\w./-]+\.\w+)`", text.read_text()):
            if not (ROOT / name).exists():
                missing.append(f"{text.relative_to(ROOT)}: {name}")
        for name in re.findall(r"\]\(([\w./-]+\.md)\)", text.read_text()):
            if not (text.parent / name).exists():
                missing.append(f"{text.relative_to(ROOT)}: {name}")
    assert not missing, "\n".join(missing)
