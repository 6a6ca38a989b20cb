"""How print, info locals and backtraces show the kernel's types."""


def register():
    pass
