"""Selection by how much of its answer time the head has used up."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head
from router.core.ratio import first_largest


class DelayRatio:
    """The largest wait ÷ answer-within: queues with unlike targets wait in proportion to them.

    The maximum-delay-ratio rule: with targets as the ratios it keeps the waits of all queues in that ratio under heavy load
    (Gurvich & Whitt 2009, "Queue-and-idleness-ratio controls in many-server service systems").
    """

    name = "delay-ratio"
    reads_handle_times = False
    counts_agents = False

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head with the largest ratio."""
        return first_largest([(head.wait_ms, max(1, head.queue.answer_within_ms)) for head in heads])

    def compared(self, head: Head) -> str:
        """Return the wait and the target."""
        return f"waited {head.wait_ms} ms of {head.queue.answer_within_ms} ms"
