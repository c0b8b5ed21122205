"""Choice of who was occupied least since the sign-in."""

from __future__ import annotations

from router.core.standing import Standing


class LeastOccupied:
    """The smallest share of the time since the sign-in in which the agent held units, in whole percent rounded down.

    Whole percents, so that the share of an idle agent, which falls all the time, changes only now and then.
    """

    name = "least-occupied"

    def measure(self, standing: Standing, now: int) -> tuple[int, int | None]:
        """Return (percent, when it is another if the agent goes on as it is)."""
        percent = self._percent(standing, now)
        since = standing.since
        if standing.occupied_since is None:
            # floor(100 × occupied ÷ t) < percent from the first t with 100 × occupied < percent × t.
            return percent, since + 100 * standing.occupied_ms // percent + 1 if percent else None
        if percent >= 99:
            return percent, None if percent > 99 else now + 1
        # 100 × (t − idle) ≥ (percent + 1) × t from t = 100 × idle ÷ (99 − percent) on, rounded up.
        idle_ms = max(1, now - since) - standing.occupied(now)
        return percent, max(now + 1, since - (-100 * idle_ms // (99 - percent)))

    def describe(self, standing: Standing, now: int) -> str:
        """Return the percentage."""
        return f"occupied for {self._percent(standing, now)} % of its time"

    def _percent(self, standing: Standing, now: int) -> int:
        return standing.occupied(now) * 100 // max(1, now - standing.since)
