"""Selection by key alone."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class Oldest:
    """A freed agent takes the work with the smallest key."""

    name = "oldest"
    uniform = True

    def group(self, wanted: frozenset[SkillName], places: Mapping[SkillName, int]) -> int:
        """Return 0: all work is alike."""
        return 0
