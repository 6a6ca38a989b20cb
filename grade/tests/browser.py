"""A headless browser, to look at pages as a reader does. Without a network, and without a Chromium, tests that need it are
skipped and say so."""

import html
import json
import re
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VISIT = Path(__file__).parent / "site" / "visit.html"
PHONE = 390  # CSS pixels
COMMAND = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-lcd-text", "--hide-scrollbars", "--no-first-run",
           "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]


def install() -> None:
    """Installs the browser unless it is there."""
    done = subprocess.run([ROOT / "grade/setup/setup.sh", "install", "browser"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no browser: {done.stderr.strip().splitlines()[-1]}")


def chromium(*words: str) -> str:
    """Runs Chromium with a profile of its own, and no connection to anywhere; its standard output."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run([*COMMAND, f"--user-data-dir={profile}", *words], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dom(url: str) -> str:
    """The page as it is after its scripts have run."""
    return chromium("--virtual-time-budget=20000", "--dump-dom", url)


def screenshot(url: str, to: Path, width: int = 1280, height: int = 900) -> None:
    chromium(f"--screenshot={to}", f"--window-size={width},{height}", url)


def visit(pages: list[str], width: int = PHONE) -> list[dict]:
    """What visit.html says of each page in a window of that width."""
    asked = urllib.parse.quote(json.dumps({"width": width, "pages": pages}))
    out = chromium("--allow-file-access-from-files", "--virtual-time-budget=600000", "--dump-dom", f"{VISIT.as_uri()}#{asked}")
    return json.loads(html.unescape(re.search(r'<pre id="seen">(.+?)</pre>', out, re.DOTALL)[1]))
