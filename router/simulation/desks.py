"""Synthetic agents in virtual time: they come and go by their shifts, answer offers, take breaks, come
back. The world gives them its clock and carries what they say to the engine; what they are like is
`agents.behaviour`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from agents.behaviour import Behaviour, Reply, Shift, Worker, reply
from agents.model import AgentId
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentSignedIn,
    AgentStartedDraining,
    Signal,
)
from router.simulation.traffic import stream_rng

At = Callable[[int, Callable[[int], Signal | None]], None]
"""``at(when, what)``: call ``what(now)`` at that time and give the engine the signal that it returns, if
any.
"""


class Desk:
    """One synthetic agent at work."""

    __slots__ = (
        "_at",
        "_is_away",
        "_is_on_break",
        "_is_on_shift",
        "_rng",
        "_seed",
        "_shifts",
        "agent_id",
        "behaviour",
    )

    def __init__(self, worker: Worker, *, seed: int | str, at: At) -> None:
        self.agent_id: AgentId = worker.agent_id
        self.behaviour: Behaviour = worker.behaviour
        self._shifts: list[Shift] = sorted(worker.shifts, key=lambda shift: shift.start_ms, reverse=True)
        self._at = at
        self._seed = seed
        self._rng: Random | None = None
        self._is_on_shift = self._is_on_break = self._is_away = False
        if self._shifts:
            at(self._shifts[-1].start_ms, self._start)

    @property
    def rng(self) -> Random:
        """The agent's own generator, made when first needed: most agents of a large centre never draw."""
        if self._rng is None:
            self._rng = stream_rng(self._seed, "agent", self.agent_id)
        return self._rng

    def reply(self) -> Reply:
        """Draw what the agent does about an offer."""
        if self.behaviour.is_certain:
            return Reply("accept", int(self.behaviour.answer_delay.mean + 0.5))
        return reply(self.behaviour, self.rng)

    def wrap_up_ms(self) -> int | None:
        """Draw how long the after-contact work takes; None when the agent leaves its end to the limit."""
        wrap_up = self.behaviour.wrap_up
        return None if wrap_up is None else int(wrap_up.sample(self.rng) + 0.5)

    def set_aside(self, now: int) -> None:
        """The router set the agent not-ready because it left an offer unanswered: it comes back after a
        while.
        """
        returns_after = self.behaviour.returns_after
        if returns_after is None or self._is_away:
            return
        self._is_away = True
        self._at(now + int(returns_after.sample(self.rng) + 0.5), self._come_back)

    def _start(self, _now: int) -> Signal | None:
        shift = self._shifts.pop()
        self._is_on_shift, self._is_on_break, self._is_away = True, False, False
        if shift.end_ms is not None:
            self._at(shift.end_ms, self._end)
        for pause in shift.breaks:
            self._at(pause.start_ms, self._break)
            self._at(pause.end_ms, self._resume)
        return AgentSignedIn(self.agent_id)

    def _end(self, _now: int) -> Signal | None:
        self._is_on_shift = False
        if self._shifts:
            self._at(self._shifts[-1].start_ms, self._start)
        return AgentStartedDraining(self.agent_id)

    def _break(self, _now: int) -> Signal | None:
        self._is_on_break = True
        return AgentBecameNotReady(self.agent_id, "break")

    def _resume(self, _now: int) -> Signal | None:
        self._is_on_break = False
        return AgentBecameReady(self.agent_id) if self._is_on_shift else None

    def _come_back(self, _now: int) -> Signal | None:
        if not self._is_away:
            return None
        self._is_away = False
        return AgentBecameReady(self.agent_id) if self._is_on_shift and not self._is_on_break else None


def desks(workers: Sequence[Worker], *, seed: int | str, at: At) -> dict[AgentId, Desk]:
    """Set the agents up, in their given order, their first sign-ins to come."""
    return {worker.agent_id: Desk(worker, seed=seed, at=at) for worker in workers}
