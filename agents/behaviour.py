"""How a synthetic agent behaves: when it is there, how fast it answers, how often it doesn't. Pure values
and pure functions of a given `random.Random`, shared by the simulator, the demo and bots. What routes
work to it lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final, Literal, NamedTuple

from agents.distributions import NO_TIME, Deterministic, Distribution, Lognormal
from agents.model import AgentId

A_MINUTE: Final = Deterministic(value=60_000.0)

ReplyKind = Literal["accept", "decline", "ignore"]


class Reply(NamedTuple):
    """What an agent does about an offer, and how long after it appeared; nothing happens when it is
    ignored.
    """

    kind: ReplyKind
    after_ms: int


IGNORE: Final = Reply("ignore", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Habits of an agent.

    ``no_answer`` and ``decline`` are chances per offer, of which the first is looked at first. ``wrap_up``
    is how long the agent takes for its after-contact work before it says so; None: it never says so and the
    limit ends it. ``returns_after``: how long an agent that was set not-ready, because it left an offer
    unanswered, takes to be ready again; None: it never comes back by itself.
    """

    answer_delay: Distribution = NO_TIME
    no_answer: float = 0.0
    decline: float = 0.0
    wrap_up: Distribution | None = None
    returns_after: Distribution | None = A_MINUTE

    def __post_init__(self) -> None:
        for name, chance in (("no_answer", self.no_answer), ("decline", self.decline)):
            if not 0.0 <= chance <= 1.0:
                raise ValueError(f"{name}: found {chance:g}, expected a chance between 0 and 1")

    @property
    def is_certain(self) -> bool:
        """Whether every offer gets the same reply after the same time, so that nothing has to be drawn."""
        return not self.no_answer and not self.decline and isinstance(self.answer_delay, Deterministic)


PROMPT: Final = Behaviour()
"""Accepts every offer at once."""

PERSON: Final = Behaviour(
    answer_delay=Lognormal(mean=3_000.0, cv=0.5),
    no_answer=0.04,
    decline=0.04,
    wrap_up=Lognormal(mean=8_000.0, cv=0.5),
    returns_after=Deterministic(value=20_000.0),
)
"""Answers after some seconds, and now and then not at all."""


def reply(behaviour: Behaviour, rng: Random) -> Reply:
    """Draw what the agent does about an offer."""
    if behaviour.no_answer and rng.random() < behaviour.no_answer:
        return IGNORE
    kind: ReplyKind = "decline" if behaviour.decline and rng.random() < behaviour.decline else "accept"
    return Reply(kind, int(behaviour.answer_delay.sample(rng) + 0.5))


class Break(NamedTuple):
    """Not ready from ``start_ms`` until ``end_ms``; work in hand is finished first, out of the break's
    time.
    """

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """There from ``start_ms`` until ``end_ms`` (None: for good), on its user's clock. What is in hand at
    the end is finished.
    """

    start_ms: int = 0
    end_ms: int | None = None
    breaks: tuple[Break, ...] = ()


ALWAYS: Final = Shift()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One synthetic agent: who it is, how it behaves, and when it is there."""

    agent_id: AgentId
    behaviour: Behaviour = PROMPT
    shifts: tuple[Shift, ...] = (ALWAYS,)


def shift_problems(shifts: Sequence[Shift]) -> list[str]:
    """Return what is impossible about an agent's shifts, in their order; empty when all is well. Shifts may
    touch, not overlap.
    """
    found: list[str] = []
    for number, shift in enumerate(shifts, start=1):
        name = f"shift {number} ({span(shift.start_ms, shift.end_ms)})"
        if shift.end_ms is not None and shift.end_ms <= shift.start_ms:
            found.append(f"{name} ends before it starts")
        found.extend(_break_problems(name, shift))
    ordered = sorted(enumerate(shifts, start=1), key=lambda pair: pair[1].start_ms)
    for (first, early), (second, late) in pairwise(ordered):
        if early.end_ms is None or early.end_ms > late.start_ms:
            found.append(
                f"shift {second} ({span(late.start_ms, late.end_ms)}) starts before shift {first} "
                f"({span(early.start_ms, early.end_ms)}) has ended"
            )
    return found


def _break_problems(name: str, shift: Shift) -> list[str]:
    found: list[str] = []
    before = shift.start_ms
    for pause in shift.breaks:
        text = f"{name}: the break {span(pause.start_ms, pause.end_ms)}"
        if pause.end_ms <= pause.start_ms:
            found.append(f"{text} ends before it starts")
        elif pause.start_ms < shift.start_ms or (shift.end_ms is not None and pause.end_ms > shift.end_ms):
            found.append(f"{text} is outside the shift")
        elif pause.start_ms < before:
            found.append(f"{text} overlaps or precedes the one before it")
        before = pause.end_ms
    return found


def span(start_ms: int, end_ms: int | None) -> str:
    """Return a stretch of time as ``08:00-16:30``, hours counted on past 24 and seconds only where there
    are some.
    """
    return f"{_clock(start_ms)}-{'' if end_ms is None else _clock(end_ms)}"


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest / 1000:06.3f}".rstrip("0").rstrip(".") if rest else text
