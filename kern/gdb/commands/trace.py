"""trace-to: a run as a time line in the Chrome trace format, taken from outside by breakpoints: the kernel has no buffer for it."""

import json

import gdb

from astrolabe.core import kernel, linux, memory, quiet
from astrolabe.core.command import Usage, command
from astrolabe.core.place import Place, linker_symbol, type_named

FRAME, CONTEXT, THREAD = "arch::TrapFrame", "arch::Context", "Thread"
NEVER_RETURNS = {93, 94}  # exit, exit_group
DIRECTORY = {"syscall": 1, "harts": 2}  # the two groups of rows


@command("trace-to", physical=False)
def trace_to(arguments):
    """Let the machine run to its end, and write a time line of threads, system calls and faults for Perfetto.

    trace-to FILE.json      open it at ui.perfetto.dev or chrome://tracing

A row a hart shows which thread it runs, a row a thread its system calls, and marks where it faulted. Time is the machine's own.
Locks are not in it: they are too short to stop at; `locks` shows them at any stop."""
    if len(arguments) != 1:
        raise Usage("usage: trace-to FILE.json")
    tracer = Tracer()
    tracer.points += [At(linker_symbol("on_user_syscall"), tracer.enter), At("arch::switch_context", tracer.switch),
                      At("arch::on_page_fault", tracer.fault)]
    try:
        quiet.execute("continue")
    except gdb.error:
        pass  # the machine has ended
    for point in tracer.points:
        point.delete()
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

    def time(self):
        """Microseconds of the machine's clock."""
        return memory.machine_time() / 10

    def thread(self):
        """(hart, number, name) of what the selected hart runs."""
        hart = kernel.selected_hart()
        return (hart.index, *self.named(hart.thread())) if hart else (0, 0, "boot")

    def named(self, thread):
        if thread is None or not thread.is_user():
            return 0, "kernel"
        process = thread.process()
        self.threads[thread.tid()] = f"{process.name()} {thread.tid()}"
        return thread.tid(), self.threads[thread.tid()]

    def enter(self):
        if not self.has_exit:
            self.points.append(At(kernel.register("ra"), self.leave))
            self.has_exit = True
        _, tid, _ = self.thread()
        address = kernel.register("a0")
        frame = Place(address, type_named(FRAME))
        number = frame.a7.number()
        process = kernel.selected_process()
        space = process.vmar() if process else None
        registers = [frame.original_a0.number()] + [frame.get(f"a{index}").number() for index in range(1, 6)]
        text = linux.call_words(number, registers, space.table().read if space else lambda at, size: b"")
        event = {"name": linux.call_name(number), "cat": "syscall", "pid": DIRECTORY["syscall"], "tid": tid, "ts": self.time(), "args": {"call": text}}
        if number in NEVER_RETURNS:
            self.events.append({**event, "ph": "i", "s": "t"})
        else:
            self.calls[address] = event

    def leave(self):
        event = self.calls.pop(kernel.register("sp"), None)
        if event:
            result = linux.result_words(Place(kernel.register("sp"), type_named(FRAME)).a0.number())
            self.events.append({**event, "ph": "X", "dur": self.time() - event["ts"], "args": {**event["args"], "result": result}})

    def fault(self):
        _, tid, _ = self.thread()
        self.events.append({"name": f"fault {kernel.register('a0'):#x}", "cat": "fault", "ph": "i", "s": "t", "pid": DIRECTORY["syscall"], "tid": tid,
                            "ts": self.time()})

    def switch(self):
        """At switch_context(from, to): who leaves has run since the switch before. Its name is the one it has by now."""
        hart, now = kernel.selected_hart(), self.time()
        since = self.running.get(hart.index)
        self.running[hart.index] = now
        if since is None:
            return
        thread = Place(kernel.register("a0") - Place(0, type_named(THREAD)).context.address, type_named(THREAD))
        self.events.append({"name": self.named(kernel.Thread(thread))[1], "cat": "sched", "ph": "X", "pid": DIRECTORY["harts"],
                            "tid": hart.index, "ts": since, "dur": now - since})

    def names(self):
        for name, number in (("threads", DIRECTORY["syscall"]), ("harts", DIRECTORY["harts"])):
            yield {"name": "process_name", "ph": "M", "pid": number, "args": {"name": name}}
        for tid, name in self.threads.items():
            yield {"name": "thread_name", "ph": "M", "pid": DIRECTORY["syscall"], "tid": tid, "args": {"name": name}}
        for hart in self.running:
            yield {"name": "thread_name", "ph": "M", "pid": DIRECTORY["harts"], "tid": hart, "args": {"name": f"hart {hart}"}}
