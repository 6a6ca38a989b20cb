"""make submit: packs the files that a lab lets a student change, and says what changed."""

from __future__ import annotations

import argparse
import gzip
import io
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

from labs.catalog import ROOT, Lab, find_lab
from labs.handout import HANDOUT_FILE
from labs.problem import Problem, run


def lab_of_tree(root: Path = ROOT) -> str:
    """The lab that this handout is of; "" in the reference tree."""
    path = root / HANDOUT_FILE
    return tomllib.loads(path.read_text())["lab"] if path.exists() else ""


def changed_files(root: Path) -> set[str]:
    """Files that differ from the handout (from the last commit where no handout is tagged), new ones included."""

    def git(*arguments: str) -> list[str]:
        result = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
        return result.stdout.split("\0") if result.returncode == 0 else []

    base = "handout" if git("rev-parse", "--verify", "--quiet", "handout") else "HEAD"
    changed = git("diff", "-z", "--name-only", base) + git("ls-files", "-z", "--others", "--exclude-standard")
    return {name for name in changed if name}


def pack(lab: Lab, out: Path, root: Path = ROOT) -> None:
    """Writes the archive: the lab's files, the same bytes whenever their contents are the same."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(lab.files):
            if not (root / name).is_file():
                raise Problem(f"{name} is missing; the lab expects it in a submission")
            content = (root / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    out.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(out, "wb", mtime=0) as packed:
        packed.write(raw.getvalue())


def main() -> int:
    """The command line: [--lab NAME], which a handout knows by itself."""
    parser = argparse.ArgumentParser(prog="make submit", description=__doc__)
    parser.add_argument("--lab", default="")
    arguments = parser.parse_args()
    lab = find_lab(arguments.lab or lab_of_tree())
    out = ROOT / "build" / f"{lab.name}-submission.tar.gz"
    pack(lab, out)
    changed = changed_files(ROOT)
    for name in sorted(lab.files):
        print(f"  {'changed  ' if name in changed else 'unchanged'}  {name}")
    outside = sorted(changed - set(lab.files))
    for name in outside:
        print(f"warning: {name} was changed too; it is not a file of this lab and is not handed in", file=sys.stderr)
    if not changed.intersection(lab.files):
        print("warning: no file of this lab was changed", file=sys.stderr)
    print(out.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    run(main)
