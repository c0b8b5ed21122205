"""The transcripts in docs/http.md and docs/plans.md are what happens."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from router.daemon.plans import load_first
from router.transports.http.document import PROBLEMS
from tests.http.desk import Desk

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
PLANS = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")


def _commands(page: str) -> list[tuple[str, str]]:
    """Return each command of the transcript, and what it is shown to print."""
    (transcript,) = re.findall(r"^```console\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    found: list[tuple[str, str]] = []
    for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        found.append((command, output))
    return found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
@pytest.mark.parametrize("page", [PAGE, PLANS], ids=["http", "plans"])
async def test_the_transcript_is_what_happens(page: str) -> None:
    """Every command prints what the page shows; `...` stands for anything."""
    centre = ROOT / "configs" / "quickstart"
    async with Desk(load_first(centre, 0), centre=centre) as desk:
        for command, shown in _commands(page):
            process = await asyncio.create_subprocess_shell(
                command.replace("localhost:8080", f"localhost:{desk.server.port}"),
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
            printed = output.decode().replace("\r\n", "\n").strip()
            pattern = ".*".join(map(re.escape, shown.strip().split("...")))
            assert re.fullmatch(pattern, printed), f"$ {command}\n{printed}\nis not\n{shown}"


def test_the_table_of_problems_is_the_one_of_the_document() -> None:
    """Status by status."""
    for status, meaning in PROBLEMS.items():
        assert f"| {status} | {meaning} |\n" in PAGE
