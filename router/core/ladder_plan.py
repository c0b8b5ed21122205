"""Parts of a plan's ladders: triggers and operations beyond those of ``plan``, as pure data.

A trigger is *timed* (it says when), an *event* (something happened to the interaction) or a *level* (something is so, read now
and then); ``plan`` lists which is which.
"""

from __future__ import annotations

from dataclasses import dataclass

# ── triggers ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeDue:
    """Timed: fires this long before the interaction is due: before ``due_at``, or before its place + the queue's answer-within."""

    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """A level: what the step's ``guard`` says is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllDeclined:
    """An event: everybody eligible has refused, and the memory of it is cleared (fact ``RefusalsCleared``)."""


# ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Say something to ``target``, the customer or whoever the outside takes it for; ``text`` is a text or a recording's name."""

    text: str
    target: str = "customer"
