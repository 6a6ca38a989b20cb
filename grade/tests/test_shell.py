"""The shell and the small programs: scripts do on Astrolabe what they do on Linux; the shell's language is the host shell's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from grade.tests.test_run_on_linux import on_astrolabe, on_linux

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture
def play(tmp_path):
    """Runs a script in our shell on both kernels; (output, status) of each."""

    def call(script):
        root, over = tmp_path / "root", tmp_path / "over"
        over.mkdir()
        shutil.copy(SCRIPTS / script, over)
        shutil.copytree(ROOT / "build/user/root", root)
        shutil.copy(SCRIPTS / script, root)
        words = ["/bin/sh", "-c", f"cd /tmp; sh /{script} 2>/dev/null"]
        both = on_astrolabe(words, f"ROOT={over}"), on_linux(words, str(root))
        return [(done.stdout.decode(), done.returncode) for done in both]

    return call


def test_the_language_is_that_of_the_hosts_shell(play, tmp_path):
    (tmp_path / "host").mkdir()
    expected = subprocess.run(["sh", SCRIPTS / "language.sh"], cwd=tmp_path / "host", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    assert play("language.sh") == [(expected.stdout, expected.returncode)] * 2


def test_the_small_programs_do_what_they_do_on_linux(play):
    astrolabe, linux = play("tools.sh")
    assert astrolabe == linux
    assert len(linux[0].splitlines()) > 150
