"""Score by the place of the wanted skill in the agent's order."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class FirstSkill:
    """1000 for the agent's first skill, 100 less for each later place, never below 0."""

    name = "first-skill"

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return 0..1000 by the best place among the wanted skills; 0 when the agent has none of them."""
        place = min((places[skill] for skill in wanted if skill in places), default=0)
        return max(0, 1000 - 100 * (place - 1)) if place else 0
