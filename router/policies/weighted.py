"""Selection by lot, with weights."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.policy import Head


class Weighted:
    """A lottery among the queues, each with its weight in tickets; a low weight is still served.

    Lottery scheduling (Waldspurger & Weihl 1994). The upper half of the decision's random number draws, so that the lot and the
    choice ``random`` of the same decision have nothing to do with each other.
    """

    name = "weighted"
    reads_handle_times = False
    counts_agents = False

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the head whose tickets, in the order of the plan's queues, hold the number drawn."""
        in_order = sorted(range(len(heads)), key=lambda index: heads[index].place)
        ticket = (draw >> 32) % sum(head.queue.selection.weight for head in heads)
        for index in in_order:
            ticket -= heads[index].queue.selection.weight
            if ticket < 0:
                return index
        raise AssertionError("the number drawn is less than the sum of all weights")

    def compared(self, head: Head) -> str:
        """Return the weight."""
        return f"weight {head.queue.selection.weight}"
