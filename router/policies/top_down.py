"""Choice of who stands first in the roster."""

from __future__ import annotations

from router.core.standing import Standing


class TopDown:
    """The smallest place in the plan's list of agents."""

    name = "top-down"

    def measure(self, standing: Standing, now: int) -> tuple[int, int | None]:
        """Return the place; it never changes."""
        return standing.place, None

    def describe(self, standing: Standing, now: int) -> str:
        """Return the place, counted from 1."""
        return f"number {standing.place + 1} in the roster"
