"""Choice of whose turn it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from router.core.names import AgentId


class RoundRobin:
    """The next id after the one chosen last in this queue, and the first again after the last."""

    name = "round-robin"

    def pick(self, ids: Sequence[AgentId], last: AgentId | None, draw: int) -> int:
        """Return the index of the smallest id greater than ``last``, or 0."""
        if last is None:
            return 0
        index = bisect_right(ids, last)
        return index if index < len(ids) else 0
