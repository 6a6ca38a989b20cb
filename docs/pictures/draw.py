"""Draws the pictures of the site, each from what record.py saw or from the grader's model, into SVG files beside this one.

    python3 -m docs.pictures.draw
"""

from __future__ import annotations

import json
from pathlib import Path

from docs.pictures.record import SEEN
from docs.pictures.svg import AMBER, BLUE, GREEN, GREY, PAPER, RED, WIDTH, Picture
from grade.machine.sv39 import A, D, R, U, V, W, X
from grade.model.stack import AUX, RANDOM_SIZE, Plan

HERE = Path(__file__).parent
KIB, GIB = 1 << 10, 1 << 30


def size_text(size: int) -> str:
    for unit, name in ((GIB, "GiB"), (1 << 20, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.0f} {name}" if size % unit == 0 or size >= 100 * unit else f"{size / unit:.1f} {name}"
    return f"{size} bytes"


# THE ADDRESS SPACE

COLOURS = {"r-xp": BLUE, "r--p": GREY, "rw-p": GREEN}
MEANING = {
    "[heap]": "the heap: grows up, by brk (lab 3)",
    "[stack]": "the stack: grows down, by faults (lab 2)",
    "[vdso]": "the vDSO: code from the kernel",
    "[vvar]": "the clock's data, which the vDSO reads",
}
SEGMENTS = {"r-xp": "its instructions", "r--p": "its constants", "rw-p": "its variables"}


def address_space(seen: dict) -> Picture:
    """The mappings of `cat`, the highest on top, with the gaps between them."""
    rows = list(reversed(seen["mappings"]))
    gaps = [upper for upper, lower in zip(rows, rows[1:]) if upper["start"] != lower["end"]]
    picture = Picture("The address space of cat, as /proc/self/maps lists it", 64 + 34 * len(rows) + 44 * len(gaps))
    left, width, y = 190, 250, 40
    picture.text(left + width / 2, 20, "high addresses", "middle", soft=True)
    below = None
    for row in rows:
        if below is not None and below != row["end"]:
            picture.line(left, y, left, y + 44, dashed=True)
            picture.line(left + width, y, left + width, y + 44, dashed=True)
            picture.text(left + width / 2, y + 22, f"nothing: {size_text(below - row['end'])}", "middle", soft=True)
            y += 44
        picture.box(left, y, width, 34, COLOURS.get(row["rights"], PAPER))
        picture.text(left + 10, y + 17, row["rights"][:3], code=True)
        picture.text(left + 50, y + 17, row["name"] or "(anonymous)", code=True, size=12)
        picture.text(left + width - 8, y + 17, size_text(row["end"] - row["start"]), "end", size=11)
        picture.text(left - 8, y + 34 - 7, f"{row['start']:#x}", "end", code=True, size=11, soft=True)
        picture.text(left + width + 12, y + 17, MEANING.get(row["name"]) or SEGMENTS[row["rights"]], size=12)
        y, below = y + 34, row["start"]
    picture.text(left + width / 2, y + 14, "the lowest 64 KiB are never mapped", "middle", soft=True)
    return picture


# THE PAGE-TABLE WALK

LETTERS = tuple(zip("VRWXUAD", (V, R, W, X, U, A, D)))


def page_walk(seen: dict) -> Picture:
    """The three entries that the hardware read for one address."""
    walk = seen["walk"]
    picture = Picture("An address on its way through three page tables", 390)
    indices = [level["index"] for level in walk["levels"]]
    fields = [*((f"index {2 - number}", f"{index}") for number, index in enumerate(indices)),
              ("offset", f"{walk['address'] & 0xfff:#x}")]
    picture.text(20, 46, f"{walk['address']:#x}", code=True, bold=True)
    for number, (name, value) in enumerate(fields):
        x = 170 + 130 * number
        picture.text(x + 65, 16, ("bits 38-30", "29-21", "20-12", "11-0")[number], "middle", soft=True, size=11)
        picture.box(x, 28, 130, 36, (BLUE, GREEN, AMBER, GREY)[number])
        picture.text(x + 65, 46, f"{name} = {value}", "middle", size=12)
    for number, level in enumerate(walk["levels"]):
        x, y = 36 + 178 * number, 130
        picture.box(x, y, 132, 150, PAPER)
        picture.text(x + 66, y + 14, ("the root table", "a table", "a table")[number], "middle", size=12)
        picture.text(x + 66, y + 30, f"{level['table']:#x}", "middle", code=True, size=11, soft=True)
        picture.box(x, y + 66, 132, 40, (BLUE, GREEN, AMBER)[number])
        letters = "".join(letter if level["entry"] & bit else "-" for letter, bit in LETTERS)
        picture.text(x + 8, y + 78, f"[{level['index']}]", code=True, size=11)
        picture.text(x + 124, y + 78, letters, "end", code=True, size=11)
        picture.text(x + 66, y + 95, f"frame {level['entry'] >> 10:#x}", "middle", code=True, size=11)
        picture.arrow((235 + 130 * number, 64), (235 + 130 * number, 84 + 10 * number), (x + 66, 84 + 10 * number), (x + 66, y), soft=True)
        picture.arrow((x + 132, y + 86), (x + 155, y + 86), (x + 155, y + 14), (x + 178, y + 14))
    x = 36 + 178 * 3
    picture.box(x, 130, 132, 150, GREY)
    picture.text(x + 66, 144, "the frame", "middle", size=12)
    picture.text(x + 66, 160, f"{walk['frame']:#x}", "middle", code=True, size=11, soft=True)
    picture.text(x + 66, 206, "4,096 bytes", "middle", size=12)
    leaf = walk["levels"][-1]["entry"]
    picture.text(20, 312, "satp holds the number of the root table's frame. Each entry is 8 bytes: a frame number and these bits:", size=12)
    picture.text(20, 334, "V valid   R W X rights   U for user mode   A accessed   D written.  With none of R, W, X it leads to a table.", size=12)
    right = "it may be read and not written" if leaf & R and not leaf & W else "it may be read and written"
    picture.text(20, 356, f"Here the last entry ends the walk, and {right}: nobody has written this page yet.", size=12)
    return picture


# THE INITIAL STACK

EXAMPLE = Plan(argv=[b"hello", b"a", b"b c"], envp=[], path=b"/bin/hello")
PAIRS = (("PAGESZ", 4096), ("RANDOM", EXAMPLE.random))


def stack_rows() -> list[tuple[int, str, str, str]]:
    """(address, bytes or word, what it is, colour) from the top down: the grader's model of `hello a "b c"`."""
    plan, sp = EXAMPLE, EXAMPLE.sp(len(PAIRS) + 1)
    argv = plan.places(plan.argv, plan.arg_strings)
    strings = b"".join(text + b"\0" for text in plan.argv)
    rows = [(plan.top - 8, "00 " * 8, "8 zero bytes", GREY),
            (plan.execfn, (plan.path + b"\0").hex(" "), f'"{plan.path.decode()}"   AT_EXECFN', GREEN),
            (plan.arg_strings, strings.hex(" "), '"hello" "a" "b c"', GREEN),
            (plan.random, "(16 bytes)", "random   AT_RANDOM", AMBER)]
    words = [(len(plan.argv), "argc"), *((at, f"argv[{number}]") for number, at in enumerate(argv)), (0, "argv: NULL"), (0, "envp: NULL")]
    for name, value in PAIRS:
        words += [(AUX[name], f"key AT_{name}"), (value, "its value")]
    words += [(0, "AT_NULL"), (0, "")]
    tail = [(sp + 8 * number, f"{word:016x}", what, BLUE if number < 4 else PAPER) for number, (word, what) in enumerate(words)]
    return rows + list(reversed(tail))


def init_stack(_: dict) -> Picture:
    rows = stack_rows()
    picture = Picture('What hello a "b c" finds on its stack', 66 + 24 * len(rows) + 24)
    picture.text(152, 18, f"stack_top {EXAMPLE.top:#x}", "end", size=11, soft=True)
    y, left, width = 30, 160, 330
    places = {}
    for number, (address, content, what, colour) in enumerate(rows):
        if number == 4:
            gap = EXAMPLE.random - (rows[4][0] + 8)
            picture.text(left + width / 2, y + 10, f"{gap} byte{'s' if gap != 1 else ''} of padding, so that sp is a multiple of 16", "middle", soft=True, size=11)
            y += 22
        picture.box(left, y, width, 24, colour)
        picture.text(left - 8, y + 12, f"{address:#x}", "end", code=True, size=11, soft=True)
        picture.text(left + 8, y + 12, content, code=True, size=11)
        picture.text(left + width + 12, y + 12, what, size=12)
        places[address], y = y, y + 24
    sp = rows[-1][0]
    picture.text(left - 126, places[sp] + 12, "sp", "end", bold=True)
    picture.arrow((left - 122, places[sp] + 12), (left - 92, places[sp] + 12))
    bottom = places[EXAMPLE.arg_strings] + 12
    for number in range(3):
        x = left + width + 150 + 16 * number
        picture.arrow((left + width + 70, places[sp] - 12 - 24 * number), (x, places[sp] - 12 - 24 * number), (x, bottom + 10 - 5 * number), (left + width + 132, bottom + 10 - 5 * number), soft=True)
    return picture


# THE TRAP PATH

TRAP_STEPS = (
    ("user", "ecall", "the program asks: number in a7, arguments in a0 to a5"),
    ("hardware", "sepc, scause, stval", "the hart notes where, why and for which address; changes to supervisor mode"),
    ("kernel", "trap_entry", "kern/arch/riscv/trap.S: saves every register into the thread's TrapFrame"),
    ("kernel", "on_user_syscall", "kern/syscall/table.cpp: the function for this number; its result becomes a0"),
    ("kernel", "before_user_return", "kern/process/process.cpp: signals, and giving way to another thread"),
    ("kernel", "sret", "trap.S: restores the registers; the hart changes back to user mode"),
    ("user", "after the ecall", "a0 holds the result, or a negative error number"),
)


def trap_path(_: dict) -> Picture:
    picture = Picture("The trap path: from the program's ecall into the kernel, and back", 30 + 54 * len(TRAP_STEPS))
    colours = {"user": GREEN, "hardware": AMBER, "kernel": BLUE}
    for number, (who, what, text) in enumerate(TRAP_STEPS):
        y = 16 + 54 * number
        picture.text(84, y + 18, who + (" mode" if who == "user" else ""), "end", soft=True, size=12)
        picture.box(96, y, 168, 36, colours[who])
        picture.text(180, y + 18, what, "middle", code=True, size=12)
        picture.text(276, y + 18, text, size=11)
        if number + 1 < len(TRAP_STEPS):
            picture.arrow((180, y + 36), (180, y + 54))
    return picture


# HOW A LAB IS CUT

def lab_cut(_: dict) -> Picture:
    picture = Picture("How a lab is cut from the one tree, and graded", 330)

    def sheet(x, title, lines, fill):
        picture.box(x, 40, 200, 150, fill)
        picture.text(x + 100, 24, title, "middle", bold=True, size=13)
        for number, (line, soft) in enumerate(lines):
            picture.text(x + 10, 58 + 19 * number, line, code=True, size=11, soft=soft)

    sheet(20, "the tree (reference)", [("Result<> f() {", False), ("  // LAB hole [begin]", True), ("  the solution", False),
          ("  // LAB hole [stub]", True), ("  //  return lab_todo(...)", True), ("  // LAB hole [end]", True), ("}", False)], GREEN)
    sheet(260, "the handout", [("Result<> f() {", False), ("  // your code", True), ("  return lab_todo(...)", False), ("}", False)], PAPER)
    sheet(500, "the student's", [("Result<> f() {", False), ("  what the student", False), ("  wrote", False), ("}", False)], AMBER)
    picture.arrow((220, 115), (260, 115))
    picture.text(240, 208, "make handout", "middle", code=True, size=11)
    picture.arrow((460, 115), (500, 115))
    picture.box(20, 240, 200, 62, GREEN)
    picture.text(120, 262, "a clean tree", "middle", size=12)
    picture.text(120, 282, "(tag handout)", "middle", size=12, soft=True)
    picture.box(260, 240, 200, 62, BLUE)
    picture.text(360, 262, "built in a sandbox,", "middle", size=12)
    picture.text(360, 282, "booted in QEMU", "middle", size=12)
    picture.box(500, 240, 200, 62, RED)
    picture.text(600, 262, "checks look from outside:", "middle", size=12)
    picture.text(600, 282, "points, and why", "middle", size=12)
    picture.arrow((220, 271), (260, 271))
    picture.arrow((460, 271), (500, 271))
    picture.arrow((600, 190), (600, 222), (360, 222), (360, 240))
    picture.text(590, 208, "only the lab's files", "end", size=12)
    return picture


PICTURES = {"address-space": address_space, "page-walk": page_walk, "init-stack": init_stack, "trap-path": trap_path, "lab-cut": lab_cut}


def draw(seen: dict) -> dict[str, str]:
    """The text of each file by its name."""
    assert RANDOM_SIZE == 16 and all(picture(seen).width == WIDTH for picture in PICTURES.values())
    return {f"{name}.svg": str(picture(seen)) for name, picture in PICTURES.items()}


if __name__ == "__main__":
    for file, text in draw(json.loads(SEEN.read_text())).items():
        (HERE / file).write_text(text)
