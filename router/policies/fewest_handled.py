"""Choice of who was given least lately, for the time it was there."""

from __future__ import annotations

from router.core.standing import Standing


class FewestHandled:
    """The smallest rate of handled work: what was connected within the window, as if the agent had been there for all of it.

    A newcomer's first piece of work weighs as much as its short time makes it, so that it is not given everything until it
    has caught up with its peers.
    """

    name = "fewest-handled"

    def measure(self, standing: Standing, now: int) -> tuple[int, int | None]:
        """Return (handled per window rounded down, when it is another if nothing more is handled)."""
        handled = standing.handled(now)
        if not handled:
            return 0, None
        window_ms, since = standing.window_ms, standing.since
        rate = handled * window_ms // max(1, min(window_ms, now - since))
        until = standing.handled_at[0] + window_ms
        if now - since < window_ms and rate > handled:
            # The rate falls from the first t with handled × window < rate × t.
            until = min(until, since + handled * window_ms // rate + 1)
        return rate, until

    def describe(self, standing: Standing, now: int) -> str:
        """Return the rate and what it is made of."""
        rate, _ = self.measure(standing, now)
        minutes = standing.window_ms / 60_000
        return f"handles {rate} in {minutes:g} m (handled {standing.handled(now)})"
