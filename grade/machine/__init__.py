"""A machine under test: QEMU with its control channels, and what can be seen of the guest from outside."""

from grade.machine.errors import GdbError, InfrastructureError, QmpError
from grade.machine.machine import Machine, Stop, StopKind

__all__ = ["GdbError", "InfrastructureError", "Machine", "QmpError", "Stop", "StopKind"]
