"""Choice by lot."""

from __future__ import annotations

from router.core.names import AgentId
from router.core.policy import Candidates


class RandomChoice:
    """Each of the best-scored with the same chance."""

    name = "random"

    def pick(self, ids: Candidates, last: AgentId | None, draw: int) -> int:
        """Return the draw, folded to the number of agents."""
        return draw % len(ids)
