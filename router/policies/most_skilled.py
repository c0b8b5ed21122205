"""Score by everything the agent can."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class MostSkilled:
    """The sum of all the agent's levels, × 100."""

    name = "most-skilled"

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return 100 per level."""
        return sum(levels.values()) * 100
