"""Commands that are sent until they are answered: at least once over the line, once by their effect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from agents import wire
from agents.errors import CommandRefused, GaveUpError, LinkError
from agents.line import Line
from agents.waiting import BackOff, Bell

TRY_S: Final = 3.0
"""So long one try waits for its answer."""
GIVE_UP_S: Final = 30.0

DONE_ALREADY: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "decline": frozenset({("offer-ended", "declined")}),
    "fail": frozenset({("offer-ended", "failed")}),
    "finish": frozenset({("interaction-ended", "completed")}),
    "complete": frozenset({("interaction-ended", "completed")}),
    "abandon": frozenset({("interaction-ended", "abandoned")}),
    "cancel": frozenset({("interaction-ended", "cancelled")}),
    "reached": frozenset({("illegal-state", "assigned"), ("interaction-ended", "completed")}),
    "not-reached": frozenset({("illegal-state", "scheduled"), ("interaction-ended", "failed")}),
    "drain": frozenset({("illegal-state", "offline")}),
}
"""What a repeated command is refused with, code and state, where the first one was carried out and only its answer was lost."""

DONE_ALREADY_BY_CODE: Final[Mapping[str, frozenset[str]]] = {
    "wrap-up-done": frozenset({"illegal-state"}),
    "transfer": frozenset({"not-yours", "illegal-state"}),
}
"""Likewise, where the state may have gone on meanwhile."""


class Repeater:
    """Sends commands over a line until they are answered."""

    def __init__(self, line: Line, *, give_up_s: float = GIVE_UP_S) -> None:
        self._line = line
        self._give_up_s = give_up_s
        self._is_back = Bell()

    def link_is_back(self) -> None:
        """Try again what waits, at once."""
        self._is_back.ring()

    async def send(
        self, verb: str, command: wire.Command, *, give_up_s: float | None = None
    ) -> wire.Accepted:
        """Send a command and return its answer.

        Raises ``CommandRefused`` where it was refused, ``GaveUpError`` where no answer came in ``give_up_s`` seconds. What the router
        refuses for the moment only (overloaded, closing) is repeated like what it does not answer.
        """
        if command.request is None:
            command = command.model_copy(update={"request": uuid4().hex})
        limit_s = self._give_up_s if give_up_s is None else give_up_s
        give_up_at = time.monotonic() + limit_s
        back_off = BackOff()
        is_repeat = False
        while True:
            left_s = give_up_at - time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, min(TRY_S, left_s))):
                    return await self._line.ask(verb, command)
            except CommandRefused as error:
                if is_repeat and _is_done_already(verb, error):
                    return wire.Accepted(request=command.request, answer="unchanged")
                if not _is_for_now(error):
                    raise
                why = str(error)
            except LinkError as error:
                is_repeat = True
                why = str(error)
            except TimeoutError:
                is_repeat = True
                why = f"{verb}: no answer"
            pause_s = back_off.pause_s()
            if time.monotonic() + pause_s >= give_up_at:
                raise GaveUpError(f"{why}; gave up after {limit_s:g} s, and it may have been carried out")
            try:
                async with asyncio.timeout(pause_s):
                    await self._is_back.wait()
            except TimeoutError:
                continue


def _is_done_already(verb: str, error: CommandRefused) -> bool:
    return (error.code, error.state) in DONE_ALREADY.get(verb, ()) or error.code in DONE_ALREADY_BY_CODE.get(
        verb, ()
    )


def _is_for_now(error: CommandRefused) -> bool:
    return error.problem.retry_after_s is not None or error.problem.status in {429, 503}
