"""The page of theory beside simulation, and the command that makes it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from router.harness.theory_table import cases, main, wrong_cases

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "theory.md"


def test_the_committed_page_names_its_command_and_has_every_case() -> None:
    """The header says what made the page, and every case of the command has its lines."""
    text = PAGE.read_text(encoding="utf-8")
    assert "Made by `python -m router.harness.theory_table" in "".join(text.splitlines(keepends=True)[:4])
    for case in [*cases(), *wrong_cases()]:
        for claim in case.claims:
            assert f"| {case.name} | {claim.what} | " in text


def test_the_committed_page_agrees_as_often_as_95_percent_intervals_do() -> None:
    """Fewer than one in ten of the page's intervals miss theory; every one of the wrong formula does."""
    right, control = PAGE.read_text(encoding="utf-8").split("## The wrong formula, on purpose")
    held, missed = right.count("| yes |"), right.count("| **no** |")
    assert f"**{held} of {held + missed} intervals hold theory's value.**" in right
    assert missed < (held + missed) / 10
    assert (control.count("| yes |"), control.count("| **no** |")) == (0, 2)


def test_a_tiny_run_of_the_command_writes_a_whole_page(tmp_path: Path) -> None:
    """`python -m router.harness.theory_table --out PAGE` runs every case and says how it was called."""
    page = tmp_path / "page.md"
    options = ["--replications", "2", "--customers", "30", "--seed", "7", "--out", str(page)]
    subprocess.run([sys.executable, "-m", "router.harness.theory_table", *options], check=True, cwd=ROOT)
    text = page.read_text(encoding="utf-8")
    assert "`python -m router.harness.theory_table --replications 2 --customers 30 --seed 7 --out " in text
    lines = re.findall(r"^\| .+ \| \d[\d,]* \|$", text, re.MULTILINE)
    assert len(lines) == sum(len(case.claims) for case in [*cases(), *wrong_cases()])


def test_impossible_options_are_refused_with_what_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    """One replication has no interval."""
    with pytest.raises(SystemExit) as end:
        main(["--replications", "1"])
    assert end.value.code == 2
    assert "--replications: found 1, expected at least 2" in capsys.readouterr().err
