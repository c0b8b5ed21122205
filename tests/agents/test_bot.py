"""Bots do what the simulator's agents do, and write down what they saw."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agents.behaviour import Behaviour
from agents.books import Books
from agents.bot import Bot, Habits
from agents.distributions import Deterministic
from tests.agents.stand import PATIENCE_S, Stand, eventually

PROMPT = Behaviour(wrap_up=Deterministic(value=1.0), returns_after=Deterministic(value=1.0))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def seen(path: Path, interaction: str) -> list[str]:
    return [line["what"] for line in lines(path) if line.get("interaction") == interaction]


async def work(stand: Stand, habits: Habits, path: Path) -> None:
    with Books(path) as books:
        await Bot(stand.agent("ana"), habits, books, rng=Random(1), speed=100).work()


async def test_a_bot_does_whole_interactions(stand: Stand, tmp_path: Path) -> None:
    """It answers, talks, finishes and wraps up, and its books say so in order; drained, it is done."""
    path = tmp_path / "books"
    habits = Habits(behaviour=PROMPT, handle=Deterministic(value=100.0), transfers=0.0)
    working = asyncio.create_task(work(stand, habits, path))
    async with stand.submitter() as shop:
        for number in range(3):
            call = await shop.submit("billing", id=f"call-{number}")
            async with asyncio.timeout(PATIENCE_S):
                await call.ended()
        await eventually(lambda: "wrapped-up" in seen(path, "call-2"), "the last wrap-up is done")
    await stand.router.agent("ana").drain()
    async with asyncio.timeout(PATIENCE_S):
        await working
    assert seen(path, "call-1") == ["offered", "connected", "asked", "let-go", "wrapped-up"]
    assert [lines(path)[0]["what"], lines(path)[-1]["what"]] == ["signed-in", "left"]


async def test_a_bot_declines(stand: Stand, tmp_path: Path) -> None:
    """One that always declines lets others have it."""
    path = tmp_path / "books"
    working = asyncio.create_task(work(stand, Habits(behaviour=Behaviour(decline=1.0)), path))
    async with stand.submitter() as shop, stand.agent("ben") as ben:
        await eventually(lambda: stand.router.agent("ana").presence == "ready", "the bot is there")
        await ben.not_ready("later")
        await shop.submit("support", id="call-1")
        await eventually(lambda: "declined" in seen(path, "call-1"), "it is declined")
        await ben.ready()
        async with asyncio.timeout(PATIENCE_S):
            assert (await ben.next_offer()).interaction_id == "call-1"
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    stand.router.assert_presence("ana", "offline")


async def test_a_bot_comes_back_after_what_it_ignored(stand: Stand, tmp_path: Path) -> None:
    """Set not-ready for an offer that it did not answer, it is ready again after a while."""
    path = tmp_path / "books"
    habits = Habits(behaviour=Behaviour(no_answer=1.0, returns_after=Deterministic(value=1.0)))
    working = asyncio.create_task(work(stand, habits, path))
    async with stand.submitter() as shop:
        await shop.submit("support", id="call-1")
        await eventually(lambda: "offered" in seen(path, "call-1"), "it is offered")
        state = stand.router.centre.agents[stand.router.agent("ana").id]
        for _ in range(3):
            await stand.router.advance("7s")
            await eventually(lambda: state.last_heard == stand.router.now(), "it beats")
        await eventually(
            lambda: (
                any(line["what"] == "not-ready" for line in lines(path))
                and stand.router.agent("ana").presence == "ready"
            ),
            "it was not ready, and is again",
        )
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_many_bots_from_the_command_line(stand: Stand, tmp_path: Path, end: signal.Signals) -> None:
    """`python -m agents.bot` runs agents until SIGTERM; its books are whole after kill -9, too."""
    path = tmp_path / "books"
    command = [
        *("-m", "agents.bot", "--url", stand.url, "--centre", "test", "--agents", "ana,ben"),
        *("--habits", "prompt", "--handle", "1", "--transfers", "0", "--speed", "50", "--books", str(path)),
    ]
    bots = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        async with stand.submitter() as shop, asyncio.timeout(PATIENCE_S):
            call = await shop.submit("support", id="call-1")
            await call.ended()
            await eventually(lambda: seen(path, "call-1")[-1:] == ["let-go"], "it is in the books")
            bots.send_signal(end)
            code = await bots.wait()
    finally:
        if bots.returncode is None:
            bots.kill()
            await bots.wait()
    assert code == (0 if end is signal.SIGTERM else -signal.SIGKILL)
    assert seen(path, "call-1") == ["offered", "connected", "asked", "let-go"]


def test_bots_without_a_router_say_so() -> None:
    """Where nobody answers the command ends with 1 and one sentence."""
    ended = subprocess.run(
        [sys.executable, "-m", "agents.bot", "--url", "nowhere", "--agents", "ana"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("bot: 'nowhere' is no address of a router")
