"""What the shell asks of the world around it, as small protocols. No implementation lives here, and none is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from router.core.effects import Effect
from router.core.facts import Fact
from router.core.outcome import Outcome
from router.core.signals import Signal


class Core(Protocol):
    """What decides: the engine, seen from the shell. Times are milliseconds and never go back."""

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Let time pass up to ``now``, take the signal; raises ``SignalError`` when it is not legal."""

    def advance(self, now: int) -> Outcome:
        """Let time pass up to ``now``."""

    def next_deadline(self) -> int | None:
        """Return the earliest moment at which something happens by itself."""


class Timer(Protocol):
    """Something that was to be called later."""

    def cancel(self) -> None:
        """Don't call it; harmless when it was called or cancelled already."""


class Clock(Protocol):
    """Where the shell's time comes from. ``now`` never goes back."""

    def now(self) -> int:
        """Return the time in milliseconds."""

    def call_at(self, at: int, callback: Callable[[], None]) -> Timer:
        """Call back once the time is ``at``; never before, and never from within this call."""


class Journal(Protocol):
    """Where signals are made durable before anybody hears of what they caused."""

    async def append(self, entries: Sequence[tuple[int, Signal | None]]) -> None:
        """Return once all entries are kept, in order: (time, signal), or (time, None) where time only passed.

        Refused signals are not among them, the time they let pass is. What it raises stops the router: what had
        been decided and is not kept must not get out.
        """


EffectSink = Callable[[Effect], object]
"""Carries out an effect: quick, and without waiting for anything. What it returns is not looked at."""

FactSink = Callable[[Fact], object]
"""Takes note of a fact: quick, and without waiting for anything. What it returns is not looked at."""
