"""The live centre: demo and kill trials with real processes, over HTTP and a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from router.harness.demo.books import Books
from router.harness.live.kills import trial
from router.harness.live.run import LiveSettings, Transport
from router.harness.live.verdict import read_books
from tests.servers import program

QUICKSTART = Path("configs/quickstart")
WAYS = [
    pytest.param("http", marks=pytest.mark.slow),
    pytest.param("mqtt", marks=[pytest.mark.slow, pytest.mark.servers]),
]


@pytest.mark.parametrize("over", WAYS)
def test_the_demo_goes_over_the_wire(over: str) -> None:
    """Daemon, agents and customers are processes; nothing is lost or given twice, and the last line is one object."""
    if over == "mqtt":
        program("mosquitto")
    command = [sys.executable, "-m", "router.cli", "demo", "--seconds", "4", "--speed", "20", "--json"]
    ended = subprocess.run(
        [*command, "--over", over], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    figures = json.loads(lines[-1])
    assert (figures["lost"], figures["assigned_twice"], figures["over"]) == (0, 0, over)
    assert figures["answered"] > 0
    assert any(" offered to " in line and "longest-idle" in line for line in lines)


@pytest.mark.parametrize("transport", WAYS)
async def test_killed_in_mid_traffic_nothing_is_lost_or_doubled(
    transport: Transport, tmp_path: Path, seed: int
) -> None:
    """Three kills at random moments; by the books of agents and customers all that was acknowledged is accounted for."""
    if transport == "mqtt":
        program("mosquitto")
    settings = LiveSettings(centre=QUICKSTART, transport=transport, gap_ms=1000, seed=seed, speed=20)
    figures = await trial(settings, 3, tmp_path)
    assert (figures["lost"], figures["assigned_twice"]) == (0, 0), figures
    assert int(str(figures["answered"])) > 0


def books_of(folder: Path, *lines: dict[str, object]) -> Books:
    """The books that these lines make, each later than the one before."""
    file = folder / "books.jsonl"
    numbered = [{"at": float(number), **line} for number, line in enumerate(lines)]
    file.write_text("".join(json.dumps(line) + "\n" for line in numbered))
    return read_books([file])


def test_a_contact_that_two_agents_have_is_given_twice(tmp_path: Path) -> None:
    """The verdict bites: a second connect while the first agent still talks."""
    books = books_of(
        tmp_path,
        {"who": "street", "what": "submitted", "interaction": "c-1"},
        {"who": "ana", "what": "connected", "interaction": "c-1"},
        {"who": "ben", "what": "connected", "interaction": "c-1"},
    )
    assert books.assigned_twice == 1


def test_a_contact_that_is_over_must_not_be_connected_again(tmp_path: Path) -> None:
    """Finished is finished, also when the reply is not here yet."""
    books = books_of(
        tmp_path,
        {"who": "ana", "what": "connected", "interaction": "c-1"},
        {"who": "ana", "what": "asked", "interaction": "c-1", "verb": "finish"},
        {"who": "ben", "what": "connected", "interaction": "c-1"},
    )
    assert books.assigned_twice == 1


def test_a_contact_that_was_given_on_may_be_connected_again(tmp_path: Path) -> None:
    """By a transfer, or because the router took it from a lost agent."""
    books = books_of(
        tmp_path,
        {"who": "ana", "what": "connected", "interaction": "c-1"},
        {"who": "ana", "what": "asked", "interaction": "c-1", "verb": "transfer"},
        {"who": "ben", "what": "connected", "interaction": "c-1"},
        {"who": "ben", "what": "let-go", "interaction": "c-1", "why": "released", "reason": "agent-lost"},
        {"who": "ana", "what": "connected", "interaction": "c-1"},
    )
    assert books.assigned_twice == 0
    assert list(books.open_cases()) == []


def test_what_nobody_has_is_open(tmp_path: Path) -> None:
    """The router must still have it, or it is lost; a line cut off by a kill was not written."""
    books = books_of(tmp_path, {"who": "street", "what": "submitted", "interaction": "c-1"})
    with (tmp_path / "books.jsonl").open("a") as file:
        file.write('{"at": 9, "who": "street", "what": "end')
    again = read_books([tmp_path / "books.jsonl"])
    assert [case.interaction_id for case in books.open_cases()] == ["c-1"]
    assert [case.interaction_id for case in again.open_cases()] == ["c-1"]
