"""Debian's riscv64 packages, as they are: found, checked against the archive's signature and downloaded by apt.

apt works with a configuration and a state of its own in a scratch directory; what this system has installed, and its own
apt state, are not touched. The mirror is the one that this system's apt is set up with.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("LINUX_REF_CACHE") or Path.home() / ".cache/linux-riscv64")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# trixie is the first release with riscv64. While a mirror is being brought up to date, a suite's index does not fit its signed
# list of hashes, and apt refuses it, rightly; the same release under its other name is then often whole.
SUITES = ("trixie", "stable")

APT_SETTINGS = """\
APT::Architecture "riscv64";
APT::Architectures {{ "riscv64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::Cache "{directory}/cache";
Dir::Etc::SourceList "{directory}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "{directory}/state";
Dir::State::status "{directory}/state/status";
"""


class NoPackages(Exception):
    """No Debian package can be had here; the text says why."""


@contextlib.contextmanager
def locked_cache():
    """Only one at a time fills the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def mirror():
    """The first Debian mirror among apt's sources, in either of their formats."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in files:
        text = file.read_text(errors="replace") if file.is_file() else ""
        lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        found = re.search(r"https?://\S+/debian/?(?=\s|$)", lines)
        if found:
            return found[0]
    raise NoPackages("no Debian mirror among this system's apt sources")


class Archive:
    """A Debian archive as apt sees it, with nothing installed; all its files are in one scratch directory in the cache."""

    def __init__(self, directory, what):
        self.directory = Path(directory)
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.directory / part).mkdir(parents=True)
        (self.directory / "state/status").touch()
        (self.directory / "apt.conf").write_text(APT_SETTINGS.format(directory=directory))
        source = mirror()
        print(f"{Path(sys.argv[0]).name}: fetching {what}, once", file=sys.stderr)
        self.update(source)

    def update(self, source):
        trust = f"signed-by={KEYRING}" if KEYRING.exists() else "trusted=yes"
        for suite in SUITES:
            (self.directory / "sources.list").write_text(f"deb [{trust}] {source} {suite} main\n")
            try:
                return self.run("apt-get", "-qq", "update")
            except NoPackages as reason:
                if suite == SUITES[-1]:
                    raise
                print(f"{Path(sys.argv[0]).name}: {reason}; trying the next suite", file=sys.stderr)

    def run(self, *command):
        environment = dict(os.environ, APT_CONFIG=str(self.directory / "apt.conf"), LC_ALL="C")
        done = subprocess.run(command, cwd=self.directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("E: ")] or done.stderr.strip().splitlines()
            raise NoPackages(f"{' '.join(command[:3])}: {said[0] if said else 'failed'}")
        return done.stdout

    def dependency(self, package, pattern):
        """The first package that package depends on whose name matches pattern."""
        found = re.search(rf"Depends: ({pattern})\s", self.run("apt-cache", "depends", package))
        if found is None:
            raise NoPackages(f"the archive has no {package} for riscv64")
        return found[1]

    def unpack(self, packages, into, dependencies=True):
        """The files of packages, and of all that they depend on, below the directory into. No package's script is run."""
        if dependencies:
            self.run("apt-get", "-qq", "--download-only", "install", *packages)
        else:
            self.run("apt-get", "-qq", "download", *packages)
        for file in (self.directory / "cache/archives" if dependencies else self.directory).glob("*.deb"):
            self.run("dpkg-deb", "-x", str(file), str(into))


@contextlib.contextmanager
def archive(what):
    """Gives an Archive; what is what is about to be fetched, for the one line that says so."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise NoPackages(f"{program} is not installed here")
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        yield Archive(directory, what)
