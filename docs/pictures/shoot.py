"""make screenshots: what the site and a batch's report look like, in headless Chromium; kept in the tree as small pictures.

The report is a real one: a class as `make bench-batch` grades it, with one submission that does not compile and one that is empty.
"""

import subprocess
import tempfile
from pathlib import Path

from docs.pictures.png import shrink
from grade.bench.batch import SEED, write_class
from grade.tests import browser
from labs.catalog import ROOT, find_lab

HERE = Path(__file__).parent
SITE = ROOT / "build" / "docs"
LAB = find_lab("heap")
COUNT = 10


def report(folder: Path) -> Path:
    """Grades the class and returns its page."""
    write_class(LAB, COUNT, folder / "class")
    broken, empty = folder / "class" / "typo" / LAB.files[0], folder / "class" / "forgot" / "notes.txt"
    for path in (broken, empty):
        path.parent.mkdir(parents=True)
    broken.write_text("#include <no_such_header.h>\n")
    empty.write_text("I will hand it in tomorrow\n")
    command = [ROOT / "grade" / "batch", folder / "class", "--lab", LAB.name, "--seed", str(SEED), "--out", folder / "out"]
    subprocess.run(command, check=True)
    return folder / "out" / "report.html"


def main() -> None:
    browser.screenshot((SITE / "docs/index.html").as_uri(), HERE / "site.png", 1100, 700)
    browser.screenshot((SITE / "labs/2-init-stack/README.html").as_uri(), HERE / "site-phone.png", 500, 700)
    with tempfile.TemporaryDirectory() as folder:
        browser.screenshot(report(Path(folder)).as_uri(), HERE / "report.png", 1000, 1000)
    for name in ("site", "site-phone", "report"):
        shrink(HERE / f"{name}.png")


if __name__ == "__main__":
    main()
