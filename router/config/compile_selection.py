"""What queues say to the centre's selection, and queue levels, to the plan's; and advice on what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agents.queue_levels import QueueLevel
from router.config.compile_parts import default
from router.config.names import Names, Place, known
from router.config.schema_selection import QueueLevelMap, QueueLevelsMap, SelectionMap
from router.core.selection_plan import QueueSelection
from router.errors import Problem

READ_BY: Final = {
    "weight": ("weighted",),
    "share": ("queue-ratio",),
    "cost-slope": ("gcmu",),
    "handle-time": ("gcmu", "predicted-wait"),
}


def queue_selection(base: QueueSelection, written: SelectionMap | None) -> QueueSelection:
    """Return what is written, and what ``base`` says where nothing is."""
    if written is None:
        return base
    return QueueSelection(
        weight=default(written.weight, base.weight),
        share=default(written.share, base.share),
        cost_slope=default(written.cost_slope, base.cost_slope),
        handle_ms=default(written.handle_time, base.handle_ms),
    )


def unread(selection: str, written: SelectionMap | None, place: Place) -> Iterator[Problem]:
    """Yield advice on what is written for other selections than the centre's; ``place`` is the queue's or section's."""
    if written is None:
        return
    for key in (place / "selection").entries():
        readers = READ_BY.get(key, ())
        if readers and selection not in readers:
            yield (place / "selection" / key).problem(
                f"selection {selection!r} does not read this",
                "it is read under " + " and ".join(repr(name) for name in readers),
                key=True,
            )


def queue_levels(written: QueueLevelsMap, place: Place, names: Names) -> tuple[QueueLevel, ...]:
    """Return the levels that are written, and note queues there are not."""
    levels: list[QueueLevel] = []
    for queue, rule in written.queues.items():
        if names.whole:
            known("queue", queue, names.queues, place / "queues" / queue, key=True)
        levels.append(_level(queue, rule))
    if written.other_queues is not None:
        levels.append(_level(None, written.other_queues))
    return tuple(levels)


def _level(queue: str | None, rule: int | QueueLevelMap) -> QueueLevel:
    if isinstance(rule, int):
        return QueueLevel(queue=queue, level=rule)
    return QueueLevel(queue=queue, level=rule.level, after_ms=rule.after)
