"""Selection by the agent's own order of skills."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class OwnFirst:
    """A freed agent takes work for its first skill first, then for its second, …; other work last."""

    name = "own-first"
    uniform = False

    def group(self, wanted: frozenset[SkillName], places: Mapping[SkillName, int]) -> int:
        """Return the smallest place among the wanted skills the agent has, or one behind its last."""
        return min((places[skill] for skill in wanted if skill in places), default=len(places) + 1)
