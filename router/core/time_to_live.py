"""Time to live: until when work may wait at all. The deadline is set here; what it does is to end the work.

It counts only while the work waits: an offer that is open is let run, and a contact ends it.
"""

from __future__ import annotations

from typing import Final

from router.core.centre import TIME_TO_LIVE_END, Centre
from router.core.records import Interaction

TIME_TO_LIVE: Final = "time-to-live"
"""The reason of an end by it."""


def runs_out_at(interaction: Interaction) -> int | None:
    """Return when the interaction ends unless it is assigned before: the earlier of its queue's time to live, counted by
    the clock of the service level, of what it brought itself, and of the end of a callback's window. None: never.
    """
    own = interaction.arrival.expires_at
    if interaction.callback is not None and interaction.callback.not_after is not None:
        not_after = interaction.callback.not_after
        own = not_after if own is None else min(own, not_after)
    of_queue = interaction.queue.time_to_live_ms
    since = interaction.waiting_since
    if of_queue is None or since is None:
        return own
    return since + of_queue if own is None else min(own, since + of_queue)


def watch(centre: Centre, interaction: Interaction) -> None:
    """Set the deadline for work that begins to wait, or waits again."""
    due = runs_out_at(interaction)
    if due is not None and (due != interaction.expires_due or due <= centre.now):
        # An earlier one of the same instant is still to come, unless it came while the work was offered.
        centre.deadline(due, TIME_TO_LIVE_END, interaction.number, "", interaction)
    interaction.expires_due = due
