"""Score by the levels at the wanted skills."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class SkillFit:
    """The mean level over the wanted skills, × 100; a skill that is lacking counts 0."""

    name = "skill-fit"

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return 0..1000; 0 when no skill is wanted."""
        return sum(levels.get(skill, 0) for skill in wanted) * 100 // len(wanted) if wanted else 0
