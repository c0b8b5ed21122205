"""Selection by whose queue is longest for its share."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head
from router.core.ratio import first_largest


class QueueRatio:
    """The queue furthest above its share of all waiting work: the largest length − share × total length.

    The queue-ratio rule with fixed ratios (Gurvich & Whitt 2009, "Queue-and-idleness-ratio controls in many-server service
    systems"). Both sides are multiplied by the sum of the shares, which is the same for all.
    """

    name = "queue-ratio"
    reads_handle_times = False
    counts_agents = False

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head of the queue that is furthest above its share."""
        return first_largest(
            [(head.length * head.shares - head.queue.selection.share * head.total, 1) for head in heads]
        )

    def compared(self, head: Head) -> str:
        """Return the length and the share."""
        share = head.queue.selection.share
        return f"{head.length} of {head.total} waiting, share {share} of {head.shares}"
