"""Loads Astrolabe's commands into GDB:  source kern/gdb/load.py  (make gdb does it; `help astrolabe` lists what there is)

    load.py        this: makes one package of this folder, and takes in what is in commands/
    core/          what all commands stand on: memory as the machine holds it, the kernel's structures, words
    commands/      one command a file
    printers.py    how print and info locals show the kernel's types
    backtraces.py  how a backtrace names its functions
"""

import importlib
import importlib.util
import os
import sys

PACKAGE = "astrolabe"


def load(folder):
    """Loads everything; a second time loads it anew, as it is in the files now."""
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(PACKAGE + ".")]:
        del sys.modules[name]
    spec = importlib.util.spec_from_loader(PACKAGE, None, is_package=True)
    package = importlib.util.module_from_spec(spec)
    package.__path__ = [folder]
    sys.modules[PACKAGE] = package
    for name in sorted(os.listdir(os.path.join(folder, "commands"))):
        if name.endswith(".py") and not name.startswith("_"):
            importlib.import_module(f"{PACKAGE}.commands.{name[:-3]}")
    for name in ("printers", "backtraces"):
        importlib.import_module(f"{PACKAGE}.{name}").register()


sys.dont_write_bytecode = True
load(os.path.dirname(os.path.abspath(os.path.expanduser(__file__))))
