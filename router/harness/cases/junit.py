"""What came of cases as JUnit XML, for continuous integration: a suite for each centre, a test case for each case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from router.harness.cases.report import details
from router.harness.cases.runner import Result
from router.harness.cases.script import Case, Unreadable

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Timed(NamedTuple):
    """What came of a case, and how many seconds of real time it took."""

    result: Result | Unreadable
    seconds: float


def junit_text(timed: Sequence[Timed]) -> str:
    """Return the XML of all cases, in their order."""
    root = ElementTree.Element("testsuites", {"name": "switchroom test", **_counts(timed)})
    suites: dict[str, list[Timed]] = {}
    for each in timed:
        suites.setdefault(_about(each.result).centre, []).append(each)
    for centre, cases in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": centre, **_counts(cases)})
        for each in cases:
            _append(suite, each)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _about(result: Result | Unreadable) -> Case | Unreadable:
    return result if isinstance(result, Unreadable) else result.case


def _append(suite: ElementTree.Element, timed: Timed) -> None:
    result = timed.result
    about = _about(result)
    node = ElementTree.SubElement(
        suite,
        "testcase",
        classname=about.centre,
        name=about.name,
        file=str(about.path),
        time=f"{timed.seconds:.3f}",
    )
    if isinstance(result, Unreadable):
        first = result.error.problems[0] if result.error.problems else result.error
        error = ElementTree.SubElement(node, "error", message=_clean(str(first)), type="malformed")
        error.text = _clean(str(result.error))
    elif not result.has_passed:
        difference = result.failures[0].difference
        message = f"{difference.what}: expected {difference.expected}, found {difference.found}"
        failure = ElementTree.SubElement(node, "failure", message=_clean(message), type="expectation")
        failure.text = _clean(details(result))


def _counts(timed: Sequence[Timed]) -> dict[str, str]:
    errors = sum(1 for each in timed if isinstance(each.result, Unreadable))
    failures = sum(1 for each in timed if isinstance(each.result, Result) and not each.result.has_passed)
    return {
        "tests": str(len(timed)),
        "failures": str(failures),
        "errors": str(errors),
        "time": f"{sum(each.seconds for each in timed):.3f}",
    }


def _clean(text: str) -> str:
    """Leave out what cannot stand in XML."""
    return _FORBIDDEN.sub("�", text)
