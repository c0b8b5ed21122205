"""Queue levels: which queues an agent serves first, and which only after their work has waited. Pure values and look-ups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

HIGHEST_QUEUE_LEVEL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLevel:
    """At which level an agent, or the agents of a pool, serve a queue: 1 first.

    ``queue`` None: every queue that is not named. ``after_ms``: the queue's work is theirs only once it has waited so long since
    its place.
    """

    queue: str | None
    level: int = 1
    after_ms: int = 0


QueueLevels = Mapping[str | None, QueueLevel]
"""Levels by queue; under None that of every queue that is not named."""


def merged(lists: Iterable[tuple[QueueLevel, ...]]) -> QueueLevels:
    """Return the levels of an agent: its own list and then its pools', of each queue what is said first.

    Where nobody says anything about the queues that are not named, they come after all that are: one level behind the last, at
    once.
    """
    levels: dict[str | None, QueueLevel] = {}
    for entries in lists:
        for entry in entries:
            levels.setdefault(entry.queue, entry)
    if levels and None not in levels:
        last = max(entry.level for entry in levels.values())
        levels[None] = QueueLevel(queue=None, level=last + 1)
    return levels


EVERYTHING_FIRST: Final = QueueLevel(queue=None)


def level_for(levels: QueueLevels, queue: str) -> QueueLevel:
    """Return at which level the queue is served, and after what wait; level 1 at once where there are no levels at all."""
    return levels.get(queue) or levels.get(None, EVERYTHING_FIRST)
