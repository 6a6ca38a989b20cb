"""Symbols of programs load by themselves: static, PIE, dynamic with ld.so and its libraries; two programs at one address."""

import re
import shutil

import pytest

from grade.tests.debugger import Debugger, build

SYSROOT = "/usr/riscv64-linux-gnu/lib"
LOADER = "ld-linux-riscv64-lp64d.so.1"
KINDS = {"static": ["-static"], "pie": ["-fPIE", "-pie"], "dynamic": ["-fno-pie", "-no-pie"]}  # the last two with ld.so


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root file system with one program of each kind, /bin/KIND, and /bin/other; and what the dynamic one needs."""
    folder = tmp_path_factory.mktemp("programs") / "root"
    for kind, flags in KINDS.items():
        build(folder / "bin" / kind, "twins.c", *flags, f"-DNAME=in_{kind}")
    build(folder / "bin/other", "twins.c", "-static", "-DNAME=in_other")
    (folder / "lib").mkdir()
    for name in (LOADER, "libc.so.6"):
        shutil.copy(f"{SYSROOT}/{name}", folder / "lib" / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_break_main_before_the_program_runs(root, kind):
    with Debugger(f"CMD=/bin/{kind}", f"ROOT={root}", "APPEND=seed=7") as gdb:  # at random addresses
        gdb("break main")
        assert re.search(r"Breakpoint 2, main \(argc=1, .*twins.c:\d+", gdb("continue"))
        gdb(f"break in_{kind}")
        assert re.search(rf"in_{kind} \(number=\S*1\)", gdb("continue"))
        assert re.search(r"#1 .* main \(argc=.*twins.c:\d+", gdb("backtrace"))
        listed = gdb("programs")
        assert f"/bin/{kind} " in listed
        assert (LOADER in listed and "libc.so.6" in listed) == (kind != "static")
        if kind != "static":
            gdb("break write")
            assert re.search(r"Breakpoint 4(\.\d+)?, 0x\w+ in write ", gdb("continue"))
            assert re.search(r"#1 .* _IO_file_write ", gdb("backtrace"))  # libc's own frames, by its symbols


@pytest.mark.slow
@pytest.mark.parametrize("harts", [1, 4])
def test_two_programs_at_one_address_are_told_apart(root, harts):
    with Debugger("CMD=/bin/static /bin/other", f"ROOT={root}", f"SMP={harts}", "APPEND=norandmaps seed=7") as gdb:
        gdb("break in_static")
        gdb("break in_other")
        first = gdb("continue")  # the child's, whose code lies where the parent's does
        assert re.search(r"in_other \(number=\S*1\)", first)
        address = gdb("print $pc")
        assert "in_other" in address
        assert "/bin/other" in gdb("programs") and "/bin/static" not in gdb("programs")
        second = gdb("continue")
        assert re.search(r"in_static \(number=\S*2\)", second)
        assert "/bin/static" in gdb("programs") and "/bin/other" not in gdb("programs")
        assert "<in_static" in gdb("print $pc") or "in_static" in gdb("print $pc")
