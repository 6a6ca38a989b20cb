"""make gradescope: packs the autograder of one lab as the zip that Gradescope takes."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import zipfile
from pathlib import Path

from labs.catalog import ROOT, Lab, all_labs, find_lab
from labs.handout import HANDOUT_FILE, cut_tree
from labs.problem import Problem, run

HERE = Path(__file__).resolve().parent
STAMP = (2000, 1, 1, 0, 0, 0)  # the same bytes from the same tree
PROGRAMS = ("setup.sh", "run_autograder")


def write_tree(lab: Lab, out: Path) -> None:
    """A student's tree, no solution in it, and what a student's has not: the lab's hidden checks and their points."""
    stages = {hole.name: other.number for other in all_labs() for hole in other.holes}
    cut_tree(ROOT, out, lab, lambda hole: stages[hole] >= lab.number)
    hidden = Path("grade") / "checks" / lab.folder / "hidden"
    shutil.copytree(ROOT / hidden, out / hidden, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "labs" / lab.folder / "lab.toml", out / "labs" / lab.folder / "lab.toml")
    (out / HANDOUT_FILE).write_text(f'lab = "{lab.folder}"\n')


def pack(lab: Lab, out: Path) -> None:
    """Writes the zip."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        write_tree(lab, Path(folder) / "astrolabe")
        for name in PROGRAMS:
            add(archive, HERE / name, name)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                add(archive, path, str(path.relative_to(folder)))


def add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, STAMP)
    entry.external_attr = (path.stat().st_mode & 0o777 | 0o100000) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, path.read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(prog="make gradescope", description=__doc__)
    parser.add_argument("--lab", default="")
    parser.add_argument("--out", default="")
    arguments = parser.parse_args()
    if (ROOT / HANDOUT_FILE).exists():
        raise Problem("this tree is a handout; an autograder is packed from the reference tree")
    lab = find_lab(arguments.lab)
    out = Path(arguments.out).expanduser() if arguments.out else ROOT / "build" / f"gradescope-{lab.name}.zip"
    pack(lab, out)
    print(f"{out}: the autograder of {lab.folder}; upload it as the assignment's autograder, on a Debian 12 or Ubuntu 24.04 image")
    return 0


if __name__ == "__main__":
    run(main)
