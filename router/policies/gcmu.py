"""Selection by the generalised c-mu rule."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head
from router.core.ratio import first_largest


class Gcmu:
    """The largest cost slope × wait × service rate: what a moment more of waiting costs, per moment of an agent's time.

    The generalised c-mu rule serves the queue with the largest C'(wait) × mu, C convex; here C is quadratic, C'(wait) =
    cost-slope × wait, and mu is 1 ÷ the running mean of the handle time (van Mieghem 1995, "Dynamic scheduling with convex
    delay costs"; for many servers Mandelbaum & Stolyar 2004).
    """

    name = "gcmu"
    reads_handle_times = True
    counts_agents = False

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head with the largest index."""
        return first_largest(
            [(head.queue.selection.cost_slope * head.wait_ms, head.handle_ms) for head in heads]
        )

    def compared(self, head: Head) -> str:
        """Return the three factors."""
        slope = head.queue.selection.cost_slope / 1000
        return f"cost slope {slope:g}, waited {head.wait_ms} ms, handled in {head.handle_ms} ms"
