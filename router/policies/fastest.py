"""Score by how fast the agent works."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.names import SkillName


class Fastest:
    """The agent's declared speed on the channel, in thousandths: 1000 is ordinary, 2000 takes half the time."""

    name = "fastest"

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return the speed."""
        return speed
