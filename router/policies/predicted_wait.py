"""Selection by who would have waited longest if this agent went elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head
from router.core.ratio import Ratio, first_largest


def predicted(head: Head) -> Ratio:
    """Return wait + mean handle time ÷ others; endless when nobody else is there."""
    if not head.others:
        return 1, 0
    return head.wait_ms * head.others + head.handle_ms, head.others


class PredictedWait:
    """The largest wait so far + expected time until another agent who could serve the head frees.

    That time is the queue's running mean of handle times ÷ the number of others: the mean of the least of so many
    exponential times of this mean. Work that nobody else here could serve would wait endlessly and goes first. (The idea is the
    predicted wait time of workload managers such as Avaya's Business Advocate; the formula is ours.)
    """

    name = "predicted-wait"
    reads_handle_times = True
    counts_agents = True

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head that would wait longest."""
        return first_largest([predicted(head) for head in heads])

    def compared(self, head: Head) -> str:
        """Return the parts of the prediction."""
        if not head.others:
            return f"waited {head.wait_ms} ms, nobody else here could serve it"
        who = "1 other" if head.others == 1 else f"{head.others} others"
        return f"waited {head.wait_ms} ms, {who} could serve it, handled in {head.handle_ms} ms"
