"""What a run of checks has found so far, as every form of the report needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

from grade.clause import linked
from grade.report import labelled

PUBLIC, AFTER_DUE_DATE, HIDDEN = VISIBILITIES = ("public", "after_due_date", "hidden")
PASSED, FAILED, WAITS, TROUBLE = "ok", "FAIL", "waits", "TROUBLE"
NO_VERDICT = "the grader or the machine had trouble: this is not a verdict on the kernel"


@dataclass
class Results:
    """Checks by pytest's id, as plain values that travel between processes:

    name, lab, title, points, visibility, clause, needs, common    what was asked
    passed, seconds, done                                          what came of it
    parts                                                          of a Failure
    trouble, evidence                                              of an InfrastructureError
    """

    seed: int = 0
    title: str = ""
    checks: dict[str, dict] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    # WHICH

    def done(self) -> list[dict]:
        """The checks that are over, in their order."""
        return [self.checks[name] for name in self.order if self.checks.get(name, {}).get("done")]

    def of_lab(self, folder: str) -> list[dict]:
        return [check for check in self.done() if check["lab"] == folder]

    def labs(self) -> list[str]:
        return list(dict.fromkeys(check["lab"] for check in self.done()))

    def is_complete(self) -> bool:
        return bool(self.order) and len(self.done()) == len(self.order)

    # WHAT CAME OF THEM

    def kind(self, check: dict) -> str:
        """passed, failed, or one of the two that say nothing of the check's own clause."""
        if check["passed"]:
            return PASSED
        return TROUBLE if "trouble" in check else WAITS if self.blocker(check) else FAILED

    def blocker(self, check: dict) -> str:
        """The name of the check that this one needs, if that failed."""
        for other in self.of_lab(check["lab"]):
            if other["name"] == check["needs"] and not other["passed"]:
                return self.blocker(other) or other["name"]
        return ""

    def won(self, checks: list[dict]) -> int:
        return sum(check["points"] for check in checks if check["passed"])

    def troubles(self) -> list[str]:
        """Everything because of which there is no verdict. Empty: there is one, as soon as all is done."""
        return self.problems + [f"{check['name']}: {check['trouble']}" for check in self.done() if "trouble" in check]

    # SAYING IT

    def again(self, check: dict) -> str:
        """What repeats this check alone, behind `make grade` or `make gdb`."""
        return f"LAB={check['lab'].partition('-')[2]} CHECK={check['name']} SEED={self.seed}"

    def lines(self, check: dict) -> dict[str, str]:
        """What there is to say of a check beside its title, by label."""
        kind = self.kind(check)
        if kind == TROUBLE:
            return {"trouble": check["trouble"], "evidence": check.get("evidence", "")}
        if kind == WAITS:
            return {"waits": f"for {self.blocker(check)}"}
        if kind == PASSED:
            return {}
        parts = dict(check.get("parts", {}))
        step = parts.pop("step", "")
        common = "\n".join(text for text in (parts.get("common"), check["common"]) if text)
        again = self.again(check)
        lines = {"clause": linked(check["clause"])} | parts | {"common": common, "again": f"make grade {again}"}
        return lines | {"gdb": f"make gdb {again}" + (f" STEP={step}" if step else "")}

    def text(self, check: dict) -> str:
        """The same as lines of a terminal."""
        return "\n".join(labelled(label, text) for label, text in self.lines(check).items() if text)
