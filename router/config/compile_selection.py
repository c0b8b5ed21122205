"""What queues say to the centre's selection, to the plan's; and advice on what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from router.config.compile_parts import default
from router.config.names import Place
from router.config.schema_selection import SelectionMap
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
