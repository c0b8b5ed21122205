"""Choice of who carries least for its capacity."""

from __future__ import annotations


class LoadRatio:
    """The smallest share of the capacity in use, in millionths rounded down; then the longest idle."""

    name = "load-ratio"

    def key(self, units: int, capacity: int, idle_since: int) -> tuple[int, int]:
        """Return (load in millionths, idle since)."""
        return (units * 1_000_000 // capacity, idle_since)
