"""trace-to: a run as a time line in the Chrome trace format, taken from outside by breakpoints: the kernel has no buffer for it."""

import json

import gdb

from astrolabe.core import kernel, linux, lock_rows, memory, quiet
from astrolabe.core.command import Usage, command
from astrolabe.core.place import Place, linker_symbol, type_named

FRAME, THREAD = "arch::TrapFrame", "Thread"
NEVER_RETURNS = {93, 94}  # exit, exit_group
THREADS, HARTS, LOCKS = 1, 2, 3  # the groups of rows
FIRST_UNNUMBERED = 1 << 20  # rows of threads that have no number: the kernel's own


@command("trace-to", physical=False)
def trace_to(arguments):
    """Let the machine run to its end, and write a time line of threads, system calls, faults and locks for Perfetto.

    trace-to FILE.json      open it at ui.perfetto.dev or chrome://tracing

A row a hart shows which thread it runs and which spinning lock it waits for, a row a thread its system calls, where it faulted and
which sleeping lock it waits for, a row a lock who has it while somebody waits. Time is the machine's own. A lock that nobody waits
for is not in it; `locks` shows at any stop which are held."""
    if len(arguments) != 1:
        raise Usage("usage: trace-to FILE.json")
    tracer = Tracer()
    try:
        quiet.execute("continue")
    except gdb.error:
        pass  # the machine has ended
    tracer.close()
    with open(arguments[0], "w", encoding="utf-8") as file:
        json.dump({"displayTimeUnit": "ns", "traceEvents": [*tracer.names(), *tracer.events]}, file)
    yield f"{arguments[0]}: {len(tracer.events)} events"


class At(gdb.Breakpoint):
    """Looks and lets the machine go on."""

    def __init__(self, place, look):
        super().__init__(f"*{place:#x}" if isinstance(place, int) else place, internal=True)
        self.silent, self.look = True, look

    def stop(self):
        try:
            with memory.session():
                self.look()
        except (memory.Corrupt, memory.NoMachine, gdb.error):
            pass  # this event is lost; the others are not
        return False


class Tracer:
    def __init__(self):
        self.points, self.events, self.calls, self.running, self.threads, self.has_exit = [], [], {}, {}, {}, False
        self.now = 0
        for place, look in ((linker_symbol("on_user_syscall"), self.enter), ("arch::switch_context", self.switch),
                            ("arch::on_page_fault", self.fault)):
            self.at(place, look)
        self.locks = lock_rows.LockRows(self, self.at)

    def at(self, place, look):
        self.points.append(At(place, look))

    def close(self):
        for point in self.points:
            point.delete()
        for event in self.calls.values():
            self.events.append({**event, "ph": "X", "dur": self.since(event["ts"], self.now), "args": {**event["args"], "result": "never returned"}})
        self.locks.close()

    # ROWS: (group, number in it)

    def thread(self):
        """What the selected hart runs; None before the scheduler does."""
        hart = kernel.selected_hart()
        return hart.thread() if hart else None

    def thread_row(self, thread=None):
        thread = thread or self.thread()
        if thread is None:
            return THREADS, 0
        address = thread.address
        number = thread.tid() or next((tid for tid, (at, _) in self.threads.items() if at == address and tid >= FIRST_UNNUMBERED),
                                      FIRST_UNNUMBERED + len(self.threads))
        self.threads[number] = address, self.thread_name(thread)  # as it is called now
        return THREADS, number

    def thread_name(self, thread=None):
        thread = thread or self.thread()
        if thread is None:
            return "boot"
        process = thread.process()
        return f"{process.name()} {thread.tid()}" if process else "kernel"

    def hart_row(self, index):
        return HARTS, index

    def lock_row(self, number):
        return LOCKS, number

    # EVENTS

    def time(self):
        """Microseconds of the machine's clock; when it has ended, the last there were."""
        if gdb.selected_thread() is not None:
            self.now = memory.machine_time() / 10
        return self.now

    def since(self, start, end):
        return round(end - start, 1)

    def slice(self, row, name, kind, since, **more):
        """What began at `since` and ends now."""
        group, number = row
        self.events.append({"name": name, "cat": kind, "ph": "X", "pid": group, "tid": number, "ts": since,
                            "dur": self.since(since, self.time()), "args": more})

    def moment(self, row, name, kind, **more):
        group, number = row
        self.events.append({"name": name, "cat": kind, "ph": "i", "s": "t", "pid": group, "tid": number, "ts": self.time(), "args": more})

    def enter(self):
        if not self.has_exit:
            self.at(kernel.register("ra"), self.leave)
            self.has_exit = True
        group, number = self.thread_row()
        address = kernel.register("a0")
        frame = Place(address, type_named(FRAME))
        call = frame.a7.number()
        process = kernel.selected_process()
        space = process.vmar() if process else None
        registers = [frame.original_a0.number()] + [frame.get(f"a{index}").number() for index in range(1, 6)]
        text = linux.call_words(call, registers, space.table().read if space else lambda at, size: b"")
        if call in NEVER_RETURNS:
            self.moment((group, number), linux.call_name(call), "syscall", call=text)
        else:
            self.calls[address] = {"name": linux.call_name(call), "cat": "syscall", "pid": group, "tid": number, "ts": self.time(),
                                   "args": {"call": text}}

    def leave(self):
        event = self.calls.pop(kernel.register("sp"), None)
        if event:
            result = linux.result_words(Place(kernel.register("sp"), type_named(FRAME)).a0.number())
            self.slice((event["pid"], event["tid"]), event["name"], "syscall", event["ts"], **event["args"], result=result)

    def fault(self):
        self.moment(self.thread_row(), f"fault {kernel.register('a0'):#x}", "fault")

    def switch(self):
        """At switch_context(from, to): who leaves has run since the switch before. Its name is the one it has by now."""
        hart, now = kernel.selected_hart().index, self.time()
        since = self.running.get(hart)
        self.running[hart] = now
        if since is None:
            return
        thread = Place(kernel.register("a0") - Place(0, type_named(THREAD)).context.address, type_named(THREAD))
        self.slice(self.hart_row(hart), self.thread_name(kernel.Thread(thread)), "sched", since)

    def names(self):
        groups = {THREADS: "threads", HARTS: "harts", LOCKS: "locks"}
        rows = {(THREADS, number): name for number, (_, name) in self.threads.items()}
        rows |= {(HARTS, hart): f"hart {hart}" for hart in sorted({*self.running, *self.locks.spins})}
        rows |= {(LOCKS, number): name for number, name in self.locks.names().items()}
        for group in sorted({group for group, _ in rows}):
            yield {"name": "process_name", "ph": "M", "pid": group, "tid": 0, "args": {"name": groups[group]}}
        for (group, number), name in rows.items():
            yield {"name": "thread_name", "ph": "M", "pid": group, "tid": number, "args": {"name": name}}
