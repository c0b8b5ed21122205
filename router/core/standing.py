"""What choices that measure agents read of one: its place in the roster, how long it was occupied, how much it handled.

Kept only under plans that have such a choice. The engine updates it when what the agent holds changes; nothing here decides.
"""

from __future__ import annotations

from collections import deque


class Standing:
    """One agent's figures, counted from ``since``: its sign-in, or the first plan that asked for them.

    ``place`` is the agent's in the roster, from 0. ``window_ms`` is how far back handled work counts.
    """

    __slots__ = ("handled_at", "occupied_ms", "occupied_since", "place", "since", "window_ms")

    def __init__(self, now: int) -> None:
        self.place = 0
        self.window_ms = 1
        self.since = now
        self.occupied_ms = 0
        self.occupied_since: int | None = None
        self.handled_at: deque[int] = deque()

    def restart(self, now: int, units: int) -> None:
        """Count anew from now on, for an agent that holds so many units."""
        self.since = now
        self.occupied_ms = 0
        self.occupied_since = now if units else None
        self.handled_at.clear()

    def hold(self, units: int, now: int) -> None:
        """Note that the agent holds so many units from now on."""
        if units:
            if self.occupied_since is None:
                self.occupied_since = now
        elif self.occupied_since is not None:
            self.occupied_ms += now - self.occupied_since
            self.occupied_since = None

    def forget(self, now: int) -> None:
        """Drop the handled work that has left the window."""
        handled_at = self.handled_at
        while handled_at and handled_at[0] <= now - self.window_ms:
            handled_at.popleft()

    def occupied(self, now: int) -> int:
        """Return for how many milliseconds the agent has held units."""
        return self.occupied_ms + (0 if self.occupied_since is None else now - self.occupied_since)

    def handled(self, now: int) -> int:
        """Return how much work was connected within the window."""
        self.forget(now)
        return len(self.handled_at)
