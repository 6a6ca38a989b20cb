"""GitHub Classroom: what its autograding reporter expects of a runner. In a workflow the step's output is this in base64:

    make grade LAB=vmar CLASSROOM=result.json; echo "result=$(base64 -w0 result.json)" >> "$GITHUB_OUTPUT"
"""

from __future__ import annotations

import json

from grade.results import PASSED, PUBLIC, TROUBLE, Results

STATUS = {PASSED: "pass", TROUBLE: "error"}


def write(results: Results) -> str:
    tests = [test(results, check) for check in results.done()]
    status = "error" if results.troubles() or not results.is_complete() else "pass"
    if status == "pass" and any(test["status"] != "pass" for test in tests):
        status = "fail"
    most = sum(check["points"] for check in results.done())
    return json.dumps({"version": 1, "status": status, "max_score": most, "tests": tests}, indent=1)


def test(results: Results, check: dict) -> dict:
    """One check. The log that this ends in is a student's to read, so only public checks say more than their title."""
    return {
        "name": f"{check['name']}: {check['title']}",
        "status": STATUS.get(results.kind(check), "fail"),
        "score": check["points"] if check["passed"] else 0,
        "message": results.text(check) if check["visibility"] == PUBLIC else "",
        "test_code": f"make grade {results.again(check)}",
        "filename": "",
        "line_no": 0,
        "execution_time": f"{check['seconds']:.1f}s",
    }
