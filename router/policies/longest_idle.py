"""Choice of who has been idle longest."""

from __future__ import annotations


class LongestIdle:
    """Wholly idle agents first, then whoever has been idle longest (ALIS; Adan & Weiss 2012)."""

    name = "longest-idle"

    def key(self, units: int, capacity: int, idle_since: int) -> tuple[int, int]:
        """Return (0 if nothing is held else 1, idle since)."""
        return (1 if units else 0, idle_since)
