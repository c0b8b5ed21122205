"""Choice by lot."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.names import AgentId


class RandomChoice:
    """Each of the best-scored with the same chance."""

    name = "random"

    def pick(self, ids: Sequence[AgentId], last: AgentId | None, draw: int) -> int:
        """Return the draw, folded to the number of agents."""
        return draw % len(ids)
