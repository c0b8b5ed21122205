"""Synthetic agents: a client each, with the habits that the simulator's agents have, in real time or faster. Run many in one process:
``python -m agents.bot --url http://127.0.0.1:8080 --agents ana,ben``.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from agents.behaviour import PERSON, Behaviour, reply
from agents.books import Books
from agents.client import AgentClient
from agents.desk import Offer, Work
from agents.distributions import Deterministic, Distribution, Lognormal
from agents.errors import ClientError, ClosedError, CommandRefused, GaveUpError

PROMPT: Final = Behaviour(wrap_up=Deterministic(value=1_000.0), returns_after=Deterministic(value=1_000.0))
HABITS: Final = {"person": PERSON, "prompt": PROMPT}
HANDLE: Final = Lognormal(mean=40_000.0, cv=0.6)
HEARTBEAT_S: Final = 2.0
HEARTBEAT_LEAST_S: Final = 0.2
NOT_MINE: Final = frozenset({"interaction-ended", "unknown-interaction", "not-yours", "illegal-state"})
"""Why a contact cannot be ended by the bot: it is over, or with somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a bot does: ``behaviour`` about offers, ``handle`` for so long it talks; with the chance ``transfers`` it gives a contact on
    instead of ending it, to people where ``to_people``. With ``breaks`` it is not ready for ``break_ms`` after each time drawn.
    Times are milliseconds of the centre's time.
    """

    behaviour: Behaviour = PERSON
    handle: Distribution = HANDLE
    transfers: float = 0.05
    to_people: bool = False
    breaks: Distribution | None = None
    break_ms: int = 20_000


class Bot:
    """One agent. ``speed``: so many times faster than real time it lives, like the router it works for."""

    def __init__(
        self, client: AgentClient, habits: Habits, books: Books, *, rng: Random, speed: float = 1.0
    ) -> None:
        self._me = client
        self._habits = habits
        self._books = books
        self._rng = rng
        self._speed = speed

    async def work(self) -> None:
        """Be signed in, and take what is offered, until the agent has left. Cancelled, it signs out if it can."""
        me = self._me
        try:
            async with me, asyncio.TaskGroup() as group:
                self._books.write(me.id, "signed-in", session=me.session)
                alongside = [group.create_task(self._come_back())]
                if self._habits.breaks is not None:
                    alongside.append(group.create_task(self._take_breaks(self._habits.breaks)))
                async for offer in me.offers:
                    group.create_task(self._deal_with(offer))
                for task in alongside:
                    task.cancel()
        finally:
            self._books.write(me.id, "left", holds=[work.id for work in me.work.values() if work.is_mine])

    # ── one contact ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _deal_with(self, offer: Offer) -> None:
        with suppress(ClosedError):
            work = offer.work if offer.work is not None else await self._answer(offer)
            if work is not None:
                await self._talk(work)

    async def _answer(self, offer: Offer) -> Work | None:
        me, interaction = self._me, offer.interaction_id
        answer = reply(self._habits.behaviour, self._rng)
        self._books.write(me.id, "offered", interaction, offer=offer.id)
        await self._sleep(answer.after_ms)
        if answer.kind == "ignore" or offer.state not in {"open", "accepted"}:
            return None
        try:
            if answer.kind == "decline":
                await offer.decline("not now")
                self._books.write(me.id, "declined", interaction, offer=offer.id)
                return None
            return await offer.accept()
        except CommandRefused as error:
            self._books.write(
                me.id, "refused", interaction, asked=answer.kind, code=error.code, state=error.state
            )
        except GaveUpError:
            self._books.write(me.id, "unanswered", interaction, asked=answer.kind)
        return None

    async def _talk(self, work: Work) -> None:
        me = self._me
        self._books.write(me.id, "connected", work.id)
        try:
            async with asyncio.timeout(self._habits.handle.sample(self._rng) / 1000 / self._speed):
                why = await work.left()
        except TimeoutError:
            await self._end(work)
            why = work.state
        self._books.write(me.id, "let-go", work.id, why=why, reason=work.reason)
        if self._habits.behaviour.wrap_up is not None:
            await self._sleep(self._habits.behaviour.wrap_up.sample(self._rng))
            if work.state == "wrap-up":
                with suppress(CommandRefused, GaveUpError):  # its time was over
                    await work.wrap_up_done()
                    self._books.write(me.id, "wrapped-up", work.id)

    async def _end(self, work: Work) -> None:
        me = self._me
        is_passed_on = self._rng.random() < self._habits.transfers
        verb = "transfer" if is_passed_on else "finish"
        # Before it is sent: somebody else may have it before the reply is here.
        self._books.write(me.id, "asked", work.id, verb=verb)
        while work.is_mine:
            try:
                if is_passed_on:
                    await work.transfer(to_people=self._habits.to_people)
                else:
                    await work.finish()
            except CommandRefused as error:
                self._books.write(me.id, "refused", work.id, asked=verb, code=error.code, state=error.state)
                if error.code in NOT_MINE:
                    return
                is_passed_on, verb = False, "finish"  # nobody else may have it
            except GaveUpError:
                self._books.write(me.id, "unanswered", work.id, asked=verb)

    # ── alongside ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _come_back(self) -> None:
        """Be ready again, some time after the router has set the agent not-ready for what it did not answer."""
        returns_after = self._habits.behaviour.returns_after
        me = self._me
        while returns_after is not None:
            if me.presence == "not-ready" and me.reason.startswith("no-answer"):
                self._books.write(me.id, "not-ready", reason=me.reason)
                await self._sleep(returns_after.sample(self._rng))
                if me.presence == "not-ready":
                    with suppress(CommandRefused, GaveUpError):
                        await me.ready()
            await me.changed()

    async def _take_breaks(self, breaks: Distribution) -> None:
        while True:
            await self._sleep(breaks.sample(self._rng))
            if self._me.presence == "ready":
                with suppress(CommandRefused, GaveUpError):  # it was lost meanwhile
                    await self._me.not_ready("coffee")
                    await self._sleep(self._habits.break_ms)
                    await self._me.ready()

    async def _sleep(self, ms: float) -> None:
        await asyncio.sleep(ms / 1000 / self._speed)


async def run(
    url: str,
    names: Sequence[str],
    habits: Habits,
    books: Books,
    *,
    centre: str = "",
    seed: int = 0,
    speed: float = 1.0,
    give_up_s: float = 30.0,
) -> None:
    """Let agents work until each has left. Raises what ended one of them, after the others were signed out."""
    heartbeat_s = max(HEARTBEAT_LEAST_S, HEARTBEAT_S / speed)
    async with asyncio.TaskGroup() as group:
        for name in names:
            client = AgentClient(url, agent=name, centre=centre, heartbeat_s=heartbeat_s, give_up_s=give_up_s)
            bot = Bot(client, habits, books, rng=Random(f"{seed}:{name}"), speed=speed)
            group.create_task(bot.work(), name=f"bot {name}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bots from the command line until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m agents.bot", description="Synthetic agents of a router.")
    parser.add_argument("--url", required=True, help="mqtt://127.0.0.1:1883 or http://127.0.0.1:8080")
    parser.add_argument("--centre", default="", help="the centre's name, for MQTT's topics")
    parser.add_argument("--agents", required=True, help="who works: names with commas between them")
    parser.add_argument(
        "--habits", choices=sorted(HABITS), default="person", help="people, or prompt at once"
    )
    parser.add_argument(
        "--handle", type=float, default=40.0, metavar="SECONDS", help="mean time of a contact"
    )
    parser.add_argument("--transfers", type=float, default=0.05, metavar="SHARE", help="contacts given on")
    parser.add_argument("--to-people", action="store_true", help="automated agents: give on to people")
    parser.add_argument("--seed", type=int, default=0, help="of all chances; the same for each run without")
    parser.add_argument("--speed", type=float, default=1.0, help="so many times faster than real time")
    parser.add_argument(
        "--books", type=Path, metavar="FILE", help="where to write what happens, as lines of JSON"
    )
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.agents.split(",") if name]
    habits = Habits(
        behaviour=HABITS[chosen.habits],
        handle=Lognormal(mean=chosen.handle * 1000, cv=0.6),
        transfers=chosen.transfers,
        to_people=chosen.to_people,
    )
    failed = 0
    with Books(chosen.books) as books:
        working = run(
            chosen.url, names, habits, books, centre=chosen.centre, seed=chosen.seed, speed=chosen.speed
        )
        try:
            asyncio.run(_until_told(working))
        except* ClientError as errors:
            print(f"bot: {_first(errors)}", file=sys.stderr)  # noqa: T201 - a command's last word
            failed = 1
    return failed


async def _until_told(working: Coroutine[object, object, None]) -> None:
    """Run until it ends, or a signal comes."""
    task = asyncio.ensure_future(working)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _first(errors: BaseExceptionGroup[ClientError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
