"""JUnit's XML: a suite a lab, a case a check. A check that waits is skipped, trouble is an error."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

from grade.results import FAILED, PASSED, TROUBLE, WAITS, Results

ELEMENTS = {FAILED: "failure", WAITS: "skipped", TROUBLE: "error"}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(results: Results) -> str:
    root = xml.Element("testsuites", name="astrolabe")
    for folder in results.labs():
        root.append(suite(results, folder))
    for problem in results.problems:
        case = xml.SubElement(xml.SubElement(root, "testsuite", name="grader", tests="1", errors="1"), "testcase")
        case.attrib |= {"classname": "grader", "name": "run"}
        xml.SubElement(case, "error", message=clean(problem), type="trouble")
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def suite(results: Results, folder: str) -> xml.Element:
    checks = results.of_lab(folder)
    kinds = [results.kind(check) for check in checks]
    counts = {"tests": len(checks), "failures": kinds.count(FAILED), "errors": kinds.count(TROUBLE)}
    counts |= {"skipped": kinds.count(WAITS)}
    element = xml.Element("testsuite", name=folder, time=f"{sum(check['seconds'] for check in checks):.3f}")
    element.attrib |= {name: str(count) for name, count in counts.items()}
    properties = xml.SubElement(element, "properties")
    for name, value in (("seed", results.seed), ("points", results.won(checks))):
        xml.SubElement(properties, "property", name=name, value=str(value))
    for check, kind in zip(checks, kinds):
        case = xml.SubElement(element, "testcase", classname=folder, name=check["name"], time=f"{check['seconds']:.3f}")
        if kind != PASSED:
            lines = results.lines(check)
            told = xml.SubElement(case, ELEMENTS[kind], message=clean(f"{check['title']}: {next(iter(lines.values()))}"))
            told.attrib |= {} if kind == WAITS else {"type": kind}
            told.text = clean(results.text(check))
    return element


def clean(text: str) -> str:
    """Without the characters that XML cannot hold; a guest may have printed any."""
    return NOT_IN_XML.sub("?", text)
