"""The shell and the small programs: scripts do on Astrolabe and on Linux what the host's shell and programs do with them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from grade.tests.test_run_on_linux import on_astrolabe, on_linux

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "scripts"


@pytest.mark.parametrize("script", ["language.sh"])
def test_a_script_writes_what_it_writes_on_the_host(script, tmp_path):
    host, root, over = (tmp_path / name for name in ("host", "root", "over"))
    for directory in (host, over):
        directory.mkdir()
    shutil.copy(SCRIPTS / script, over)
    shutil.copytree(ROOT / "build/user/root", root)
    shutil.copy(SCRIPTS / script, root)
    expected = subprocess.run(["sh", SCRIPTS / script], cwd=host, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False, text=True)
    words = ["/bin/sh", "-c", f"cd /tmp; sh /{script} 2>/dev/null"]
    for done in (on_astrolabe(words, f"ROOT={over}"), on_linux(words, str(root))):
        assert done.stdout.decode() == expected.stdout, done.stderr.decode()
        assert done.returncode == expected.returncode
