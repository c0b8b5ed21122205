"""``switchroom test``: what it prints, how it ends, and the XML for continuous integration."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from router import cli
from tests.cases.writing import CONFIGS, SMALL, write

GOOD = (
    SMALL
    + """
description: Rings at once
shows: §5
steps:
- sign-in: ana
- arrive: {call-1: {queue: desk}}
  expect: {offered: {call-1: ana}}
"""
)
BAD = GOOD.replace("offered: {call-1: ana}", "offered: {call-1: ben}")
BROKEN = GOOD.replace("offered", "ofered")


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, list[str], str]:
    code = cli.run(["test", *args])
    out, err = capsys.readouterr()
    return code, out.split("\n")[:-1], err


def test_all_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and one line that says how many."""
    write(tmp_path, GOOD, "a")
    write(tmp_path, GOOD, "b")
    assert run(capsys, str(tmp_path)) == (0, ["2 passed, 0 failed"], "")


def test_one_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1; the failure has its place, what was expected and found, the explanation and what happened."""
    path = write(tmp_path, BAD, "a")
    write(tmp_path, GOOD, "b")
    code, lines, err = run(capsys, str(tmp_path))
    assert (code, err, lines[-1]) == (1, "", "1 passed, 1 failed")
    assert lines[0] == f"FAILED {tmp_path.name}/a: Rings at once"
    assert lines[1].startswith(f"  {path}:{BAD.count(chr(10))}:")
    assert lines[1].endswith(": at 0s, call-1")
    assert lines[2:4] == ["    expected  offered to ben", "    found     offered to ana"]
    assert lines[4].startswith("    why       call-1 is offered to ana, chosen by longest-idle")
    assert any("offer-made {decision: 1, offer: 1, interaction: call-1, agent: ana" in line for line in lines)


def test_one_malformed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3, although others pass and fail; a case that cannot be read counts as failed."""
    write(tmp_path, BAD, "a")
    path = write(tmp_path, BROKEN, "b")
    write(tmp_path, GOOD, "c")
    code, lines, err = run(capsys, str(tmp_path))
    assert (code, lines[-1]) == (3, "1 passed, 2 failed")
    assert f"MALFORMED {tmp_path.name}/b" in lines
    assert lines[-2] == "1 of those that failed cannot be read: a case, or its centre, is malformed"
    assert err.startswith(f"{path}:")
    assert "unknown key 'ofered' (did you mean 'offered'?)" in err


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 where there is no case at all."""
    code, lines, err = run(capsys, str(tmp_path))
    assert (code, lines) == (3, [])
    assert "there is no case here" in err


def test_only_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``-k`` runs those with the word in their name; a word that is in none is wrong usage."""
    write(tmp_path, GOOD, "first")
    write(tmp_path, BAD, "second")
    assert run(capsys, str(tmp_path), "-k", "fir") == (0, ["1 passed, 0 failed"], "")
    code, lines, err = run(capsys, str(tmp_path), "-k", "third")
    assert (code, lines) == (2, [])
    assert "none of the 2 cases has 'third' in its name" in err


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--list`` prints each name, the paragraph it shows and its description, and runs none."""
    write(tmp_path, BAD, "a")
    write(tmp_path, BROKEN, "b")
    assert run(capsys, str(tmp_path), "--list") == (
        0,
        [f"{tmp_path.name}/a  §5  Rings at once", f"{tmp_path.name}/b  (cannot be read)"],
        "",
    )


def test_verbose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``-v`` prints everything that happened, in order."""
    write(tmp_path, GOOD, "a")
    _, lines, _ = run(capsys, str(tmp_path), "-v")
    assert lines[0] == f"{tmp_path.name}/a:"
    assert [line.split()[1] for line in lines[1:-1]] == [
        "presence-changed",
        "interaction-queued",
        "offer-made",
    ]


def test_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--junit`` writes a suite for each centre, with what failed and what could not be read."""
    write(tmp_path, BAD, "a")
    write(tmp_path, BROKEN, "b")
    write(tmp_path, GOOD.replace("Rings", "\u00dcber <all> & more"), "c")
    report = tmp_path / "report.xml"
    run(capsys, str(tmp_path), "--junit", str(report))
    root = ElementTree.parse(report).getroot()
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    suite = root[0]
    assert suite.get("name") == tmp_path.name
    a, b, c = suite
    assert [(node.get("classname"), node.get("name")) for node in suite] == [
        (tmp_path.name, name) for name in "abc"
    ]
    assert "expected offered to ben, found offered to ana" in str(a[0].get("message"))
    assert "offer-made" in str(a[0].text)
    assert "unknown key 'ofered'" in str(b[0].get("message"))
    assert len(c) == 0


def test_junit_takes_any_character(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot stand in XML is replaced."""
    write(tmp_path, BAD.replace("expect: {offered: {call-1: ben}}", 'expect: {asked: {call-1: "bell \\a"}}'))
    report = tmp_path / "report.xml"
    assert run(capsys, str(tmp_path), "--junit", str(report))[0] == 1
    assert "expected bell \ufffd, found anybody" in str(
        ElementTree.parse(report).getroot()[0][0][0].get("message")
    )


def test_one_file_is_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    """A path to a file runs that case."""
    path = CONFIGS / "quickstart" / "cases" / "three-chats-and-no-fourth.yaml"
    assert run(capsys, str(path)) == (0, ["1 passed, 0 failed"], "")
