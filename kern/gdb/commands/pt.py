"""pt: the walk of one address, level by level."""

from astrolabe.core import kernel, memory, physical, words
from astrolabe.core.command import address_and_pid, command, guarded
from astrolabe.core.memory import PAGE, Corrupt
from astrolabe.core.sv39 import A, D, G, R, U, V, W, X, span

USAGE = "pt ADDRESS [PID]"
FLAG_WORDS = {R: "read", W: "write", X: "execute", U: "user", G: "global", A: "accessed", D: "dirty"}


@command("pt")
def pt(arguments):
    """Walk the page table for one address, level by level, and say what an access there would do.

    pt ADDRESS [PID]     ADDRESS may be any expression: pt $sp, pt 0x10000

Each line: the level, the index of nine bits, the entry, and its flags in words; then the frame, what it is used for and how many
hold it. For a user address the mapping it lies in says what a fault would do. Without PID the table is the one of the selected hart's satp."""
    address, pid = address_and_pid(arguments, USAGE)
    process = kernel.process_of(pid) if pid else selected_process()
    if not is_canonical(address):
        yield f"  {address:#x}: bits 63 to 39 are not all like bit 38, so every access faults"
        return
    entry = None
    for entry in kernel.table_of(pid).walk(address):
        yield f"  level {entry.level} [{entry.index:3}]  {entry.bits:#018x}  {meaning(entry)}"
    yield from guarded(outcome(entry, address, process))


def selected_process():
    try:
        return kernel.selected_process()
    except Corrupt:
        return None


def is_canonical(address):
    return address >> 38 in (0, (1 << 26) - 1)


def meaning(entry):
    if not entry.bits:
        return "empty"
    place = f"{entry.frame:#x}" + ("" if memory.is_ram(entry.frame, PAGE) else " (not RAM)")
    if entry.is_leaf():
        kind = "page" if entry.level == 0 else f"page of {words.size(span(entry.level))}"
        valid = "" if entry.has(V) else "NOT VALID, "
        return f"-> {kind} {place}  {entry.flags()}: {valid}{flag_words(entry)}"
    if entry.has(V) and entry.level:
        return f"-> table {place}"
    if entry.has(V):
        return f"-> {place}  {entry.flags()}: a table at the last level, which every access faults on"
    return f"not valid, keeps frame {place} (PROT_NONE)  {entry.flags()}"


def flag_words(entry):
    return ", ".join(text for flag, text in FLAG_WORDS.items() if entry.has(flag)) or "no flag"


def outcome(entry, address, process):
    """What an access would do."""
    if entry.has(V) and entry.is_leaf() and entry.has(W) and not entry.has(R):
        yield "  W without R is reserved: every access faults"
    elif entry.has(V) and entry.is_leaf():
        yield f"  {address:#x} is physical {(entry.frame & -span(entry.level)) + address % span(entry.level):#x}{owner(entry)}"
        if address >= 1 << 63:
            yield "  a user's access faults: the page is the kernel's" + ("" if not entry.has(U) else ", but has flag U: BROKEN")
            return
        if not entry.has(U):
            yield "  a user's access faults: flag U is not set"
    else:
        yield "  not present: an access faults"
    if address < kernel.USER_HALF_END:
        yield from fault(entry, address, process)


def owner(entry):
    """Whose frame a page is, as the kernel's records say."""
    try:
        records = physical.frame_records()
        run = records.run_at(entry.frame)
    except Corrupt:
        return ""
    if run is None:
        return ""
    references = records.get(run[0], "refs")  # the kernel's own image was never counted
    return f"  ({run[2]}{', ' + words.count(references, 'reference') if references else ''})"


def fault(entry, address, process):
    """What the kernel should make of it, by the mapping."""
    space = process.vmar() if process else None
    if space is None:
        return
    mapping = next((item for item in space.mappings() if item.start <= address < item.end), None)
    if mapping is None:
        yield "  no mapping there: the fault is SIGSEGV, SEGV_MAPERR" if not entry.bits else \
              "  no mapping there, but the page table has an entry: BROKEN, it should be empty"
        return
    yield f"  mapping {mapping.start:#x}-{mapping.end:#x} {words.perms(mapping.perms)}{'s' if mapping.is_shared else 'p'}"
    for access, flag, bit in (("read", R, 1), ("write", W, 2), ("execute", X, 4)):
        yield f"    {access:8}{verdict(entry, mapping, flag, bit)}"


def verdict(entry, mapping, flag, bit):
    allowed = bool(mapping.perms & bit) or (bit == 1 and bool(mapping.perms & 2))
    if entry.has(V) and entry.is_leaf() and entry.has(U) and entry.has(flag):
        return "goes through" if allowed else "goes through, but the mapping does not allow it: BROKEN"
    if not allowed:
        return "faults: SIGSEGV, SEGV_ACCERR"
    if entry.has(V) and entry.is_leaf():
        return "faults, then: " + ("the page is marked dirty" if mapping.is_shared else "copied, or taken over if nobody shares the frame")
    if mapping.vmo:
        return "faults, then: " + ("a copy of the file's page" if bit == 2 and not mapping.is_shared else "the file's page")
    return "faults, then: " + ("a zeroed frame" if bit == 2 else "the shared page of zeroes")
