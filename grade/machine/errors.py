"""What can go wrong that is no fault of the kernel under test."""


class InfrastructureError(Exception):
    """The machine, not the kernel, misbehaved: QEMU would not start, a channel broke, the outer time limit passed.

    `evidence` holds what was seen when it happened, as lines for a person.
    """

    def __init__(self, message: str, evidence: str = ""):
        super().__init__(message)
        self.evidence = evidence


class QmpError(InfrastructureError):
    """QEMU's control channel closed or refused a command."""


class GdbError(InfrastructureError):
    """The gdb stub closed its channel or refused a request."""
