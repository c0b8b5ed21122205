"""Callbacks in a plan: how a section calls back the customers who rather wait for a call than on the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CallbackMode = Literal["agent-first", "customer-first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """How a section calls back. ``agent-first``: an agent is connected, then the customer is dialled. ``customer-first``: the
    agent is held by an offer while the customer is dialled, and connected when the customer answers.

    A customer is dialled for ``dial_ms`` at the most, ``attempts`` times, the next time after ``retry_after_ms``.
    """

    mode: CallbackMode = "agent-first"
    attempts: int = 3
    retry_after_ms: int = 300_000
    dial_ms: int = 30_000


def callback_problems(where: str, callbacks: Callbacks) -> Iterator[str]:
    """Yield what is impossible about how a section calls back."""
    for name, value in (
        ("attempts", callbacks.attempts),
        ("retry-after", callbacks.retry_after_ms),
        ("dial", callbacks.dial_ms),
    ):
        if value < 1:
            yield f"{where}: callbacks: {name} {value} is less than 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCallback:
    """A ladder's operation: ask the customer who waits whether to be called back; ``text`` is a text or a recording's name."""

    text: str = ""
