"""Mistakes in an initial stack that can be told by what is there instead."""

from __future__ import annotations

from grade.model.stack import AUX, Found, Plan


def recognised(plan: Plan, found: Found) -> str:
    """A hint for the first mistake that fits; nothing when none does."""
    argv, envp = plan.places(plan.argv, plan.arg_strings), plan.places(plan.envp, plan.env_strings)
    if found.argc == len(argv) + 1 and found.argv == argv:
        return "argc counts the NULL that ends argv; it should not"
    if argv != envp and (found.argv, found.envp) == (envp, argv):
        return "envp stands where argv belongs, and argv where envp belongs"
    if envp and found.argv == argv + envp:
        return "the NULL between argv and envp is missing"
    keys = set(AUX.values())
    swapped = sum(value in keys and key not in keys for key, value in found.aux)
    if swapped > len(found.aux) // 2:
        return "the pairs of the aux vector have the value first; the key comes first"
    return shifted(argv + envp, found.argv + found.envp)


def shifted(wanted: list[int], have: list[int]) -> str:
    """Whether all strings lie too far up or down by the same number of bytes."""
    by = {there - here for here, there in zip(wanted, have)}
    if len(wanted) != len(have) or len(by) != 1 or by == {0}:
        return ""
    distance = by.pop()
    why = "something above them is missing" if distance > 0 else "something lies above them that should not"
    return f"all strings lie {abs(distance)} bytes too {'high' if distance > 0 else 'low'}: {why}"
