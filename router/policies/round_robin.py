"""Choice of whose turn it is."""

from __future__ import annotations

from router.core.names import AgentId
from router.core.policy import Candidates


class RoundRobin:
    """The next id after the one chosen last in this queue, and the first again after the last."""

    name = "round-robin"

    def pick(self, ids: Candidates, last: AgentId | None, draw: int) -> int:
        """Return the index of the smallest id greater than ``last``, or 0."""
        if last is None:
            return 0
        index = ids.count_to(last)
        return index if index < len(ids) else 0
