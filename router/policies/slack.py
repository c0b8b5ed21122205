"""Selection by how far the head is over its answer time."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head
from router.core.ratio import first_largest


class Slack:
    """The largest wait − answer-within: the most overdue first, or who is due next (least slack; earliest due date among
    heads, Jackson 1955).
    """

    name = "slack"
    reads_handle_times = False
    counts_agents = False

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head that is furthest over its time."""
        return first_largest([(head.wait_ms - head.queue.answer_within_ms, 1) for head in heads])

    def compared(self, head: Head) -> str:
        """Return how far it is over, negative while there is time left."""
        return f"waited {head.wait_ms} ms of {head.queue.answer_within_ms} ms"
