"""How a command is made. Its function yields lines; its docstring is its help, the first line the summary.

    @command("procs")
    def procs(words):
        \"\"\"List the processes ...\"\"\"
        yield "..."

Whatever goes wrong ends as one line that says what: a student's kernel may be broken anywhere.
"""

import contextlib
import traceback

import gdb

from astrolabe.core import kernel, memory

COMMANDS = {}  # name -> its first line of help
debug = False  # `python astrolabe.core.command.debug = True` shows where a command itself is wrong


class Usage(Exception):
    """The words behind the command make no sense; the text says which would."""


def command(name, complete=None, raw=False, physical=True):
    """`raw`: the function gets the rest of the line as the only word. `physical`: it reads memory through core.memory."""


    def make(function):
        def invoke(self, argument, from_tty):
            self.dont_repeat()
            run(name, function, [argument] if raw else gdb.string_to_argv(argument), physical)

        def offer(self, text, word):
            return candidates(complete, word)

        body = {"__doc__": function.__doc__, "invoke": invoke}
        if complete is not None:
            body["complete"] = offer
        else:
            body["complete"] = lambda self, text, word: gdb.COMPLETE_NONE
        COMMANDS[name] = function.__doc__.splitlines()[0]
        type(name, (gdb.Command,), body)(name, gdb.COMMAND_DATA)
        return function

    return make


def candidates(complete, word):
    try:
        return sorted(item for item in complete() if item.startswith(word or ""))
    except Exception:  # completing must never disturb who is typing
        return []


def run(name, function, arguments, physical=True):
    try:
        with memory.session() if physical else contextlib.nullcontext():
            for line in function(arguments):
                gdb.write(line + "\n")
    except (memory.NoMachine, memory.Corrupt, Usage, gdb.error) as error:
        gdb.write(f"{name}: {error}\n")
    except KeyboardInterrupt:
        gdb.write(f"{name}: interrupted\n")
    except Exception as error:
        gdb.write(f"{name}: cannot go on: {type(error).__name__}: {error}\n")
        if debug:
            traceback.print_exc()


# ARGUMENTS


def number(text):
    """A number or any expression of GDB: 0x1000, $pc, $a0 + 8."""
    try:
        return int(text, 0) & (1 << 64) - 1
    except ValueError:
        pass
    for expression in (text, f"(unsigned long)&{text}"):  # a label of assembly has no type, but an address
        try:
            return int(gdb.parse_and_eval(expression)) & (1 << 64) - 1
        except gdb.error as error:
            problem = str(error)
    raise Usage(f"{text}: {problem}")


def pid_argument(words, usage):
    """The process number that is the only word, or None."""
    if len(words) > 1:
        raise Usage(f"usage: {usage}")
    return number(words[0]) if words else None


def address_and_pid(words, usage):
    """`ADDRESS [PID]`, where the address may be an expression with blanks; the pid is None when there is none."""
    if not words:
        raise Usage(f"usage: {usage}")
    if len(words) > 1 and words[-1].isdigit() and words[-2][-1] not in "+-*/%&|^(<>=,":
        return number(" ".join(words[:-1])), int(words[-1])
    return number(" ".join(words)), None


def pids():
    with memory.session():
        return [str(process.pid) for process in kernel.processes()]


def guarded(lines):
    """The lines of a part; when it is corrupt, that is its last line and the rest goes on."""
    try:
        yield from lines
    except memory.Corrupt as error:
        yield f"  !! {error}"
