"""Each command of kern/gdb at one stop of one program whose state is known (programs/gdbscene.c), on one hart and on four."""

import re

import pytest

from grade.tests.debugger import ROOT, Debugger, build

AREA = 0x2000_0000
COMMANDS = ["astrolabe", "fds", "frames", "goto", "heap", "initstack", "kmem", "lab", "lastwrite", "locks", "map", "procs", "programs", "pt",
            "rewind", "syscalls", "threads", "tlb", "trace-to", "trap", "type", "userbt", "vmar", "when"]
# In user mode, at the first instruction of scene().
IN_USER = ["procs", "threads", "vmar", "vmar 2", "vmar 3", "vmar 77", "pt 0x20000000", "pt 0x20002000", "pt 0x20003000", "pt 0x20005000",
           "pt 0x20100000 2", "pt $sp", "pt 0x4000000000", "pt kernel_entry", "trap", "initstack", "initstack 2", "initstack at 0x20000000",
           "heap", "heap 2", "fds", "fds 2", "frames", "locks", "kmem", "kmem mark", "tlb", "tlb 0x20000000", "lab", "programs", "syscalls",
           "backtrace", "userbt", "info breakpoints", "astrolabe", "map", "when"]
# In the kernel, where it is about to dispatch the next write().
IN_KERNEL = ["trap", "locks", "vmar", "fds", "procs", "kmem leaks", "backtrace", "userbt", "print frame", "print frame.hart",
             "python print(len(gdb.execute('frames ' + str(0x80900000), to_string=True)) > 20)"]


@pytest.fixture(scope="module", params=[1, 4])
def scene(request, tmp_path_factory):
    """{(where, command): its output}, and the number of harts."""
    root = tmp_path_factory.mktemp("gdb") / "root"
    build(root / "bin/gdbscene", "gdbscene.c", "-static", "-pthread")
    seen = {"harts": request.param}
    with Debugger("CMD=/bin/gdbscene one 'two words'", f"SMP={request.param}", f"ROOT={root}", "APPEND=norandmaps seed=7") as gdb:
        seen["boot", "start"] = gdb.start
        gdb("set width 0")
        for command in ("vmar", "procs", "frames", "trap", "tlb", "pt $pc", "locks", "threads"):
            seen["boot", command] = gdb(command)
        gdb("break scene")
        gdb("tbreak Vmar::map if request.size == 8 * 4096")
        gdb("continue")
        for command in ("print request", "print request.at", "print request.perms", "print *this", "print frame_records", "print buddies",
                        "print arch::kernel_root[256]", "print process_vm_.executable_file_", "info locals", "backtrace", "finish"):
            seen["map", command] = gdb(command)
        seen["user", "continue"] = gdb("continue")
        for command in IN_USER:
            seen["user", command] = gdb(command)
        for name in COMMANDS:
            seen["help", name] = gdb(f"help {name}")
        seen["complete", "vmar"] = gdb("complete vmar ")
        seen["complete", "lab"] = gdb("complete lab ")
        seen["complete", "kmem"] = gdb("complete kmem l")
        gdb("delete")  # an interrupt on the way past a breakpoint would come back to it
        gdb("tbreak on_user_syscall if frame.a7 == 64")
        seen["kernel", "continue"] = gdb("continue")
        for command in IN_KERNEL:
            seen["kernel", command] = gdb(command)
        seen["end", "lab break"] = gdb("lab break vmar.map")
        gdb("delete")
        gdb("syscalls on 1")
        seen["end", "continue"] = gdb("continue")
    return seen


def lines(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_it_starts_at_the_kernels_first_line(scene):
    assert "kernel_main" in scene["boot", "start"] and "arch::set_up_traps" in scene["boot", "start"]


def test_no_command_ever_shows_a_traceback(scene):
    for key, text in scene.items():
        assert "Traceback" not in str(text) and "cannot go on" not in str(text), f"{key}: {text}"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(scene, name):
    first, *rest = scene["help", name].splitlines()
    assert first.endswith((".", ":")) or len(rest) > 1
    assert any(line.strip().startswith(name) for line in rest)
    assert re.search(rf"^  {name} ", scene["user", "astrolabe"], re.M)


def test_completion_offers_processes_and_words(scene):
    assert {"vmar 1", "vmar 2", "vmar 3"} <= set(lines(scene["complete", "vmar"]))
    assert {"lab break", "lab vmar.map"} <= set(lines(scene["complete", "lab"]))
    assert lines(scene["complete", "kmem"]) == ["kmem leaks"]


def test_before_there_is_anything_the_commands_say_so(scene):
    assert "runs no program" in scene["boot", "vmar"]
    assert "no process yet" in scene["boot", "procs"]
    assert "no memory yet" in scene["boot", "frames"]
    assert "kern/main.cpp" in scene["boot", "trap"]
    assert "page of 1 GiB 0x80000000" in scene["boot", "pt $pc"]


# PRINTERS


def test_a_request_is_printed_in_the_kernels_words(scene):
    request = scene["map", "print request"]
    for part in ("size = 32768", "perms = rw-", "may_perms = rwx", "at = 0x20000000", "vmo = null", "file = null"):
        assert part in request
    assert scene["map", "print request.at"].endswith("= 0x20000000")
    assert scene["map", "print request.perms"].endswith("= rw-")


def test_the_result_is_printed_with_its_value(scene):
    assert "ok 0x20000000" in scene["map", "finish"]


def test_a_space_is_printed_with_locks_and_ranges(scene):
    space = scene["map", "print *this"]
    assert "mappings_ = free" in space and "IntervalSet<VmMapping>" in space
    assert re.search(r"arg_strings_ = 0x[0-9a-f]+-0x[0-9a-f]+ \(0 pages and a part\)", space)


def test_physical_memory_is_printed_with_addresses_entries_and_lists(scene):
    assert re.search(r"records = 0x[0-9a-f]+, first = 0x80[0-9a-f]+", scene["map", "print frame_records"])
    assert re.search(r"= page 0x0 VRW", scene["map", "print arch::kernel_root[256]"])
    buddies = scene["map", "print buddies"]
    assert "= free = {data = " in buddies and "List<Frame, Frame> = {[0] = " in buddies


def test_an_owner_is_printed_with_what_it_owns(scene):
    assert re.search(r"= -> \(BackingFile \*\) 0xffffff[0-9a-f]+", scene["map", "print process_vm_.executable_file_"])


def test_a_trap_frame_is_printed_with_its_call(scene):
    assert re.search(r"= pc 0x\w+ sp 0x\w+, a7 64 \(write\)", scene["kernel", "print frame"])


# COMMANDS


def test_the_stop_is_in_the_program_with_its_source(scene):
    assert re.search(r"Breakpoint \d+(\.\d+)?, scene \(reached=\S+\) at .*gdbscene.c:\d+", scene["user", "continue"])
    assert "$in_program(\"/bin/gdbscene@0x" in scene["user", "info breakpoints"]
    assert re.search(r"#1 .* main \(\) at .*gdbscene.c", scene["user", "backtrace"])


def test_procs(scene):
    rows = lines(scene["user", "procs"])
    assert [row for row in rows if re.match(r"\* 1 0 1 alive 2 \d+ gdbscene /bin/gdbscene$", row)]
    assert [row for row in rows if re.match(r"2 1 1 alive 1 \d+ gdbscene /bin/gdbscene$", row)]
    assert [row for row in rows if re.match(r"3 1 1 zombie 0 - gdbscene$", row)]


def test_threads(scene):
    text = scene["user", "threads"]
    rows = lines(text)
    assert [row for row in rows if re.match(r"\* 1 1 gdbscene running \d+ on hart \d", row)]
    assert [row for row in rows if re.match(r"2 2 gdbscene sleeping \d Pipe::read\b.* < File::read\b", row)], text
    assert [row for row in rows if row.startswith("4 1 gdbscene")], text
    assert text.count("(idle)") == scene["harts"]


def test_vmar_shows_ranges_rights_and_residents(scene):
    text = scene["user", "vmar"]
    rows = lines(text)
    assert re.match(r"pid 1 gdbscene \d+ mappings, ", rows[0])
    for row in ("0x0020000000-0x0020003000 rw-p anonymous resident 2 of 3", "0x0020003000-0x0020004000 ---p anonymous resident 1 of 1",
                "0x0020004000-0x0020005000 rw-p anonymous resident 0 of 1", "0x0020006000-0x0020008000 rw-p anonymous resident 0 of 2",
                "0x0020100000-0x0020102000 rw-s shared memory +0x0 resident 0 of 2"):
        assert row in rows, text
    assert re.search(r"/bin/gdbscene \+0x0 ", text) and "[vdso]" in text and "[vvar]" in text
    assert re.search(r"\[heap\] .*break 0x", text) and re.search(r"\[stack\] .*limit 8 MiB +sp 0x3f", text)
    at = rows.index("0x0020004000-0x0020005000 rw-p anonymous resident 0 of 1")
    assert rows[at + 1] == ". . . gap 4 KiB"


def test_vmar_of_other_processes(scene):
    assert "pid 2 gdbscene" in scene["user", "vmar 2"] and "0x0020003000-0x0020004000  ---p" in scene["user", "vmar 2"]
    assert "pid 3 gdbscene: has ended" in scene["user", "vmar 3"]
    assert scene["user", "vmar 77"] == "vmar: there is no process 77; procs lists them"


def test_pt_walks_and_says_what_an_access_would_do(scene):
    touched = scene["user", "pt 0x20000000"]
    assert "level 2 [  0]" in touched and "level 1 [256]" in touched and "level 0 [  0]" in touched and "-> page 0x8" in touched
    assert re.search(r"^  0x20000000 is physical 0x8\w+000  \(anon, 2 references\)$", touched, re.M)  # the child's, too
    assert "    read    goes through" in touched and "write   faults, then: copied" in touched
    untouched = scene["user", "pt 0x20002000"]
    assert "read    faults, then: the shared page of zeroes" in untouched and "write   faults, then: a zeroed frame" in untouched
    assert "keeps frame 0x8" in scene["user", "pt 0x20003000"] and "read    faults: SIGSEGV, SEGV_ACCERR" in scene["user", "pt 0x20003000"]
    assert "no mapping there: the fault is SIGSEGV, SEGV_MAPERR" in scene["user", "pt 0x20005000"]
    assert "write   faults, then: the file's page" in scene["user", "pt 0x20100000 2"]
    assert "write   goes through" in scene["user", "pt $sp"] and "user" in scene["user", "pt $sp"]
    assert "not all like bit 38" in scene["user", "pt 0x4000000000"]
    assert "the page is the kernel's" in scene["user", "pt kernel_entry"]
    assert re.search(r"0xffffffc080200000 is physical 0x80200000  \(kernel\)", scene["user", "pt kernel_entry"])


def test_trap_in_words(scene):
    assert "in user mode at" in scene["user", "trap"] and "scene" in scene["user", "trap"] and "gdbscene.c:" in scene["user", "trap"]
    kernel = scene["kernel", "trap"]
    assert "scause  0x8: system call from user mode" in kernel
    assert 'in system call write(1, "done\\n", 5)' in kernel
    assert re.search(r"kernel mode at 0x\w+ on_user_syscall.* \(kern/syscall/table.cpp:\d+\)", kernel)


def test_initstack_is_decoded(scene):
    text = scene["user", "initstack"]
    for part in ("argc 3", 'argv[0] "/bin/gdbscene"', 'argv[1] "one"', 'argv[2] "two words"', "argv[3] NULL", 'envp[0] "HOME=/"', "NULL",
                 "AT_PAGESZ        4096", "AT_NULL", 'AT_EXECFN', "argument strings, 28 bytes"):
        assert part in text, part
    assert "<-" not in text
    assert text.splitlines()[1:] == scene["user", "initstack 2"].splitlines()[1:]
    assert "argc says 1, but 0 pointers" in scene["user", "initstack at 0x20000000"]


def test_heap(scene):
    text = scene["user", "heap"]
    start, end = (int(re.search(rf"{word} +0x(\w+)", text)[1], 16) for word in ("start", "break"))
    assert start % 4096 == 0 and start < end
    assert re.search(rf"{start:#x}-{-(-end // 4096) * 4096:#x}  rw-  resident \d+ of {-(-(end - start) // 4096)}", text)
    assert scene["user", "heap 2"].splitlines()[1:3] == text.splitlines()[1:3]


def test_fds(scene):
    rows = lines(scene["user", "fds"])
    assert [row for row in rows if re.match(r"1 rw device /dev/console 2 refs", row)]
    assert "3x r file /etc/motd offset 5, 2 refs" in rows
    assert [row for row in rows if re.match(r"4 r pipe .* [34] refs", row)] and [row for row in rows if re.match(r"5 w pipe .* 2 refs", row)]
    assert lines(scene["user", "fds 2"])[1:] == rows[1:]


def test_frames_add_up(scene):
    text = scene["user", "frames"]
    total = int(re.search(r"(\d+) frames from", text)[1])
    assert sum(int(count) for count in re.findall(r"^  \w+ +(\d+)  ", text, re.M)) == total
    assert "the allocator counts the same number of free frames" in text and "!!" not in text
    assert "True" in scene["kernel", "python print(len(gdb.execute('frames ' + str(0x80900000), to_string=True)) > 20)"]


def test_locks(scene):
    held = scene["user", "locks"]
    assert len(re.findall(r"^hart \d holds ", held, re.M)) == scene["harts"] and "held now:" in held
    assert "holds nothing" in held and "out of order" not in held  # the hart that runs the program, for one


def test_map_draws_memory_and_the_running_space(scene):
    text = scene["user", "map"]
    assert len(re.findall(r"^  [KSTafz.]{64}$", text, re.M)) == 16 and "each letter: 128 KiB" in text
    assert "pid 1 gdbscene" in text and "0x0020000000-0x0020003000  rw-p  anonymous" in text
    assert len(re.findall(r"^hart \d:", text, re.M)) == scene["harts"] > text.count("no program")  # others may run its second thread


def test_a_machine_that_was_not_recorded_says_so(scene):
    assert scene["user", "when"] == "when: this machine is not a recorded one; make record, then make replay"


def test_kmem_counts_and_finds_no_leak(scene):
    text = scene["user", "kmem"]
    assert re.search(r"^ +64 +\d+ +\d+ +\d+$", text, re.M) and "!!" not in text
    assert re.match(r"marked: \d+ objects in use", scene["user", "kmem mark"])
    # nothing is made on the way into a system call
    assert re.match(r"since the mark: 0 new objects", scene["kernel", "kmem leaks"]) or scene["harts"] > 1


def test_tlb(scene):
    text = scene["user", "tlb"]
    assert len(re.findall(r"^hart \d", text, re.M)) == scene["harts"]
    assert "pid 1 gdbscene" in text and "flushes do not reach it" not in text
    assert re.search(r"0x20000000: level 0 entry 0x\w+ V", scene["user", "tlb 0x20000000"])


def test_lab_lists_the_holes(scene):
    holes = sum(len(re.findall(r'^file = ".*\.c(?:pp)?"', file.read_text(), re.M)) for file in ROOT.glob("labs/*/lab.toml"))
    assert f"{holes} holes, 0 open" in scene["user", "lab"] and re.search(r"written +vmar.map +kern/vm/map.cpp:\d+", scene["user", "lab"])


def test_programs(scene):
    assert re.search(r"/bin/gdbscene +/.*root/bin/gdbscene", scene["user", "programs"])


def test_syscalls_says_who_waits_in_which(scene):
    assert re.search(r"2 gdbscene +read\(4, 0x\w+, 1\)", scene["user", "syscalls"])


def test_syscalls_are_traced_with_arguments_and_results(scene):
    assert re.search(r"kill\(2, (SIGKILL|9)\) += 0", scene["end", "continue"]), scene["end", "continue"]


def test_a_breakpoint_at_a_hole(scene):
    assert re.search(r"Breakpoint \d+ at 0x\w+: file kern/vm/map.cpp", scene["end", "lab break"]), scene["end", "lab break"]


def test_a_backtrace_has_short_names(scene):
    trace = scene["map", "backtrace"]
    assert "handler_of<...>::{lambda#1}::_FUN ()" in trace, trace
    assert re.search(r"^#\d+ .* in arch::on_user_syscall \(frame=pc 0x\w+ sp 0x\w+, a7 222 \(mmap\)", trace, re.M)
    assert "std::expected" not in trace and max(map(len, trace.splitlines())) < 240


def test_a_backtrace_ends_at_the_trap_and_can_cross_it(scene):
    assert "trap_entry" in scene["kernel", "backtrace"] and "main ()" not in scene["kernel", "backtrace"]
    crossed = scene["kernel", "userbt"]
    assert re.search(r"trap_entry.*-- trap --\n#0 .* write ", crossed, re.DOTALL), crossed
    assert re.search(r"#\d+ .*main \(\) at .*gdbscene.c", crossed), crossed
