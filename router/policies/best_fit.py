"""Score that keeps the highly skilled free for those who need them."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class BestFit:
    """1000 for the very level that is wanted, 100 less for each level above it; the mean over the wanted skills."""

    name = "best-fit"

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return 0..1000, rounded down; a skill that is lacking, or below what is wanted, counts 0; 0 when none is wanted."""
        if not wanted:
            return 0
        above = (levels.get(skill, 0) - level for skill, level in wanted.items())
        return sum(1000 - 100 * excess for excess in above if excess >= 0) // len(wanted)
