"""The executable specification of the process address space: what docs say it does, in Python."""

from grade.model.space import Denied, Page, Space

__all__ = ["Denied", "Page", "Space"]
