"""The machine layer against a payload of its own: control channels, page-table walk, budgets, exit status."""

import shutil
import subprocess
from pathlib import Path

import pytest

from grade.machine import GdbError, InfrastructureError, Machine, StopKind
from grade.machine.elf import Elf
from grade.machine.gdb import frame

SPIN, SLEEP = 1, 2
CROSS = "riscv64-linux-gnu-"
pytestmark = pytest.mark.skipif(not shutil.which(CROSS + "gcc"), reason="no cross compiler")


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    """The payload's ELF file."""
    out = tmp_path_factory.mktemp("payload") / "payload.elf"
    source = Path(__file__).parent / "payload" / "payload.S"
    flags = ["-nostdlib", "-static", "-march=rv64gc", "-mabi=lp64d", "-Wl,-Ttext=0x80200000", "-Wl,--build-id=none"]
    subprocess.run([CROSS + "gcc", *flags, "-Wl,-N", "-Wl,--no-warn-rwx-segments", "-o", out, source], check=True)
    return out


@pytest.fixture
def boot(payload, tmp_path):
    """Boots the payload in one of its modes."""
    machines = []

    def start(mode=0, **options):
        elf = Elf(payload)
        elf.patch(".data", bytes([mode]))
        file = tmp_path / f"payload-{mode}"
        file.write_bytes(elf.data)
        machines.append(Machine(file, b"", **options))
        return machines[-1], elf

    yield start
    for machine in machines:
        machine.close()


def test_a_breakpoint_in_user_mode_shows_registers_and_pages(boot):
    machine, _ = boot()
    stop = machine.run_to(0x10000)
    assert (stop.kind, stop.pc, stop.mode) == (StopKind.BREAKPOINT, 0x10000, "user")
    table = machine.page_table()
    assert table.is_paged
    leaves = list(table.user_leaves())
    assert [(leaf.address, leaf.perms, leaf.user) for leaf in leaves[:2]] == [
        (0x10000, "r-x", True),
        (0x11000, "rw-", True),
    ]
    assert not leaves[1].dirty
    assert table.table_frames() == 2
    assert table.read(0x11000, 7) == b"mapped!"
    assert table.read(0x11FFF, 2) is None
    stop = machine.run_to(0x10014)
    assert machine.gdb.registers()["t1"] == 0x1234
    assert machine.page_table().find(0x11000).dirty
    assert machine.page_table().read(0x11008, 2) == b"\x34\x12"


def test_the_gdb_stub_reads_the_same_memory(boot):
    machine, elf = boot()
    machine.run_to(0x10000)
    frame_of_code = machine.page_table().find(0x10000).frame
    assert frame_of_code == elf.symbols["user_code"]
    virtual = machine.gdb.read_memory(0x10000, 4096)
    machine.gdb.use_physical_memory(True)
    assert machine.gdb.read_memory(frame_of_code, 4096) == virtual == machine.read_physical(frame_of_code, 4096)
    machine.gdb.use_physical_memory(False)
    with pytest.raises(GdbError):
        machine.gdb.read_memory(0x20000, 4)


def test_running_on_from_a_breakpoint_that_stays(boot):
    machine, elf = boot(SPIN, budget=50_000_000)
    machine.run_to(elf.symbols["spin"])
    before = machine.gdb.registers()["s0"]
    for turn in range(1, 4):
        assert machine.run_to(elf.symbols["spin"]).kind is StopKind.BREAKPOINT
        assert machine.gdb.registers()["s0"] == before + turn


def test_registers_by_name(boot):
    machine, _ = boot()
    machine.run_to(0x10000)
    assert machine.gdb.register("priv") == 0
    assert machine.gdb.register("satp") >> 60 == 8
    assert machine.gdb.register("a0") == machine.gdb.registers()["a0"]
    machine.gdb.set_register("a0", 99)
    assert machine.gdb.registers()["a0"] == 99
    with pytest.raises(GdbError):
        machine.gdb.register("nonsense")


def test_the_exit_status_is_the_test_devices(boot):
    machine, _ = boot()
    stop = machine.run_to_end()
    assert (stop.kind, stop.status) == (StopKind.EXITED, 7)
    assert machine.resume() == stop


def test_a_guest_that_spins_is_stopped_by_its_budget(boot):
    machine, elf = boot(SPIN, budget=20_000_000)
    stop = machine.run_to_end()
    assert stop.kind is StopKind.OVER_BUDGET
    assert stop.pc - elf.symbols["spin"] in range(8)
    assert machine.instructions() > 20_000_000


def test_a_guest_that_sleeps_for_good_is_noticed(boot):
    machine, _ = boot(SLEEP)
    assert machine.run_to_end().kind is StopKind.ASLEEP


def test_instructions_are_counted_exactly(boot):
    counts = set()
    for _ in range(2):
        machine, _ = boot()
        machine.run_to(0x10000)
        counts.add(machine.instructions())
    assert len(counts) == 1


def test_the_outer_limit_is_infrastructure_and_keeps_evidence(boot):
    machine, _ = boot(SPIN, wall_seconds=0.3)
    with pytest.raises(InfrastructureError, match="not done after") as caught:
        machine.run_to_end()
    assert "hart 0: pc=0x802" in caught.value.evidence


def test_qemu_that_is_killed_is_infrastructure(boot):
    machine, _ = boot(SPIN)
    machine._process.kill()
    with pytest.raises(InfrastructureError, match="QEMU was killed by signal 9"):
        machine.run_to_end()


def test_memory_outside_ram_reads_as_zero(boot):
    machine, _ = boot()
    assert machine.read_physical(0, 8) == machine.read_physical(1 << 60, 8) == bytes(8)


def test_qemu_that_does_not_start_is_infrastructure(payload):
    with pytest.raises(InfrastructureError, match="QEMU did not start"):
        Machine(payload, b"", harts=99999)


def test_the_machine_leaves_nothing_behind(boot):
    machine, _ = boot()
    assert [file.name for file in machine.folder.iterdir()] == ["pid"]  # all there is, should the grader be killed now
    machine.run_to(0x10000)
    assert "OpenSBI" in machine.console()
    machine.close()
    assert not machine.folder.exists()


def test_a_packet_has_its_checksum():
    assert frame(b"g") == b"$g#67"
