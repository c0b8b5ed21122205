"""A router for tests: time passes when the test says so, everything that happened is kept, and assertions say what happened instead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from agents.presence import Presence
from router.core.effects import Effect
from router.core.facts import (
    Fact,
    InteractionEnd,
    InteractionEnded,
    OfferEnded,
    OfferMade,
    PresenceChanged,
)
from router.core.names import InteractionId
from router.core.plan import Plan
from router.core.signals import Signal
from router.errors import SignalError
from router.service.router import MAILBOX, Router
from router.service.writer import Reply
from router.testing.clock import Duration, ManualClock, in_ms

QUIET_TURNS: Final = 20
"""Tasks have settled when the router has heard nothing for so many turns of the event loop."""


_MOMENTS: Final = {"expires_at", "not_before", "queued_at", "until"}


class TestRouter(Router):
    """A ``Router`` under a manual clock, for tests: ``await router.advance("30s")``.

    Time stands still otherwise; ``Router.sleep`` waits for it too. ``facts`` and ``effects`` are all there were, in order.
    """

    __test__ = False  # pytest: not a test class

    def __init__(
        self,
        plan: Plan,
        *,
        clock: ManualClock | None = None,
        mailbox: int = MAILBOX,
        snapshot: Mapping[str, object] | None = None,
    ) -> None:
        self.clock = clock if clock is not None else ManualClock()
        super().__init__(plan, clock=self.clock, mailbox=mailbox, snapshot=snapshot)
        self.started_at = self.clock.now()
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        self._heard = 0
        self.on_fact(self.facts.append)
        self.on_effect(self.effects.append)

    def post(self, signal: Signal, at: int | None = None) -> Reply:
        """Send a signal from a plain callback; the future is the engine's answer."""
        self._heard += 1
        return super().post(signal, at)

    async def advance(self, duration: Duration) -> None:
        """Let time pass, stopping at every deadline and every ``sleep`` that ends; tasks that wake act before it goes on."""
        until = self.clock.now() + in_ms(duration)
        await self.settle()
        while self.clock.step(until):
            await self.settle()

    async def settle(self) -> None:
        """Let all tasks run until they wait for something that only time, or the test, can bring."""
        quiet = 0
        while quiet < QUIET_TURNS:
            before = self._heard, len(self.facts), self.clock.next_timer()
            await asyncio.sleep(0)
            quiet = quiet + 1 if before == (self._heard, len(self.facts), self.clock.next_timer()) else 0

    # ── what happened ────────────────────────────────────────────────────────────────────────────────────────

    def facts_of(self, interaction_id: str) -> list[Fact]:
        """Return all facts about an interaction, in order."""
        return [fact for fact in self.facts if _about(fact) == interaction_id]

    def state_of(self, interaction_id: str) -> str:
        """Return where an interaction is; ``unknown`` when the router never heard of it."""
        handle = self._directory.interactions.get(InteractionId(interaction_id))
        if handle is not None:
            return handle.state
        return "ended" if self.facts_of(interaction_id) else "unknown"

    def assert_offered(self, interaction_id: str, *, to: str | None = None) -> None:
        """It is held for an agent right now; for ``to`` if given."""
        if self.state_of(interaction_id) != "offered":
            self._fail(interaction_id, f"offered{_to(to)}")
        holders = [
            offer.agent_id
            for offer in self._directory.offers.values()
            if offer.interaction_id == interaction_id
        ]
        if to is not None and to not in holders:
            self._fail(interaction_id, f"offered to {to}", f"offered to {', '.join(holders)}")

    def assert_waiting(self, interaction_id: str, *, queue: str | None = None) -> None:
        """It waits for an agent and is not offered to any right now; in ``queue`` if given."""
        if self.state_of(interaction_id) != "queued":
            self._fail(interaction_id, "waiting")
        found = self.interaction(interaction_id).queue
        if queue is not None and found != queue:
            self._fail(interaction_id, f"waiting in {queue}", f"waiting in {found}")

    def assert_assigned(self, interaction_id: str, *, to: str | None = None) -> None:
        """An agent is connected right now; ``to`` if given."""
        if self.state_of(interaction_id) != "assigned":
            self._fail(interaction_id, f"assigned{_to(to)}")
        agent_id = self.interaction(interaction_id).agent_id
        if to is not None and agent_id != to:
            self._fail(interaction_id, f"assigned to {to}", f"assigned to {agent_id}")

    def assert_ended(
        self, interaction_id: str, *, how: InteractionEnd | None = None, reason: str | None = None
    ) -> None:
        """It ended; in this way and for this reason if given."""
        ends = [fact for fact in self.facts_of(interaction_id) if isinstance(fact, InteractionEnded)]
        wanted = (
            "ended"
            + (f" as {how}" if how is not None else "")
            + (f" ({reason})" if reason is not None else "")
        )
        if not ends:
            self._fail(interaction_id, wanted)
        end = ends[-1]
        if (how is not None and end.how != how) or (reason is not None and end.reason != reason):
            self._fail(interaction_id, wanted, f"ended as {end.how} ({end.reason})")

    def assert_presence(self, agent_id: str, presence: Presence) -> None:
        """The agent's presence is this."""
        found = self.agent(agent_id).presence
        if found != presence:
            happened = [
                fact
                for fact in self.facts
                if isinstance(fact, PresenceChanged | OfferMade | OfferEnded) and fact.agent_id == agent_id
            ]
            raise AssertionError(
                f"expected {agent_id} to be {presence}, but it is {found}\n{self._story(happened)}".rstrip()
            )

    def _fail(self, interaction_id: str, expected: str, found: str = "") -> NoReturn:
        happened = self.facts_of(interaction_id)
        text = (
            f"expected {interaction_id} to be {expected}, but it is {found or self.state_of(interaction_id)}"
        )
        if not happened:
            seen = dict.fromkeys(filter(None, map(_about, self.facts)))
            text += f"; there is {', '.join(seen) or 'no interaction at all'}"
        raise AssertionError(
            "\n".join(part for part in (text, self._story(happened), self._why(interaction_id)) if part)
        )

    def _story(self, happened: Sequence[Fact]) -> str:
        return "\n".join(f"  {self._age(fact.at)} {self._line(fact)}" for fact in happened)

    def _line(self, fact: Fact) -> str:
        values = [
            f"{name}={self._age(value).strip() if name in _MOMENTS and isinstance(value, int) else value}"
            for name, value in fact._asdict().items()
            if name not in {"at", "interaction_id"} and value is not None and value != ""
        ]
        return f"{type(fact).__name__}({', '.join(values)})"

    def _age(self, at: int) -> str:
        return f"{(at - self.started_at) / 1000:+9.3f}s"

    def _why(self, interaction_id: str) -> str:
        try:
            return self.explain(interaction_id).text()
        except SignalError:
            return ""


def _about(fact: Fact) -> str | None:
    return getattr(fact, "interaction_id", None)


def _to(agent_id: str | None) -> str:
    return "" if agent_id is None else f" to {agent_id}"
