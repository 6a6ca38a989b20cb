"""vmar: an address space as a picture."""

from astrolabe.core import kernel, physical, words
from astrolabe.core.command import command, guarded, pid_argument, pids
from astrolabe.core.memory import PAGE, Corrupt

USAGE = "vmar [PID]"
MARKS = {1: "locked", 2: "not inherited", 4: "wiped on fork"}
SMALL_GAP = 256 * PAGE  # smaller ones are only a line without a picture


@command("vmar", pids)
def vmar(arguments):
    """Draw the mappings of a process: range, rights, what is behind them, what is resident, and the gaps.

    vmar [PID]      without PID the process of the selected hart

Ascending addresses. `p` after the rights: private, `s`: shared. "resident 3 of 8, 2 own": 3 of 8 pages are in the page table,
2 of them frames that nobody else holds. `pt ADDRESS` looks at one page, `heap` and `initstack` at these parts."""
    process = kernel.process_of(pid_argument(arguments, USAGE))
    space = kernel.space_of(process)
    yield from guarded(summary(process, space))
    yield from guarded(picture(process, space))


def summary(process, space):
    anon, file = space.resident()
    size = words.count(space.set().get("size").number(), "mapping")
    yield (f"pid {process.pid} {process.name()}    {size}, {words.size(space.total_bytes())} mapped, "
           f"{words.size((anon + file) * PAGE)} resident (anon {anon * PAGE >> 10}, file {file * PAGE >> 10} KiB)")


def picture(process, space):
    residents = Residents(space)
    heap_start, heap_end, _ = space.heap()
    at = kernel.LOWEST_USER
    for mapping in space.mappings():
        yield from gap(at, mapping.start)
        name = mapping_name(mapping, heap_start, heap_end)
        line = (f"  {mapping.start:#012x}-{mapping.end:#012x}  {words.perms(mapping.perms)}{'s' if mapping.is_shared else 'p'}  "
                f"{name:<24}  {residents.of(mapping)}")
        yield line + "".join(f"    {note}" for note in notes(mapping, name, process, space, heap_end))
        at = mapping.end
    yield from gap(at, kernel.USER_CAP)


def gap(start, end):
    if end - start >= SMALL_GAP:
        yield f"  . . . . . . . . . . . .    gap {words.size(end - start)}"
    elif end > start:
        yield f"  . . .                      gap {words.size(end - start)}"


def mapping_name(mapping, heap_start, heap_end):
    if mapping.path:
        return f"{mapping.path} +{mapping.offset:#x}"
    if mapping.what != "ordinary":
        return f"[{mapping.what}]"
    if heap_start < mapping.end and mapping.start < heap_end:
        return "[heap]"
    return f"shared memory +{mapping.offset:#x}" if mapping.vmo else "anonymous"


def notes(mapping, name, process, space, heap_end):
    if name == "[heap]":
        yield f"break {heap_end:#x}"
    if name == "[stack]":
        yield f"limit {words.size(space.stack_limit())}"
        yield from stack_pointer(process, mapping)
    if mapping.grows_down and name != "[stack]":
        yield "grows down"
    yield from (text for bit, text in MARKS.items() if mapping.marks & bit)
    if mapping.may_perms != 7:
        yield f"at most {words.perms(mapping.may_perms)}"


def stack_pointer(process, mapping):
    """Of the first thread that uses this stack."""
    for thread in process.threads():
        sp = user_sp(thread)
        if mapping.start <= sp <= mapping.end:
            yield f"sp {sp:#x}"
            return


def user_sp(thread):
    hart = kernel.selected_hart()
    if kernel.mode() == "user" and hart and hart.thread_place.address == thread.address:
        return kernel.register("sp")
    frame = thread.trap_frame()
    return frame.sp.number() if frame else 0


class Residents:
    """What of each mapping is in the page table."""

    def __init__(self, space):
        self.error, self.pages, self.records = "", [], None
        try:
            self.pages = list(space.table().pages())
            self.records = physical.frame_records()
        except Corrupt as error:
            self.error = str(error)

    def of(self, mapping):
        total = (mapping.end - mapping.start) // PAGE
        if self.error:
            return f"page table unreadable: {self.error}"
        here = [entry for at, entry in self.pages if mapping.start <= at < mapping.end]
        text = f"resident {len(here)} of {total}"
        own = sum(self.is_own(entry) for entry in here)
        return text + (f", {own} own" if own and mapping.vmo else "")

    def is_own(self, entry):
        index = (entry.frame - self.records.first) // PAGE
        return 0 <= index < len(self.records) and self.records.use(index) == "anon" and self.records.get(index, "refs") == 1
