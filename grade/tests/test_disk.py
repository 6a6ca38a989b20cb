"""Disks: what mke2fs made is read, what was written is there for e2fsck and debugfs, however the machine came to its end.

The crash test takes SEED=; LONG=1 kills the machine 100 times instead of 5.
"""

import os
import random
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from grade import boot, console
from grade.tests.conftest import LONG

ROOT = Path(__file__).resolve().parents[2]
KERNEL, INITRAMFS = ROOT / "build/kernel.elf", ROOT / "build/initramfs.cpio"
SEED = int(os.environ.get("SEED", "1"))


def content(key, size):
    """What user/diskload writes."""
    return b"".join(b"%016x %08x\n" % (key, at) for at in range(0, size, 26))[:size]


def tool(*words, okay=(0,)):
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    assert done.returncode in okay, f"{words}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}"
    return done.stdout


def make_disk(tmp_path, size="20M", block_size=1024, files=None, options=()):
    image = tmp_path / "disk.img"
    image.unlink(missing_ok=True)
    source = ("-d", files) if files else ()
    tool("mke2fs", "-q", "-t", "ext2", "-b", block_size, *source, *options, image, size)
    return image


def check_clean(image):
    """e2fsck finds nothing at all."""
    tool("e2fsck", "-fn", image)


def files_on(image, tmp_path):
    """All files of the disk, as bytes by path; links and what else has no content are left out."""
    out = tmp_path / "out"
    tool("rm", "-rf", out)
    out.mkdir()
    tool("debugfs", "-R", f"rdump / {out}", image)
    return {str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob("*")) if path.is_file() and not path.is_symlink()}


def machine(image, init, arguments, extra=(), append="", **options):
    """The command of a machine with this disk."""
    words = f"console=raw quiet log=X init={init} {append} -- {console.boot_words(arguments)}"
    disk = boot.disk_arguments(image) if image else []
    return boot.qemu_command(KERNEL, str(INITRAMFS), words, extra=["-serial", "stdio", "-monitor", "none", *disk, *extra],
                             **options)


def run(image, script, extra=(), timeout=120, **options):
    """Runs a script in the shell, with the disk mounted at /mnt, to its end; returns what it printed."""
    script = f"mkdir /mnt; mount -t ext2 /dev/vda /mnt || exit 99; {script}"
    output = []
    outcome = boot.follow(machine(image, "/bin/sh", ["-c", script], extra, **options), "X", timeout, output.append,
                          lambda text: None)
    text = b"".join(output).decode(errors="replace")
    assert outcome.status == 0 and not outcome.timed_out, f"status {outcome.status}: {text[-2000:]}{outcome.last_lines()}"
    return text


@pytest.mark.parametrize("block_size", [1024, 2048, 4096])
def test_what_mke2fs_made_is_read(tmp_path, block_size):
    source = tmp_path / "source"
    (source / "sub/deep").mkdir(parents=True)
    wanted = {f"f{size}": content(size, size) for size in (0, 1, 1023, 4096, 12289, 70_000, 400_000)}
    for name, data in wanted.items():
        (source / "sub/deep" / name).write_bytes(data)
    os.link(source / "sub/deep/f1", source / "again")
    os.symlink("sub/deep/f1", source / "short")
    os.symlink("./" * 60 + "sub/deep/f4096", source / "long")
    image = make_disk(tmp_path, block_size=block_size, files=source)
    before = files_on(image, tmp_path)
    log = tmp_path / "requests"
    printed = run(image, "cd /mnt; wc -c sub/deep/*; cat short again; cat long; ls; cd /; umount /mnt",
                  ["-trace", "virtio_blk_handle_read", "-D", log])
    pages = sum(-(-len(data) // 4096) for data in wanted.values())
    whole = sum(line.endswith(" nsectors 8\n") for line in open(log))
    assert pages - 10 <= whole <= pages + 20, "neighbouring blocks of a page are one request"
    for name, data in wanted.items():
        assert re.search(rf"{len(data)} +sub/deep/{name}\s", printed), printed
    assert printed.count(content(4096, 4096).decode()[:200]) == 1
    assert "lost+found" in printed
    check_clean(image)
    assert files_on(image, tmp_path) == before


@pytest.mark.parametrize("block_size", [1024, 4096])
def test_bytes_go_through_unchanged(tmp_path, block_size):
    """A file is read on the machine and written again, a byte at a time or many: debugfs sees the same."""
    source = tmp_path / "source"
    source.mkdir()
    data = random.Random(SEED).randbytes(900_000)
    (source / "data").write_bytes(data)
    image = make_disk(tmp_path, block_size=block_size, files=source)
    run(image, "cd /mnt; cat data > copy; cp data two; mkdir d; mv two d; cd /; umount /mnt")
    check_clean(image)
    files = files_on(image, tmp_path)
    assert files["copy"] == files["d/two"] == files["data"] == data


# Each with the machine's end: by umount and power-off, or by power-off alone.
@pytest.mark.parametrize(("block_size", "end", "options"), [
    (1024, "; cd /; umount /mnt", {}), (4096, "", {"smp": 2})])
def test_a_disk_is_in_order_after_a_load(tmp_path, block_size, end, options):
    image = make_disk(tmp_path, block_size=block_size)
    printed = run(image, f"diskload /mnt load {SEED} 120; diskload /mnt map; diskload /mnt sparse; diskload /mnt orphan" + end,
                  **options)
    check_clean(image)
    assert printed.count("ok\n") == 3, printed[-500:]
    files = files_on(image, tmp_path)
    check_whole(files, printed)
    page = bytearray(4096)
    page[:1], page[ord("a"):ord("e")] = b"d", b"abcd"
    assert files["map"][5 * 4096:6 * 4096] == page
    assert files["map"][8 * 4096:] == bytes(9) + b"z" + bytes(4086)
    assert files["sparse"] == bytes(66 << 20) + b"end" and files["hole"] == bytes(1 << 20)
    assert files["kept"] == content(1, 300_000) and "gone" not in files


def test_a_full_disk_is_an_error_and_nothing_is_lost(tmp_path):
    for block_size in (1024, 4096):
        image = make_disk(tmp_path, "4M", block_size, options=("-N", "300"))
        assert "wrote" in run(image, "diskload /mnt fill")
        check_clean(image)


def test_files_may_be_larger_than_memory(tmp_path):
    image = make_disk(tmp_path, "100M", 4096)
    assert "ok" in run(image, "diskload /mnt large 70", mem="64M")
    check_clean(image)


def test_the_root_may_be_on_a_disk(tmp_path):
    image = make_disk(tmp_path, "64M", 4096, files=ROOT / "build/user/root")
    words = ["-c", "echo kept > /file; cat /proc/mounts; ls /dev/vda; pwd"]
    output = []
    outcome = boot.follow(machine(image, "/bin/sh", words, append="root=/dev/vda"), "X", 60, output.append, lambda text: None)
    assert outcome.status == 0
    assert b"ext2 / ext2 rw" in b"".join(output) and b"/dev/vda\n/\n" in b"".join(output)
    check_clean(image)
    assert files_on(image, tmp_path)["file"] == b"kept\n"


@pytest.mark.parametrize(("options", "state", "words"), [
    (("-O", "extent,64bit"), None, "features that this kernel does not know"),
    (("-O", "metadata_csum"), None, "mounted read-only: it has features"),
    ((), "0", "mounted read-only: it was not unmounted"),
    (("-I", "128", "-O", "^filetype,^resize_inode,^dir_index,^sparse_super"), None, None)],
    ids=["unknown", "unknown when written", "not clean", "plain"])
def test_what_a_disk_must_be_like(tmp_path, options, state, words):
    image = make_disk(tmp_path, options=options)
    if state:
        tool("debugfs", "-w", "-R", f"ssv state {state}", image)
    heard = []
    script = "mkdir /mnt; mount -t ext2 /dev/vda /mnt && ls /mnt && echo x > /mnt/x; echo end"
    outcome = boot.follow(machine(image, "/bin/sh", ["-c", script]), "X", 60, heard.append, heard.append)
    text = b"".join(heard).decode()
    assert outcome.status == 0 and text.endswith("end\n"), text
    assert words is None or words in text, text
    assert ("lost+found" in text) == (words is None or "read-only" in words), text
    assert (files_on(image, tmp_path) == {"x": b"x\n"}) == (words is None)


# Events of QEMU's blkdebug, and the sectors where they happen: -1 for all, None for some from the first free block on.
BROKEN = {"in places": ("write_aio", None), "when written": ("write_aio", -1), "when flushed": ("flush_to_disk", -1),
          "when read": ("read_aio", -1)}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_disk_that_fails_is_an_error_not_an_end(tmp_path, kind):
    image = make_disk(tmp_path)
    event, sector = BROKEN[kind]
    free = 2 * int(re.search(rb"\d+", tool("debugfs", "-R", "ffb 1", image))[0])
    sectors = [sector] if sector else range(free, free + 400, 46)
    (tmp_path / "rules").write_text("".join(
        f'[inject-error]\nevent = "{event}"\nerrno = "5"\nsector = "{each}"\nonce = "off"\n' for each in sectors))
    drive = f"file=blkdebug:{tmp_path}/rules:{image},format=raw,if=none,id=disk0,werror=report,rerror=report"
    extra = ["-drive", drive, "-device", "virtio-blk-device,drive=disk0"]
    heard = []
    script = """mkdir /mnt; mount -t ext2 /dev/vda /mnt || mount -t ext2 -o ro /dev/vda /mnt
        diskload /mnt errors; diskload /mnt errors; cat /mnt/file0 >/dev/null; sync; umount /mnt; echo end"""
    outcome = boot.follow(machine(None, "/bin/sh", ["-c", script], extra), "X", 120, heard.append, heard.append)
    text = b"".join(heard).decode()
    assert outcome.status == 0 and text.endswith("end\n"), text
    failed = re.findall(r"(\d+) calls failed, \d+ did not", text)
    assert len(failed) == 2 and ("Input/output error" in text or int(failed[0]) > 0), text


# THE CRASH

def allowed(lines):
    """By name, the contents (key, size) one of which must be there; an empty set: anything may be."""
    files = {}
    for line in lines:
        word, name, *what = line.split()
        kind = tuple(what)
        files[name] = {kind} if word == "whole" else files.get(name, set()) | {kind} if word == "either" and files.get(name) else set()
    return files


def check_whole(files, printed):
    """Of all that `load` said last, in whole lines. How many files were sure."""
    lines = [line for line in printed.split("\n")[:-1] if re.match(r"(whole|either|change) ", line)]
    sure = 0
    for name, kinds in allowed(lines).items():
        contents = [content(int(key, 16), int(size)) for key, size in kinds]
        if contents:
            sure += 1
            assert name in files, f"{name} was fsynced and is gone"
            assert files[name] in contents, f"{name} was fsynced and has {len(files[name])} bytes, not {kinds}"
    return sure


def run_until_killed(image, seed, steps, lines, delay, timeout=120):
    """Kills the machine `delay` seconds after it has printed so many lines; returns what it had printed."""
    script = f"mkdir /mnt; mount -t ext2 /dev/vda /mnt; diskload /mnt load {seed} {steps}; sleep 1000"
    command = machine(image, "/bin/sh", ["-c", script], smp=2)
    printed = b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=boot.die_with_parent) as qemu:
        try:
            end = time.monotonic() + timeout
            while printed.count(b"\n") < lines and b"\ndone\n" not in printed:
                ready, _, _ = select.select([qemu.stdout], [], [], max(0, end - time.monotonic()))
                data = os.read(qemu.stdout.fileno(), 65536) if ready else b""
                assert data, f"no more lines after {printed[-300:]}"
                printed += data
            time.sleep(delay)
        finally:
            qemu.kill()
        printed += qemu.stdout.read()
    return printed.decode(errors="replace")


@pytest.mark.parametrize("number", range(100 if LONG else 5))
def test_a_crash_loses_nothing_that_was_synced(tmp_path, number):
    seed = SEED * 1000 + number
    print(f"SEED={SEED} number {number}")
    chance = random.Random(seed)
    image = make_disk(tmp_path, block_size=chance.choice([1024, 2048, 4096]))
    printed = run_until_killed(image, seed, 400, chance.randrange(20, 700), chance.random() * 0.05)
    tool("e2fsck", "-p", image, okay=(0, 1))
    check_clean(image)
    sure = check_whole(files_on(image, tmp_path), printed)
    print(f"{sure} files were sure")
