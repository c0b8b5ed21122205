"""The running mean of how long the work of each queue keeps its agents, for the selection policies that ask for it.

Kept only while the centre's selection reads it; in whole milliseconds, so that it is the same everywhere.
"""

from __future__ import annotations

from typing import Final

from router.core.centre import Centre
from router.core.names import QueueId

MEMORY: Final = 16
"""Each new time moves the mean by one part in so many of the difference."""


def note_handle_time(centre: Centre, queue_id: QueueId, ms: int) -> None:
    """An assignment of the queue has closed after ``ms`` of contact and wrap-up."""
    mean = centre.handle_times.get(queue_id)
    if mean is not None:
        centre.handle_times[queue_id] = max(1, mean + (ms - mean) // MEMORY)
