"""How a coroutine waits for something to become true, on either side, and how long it waits before it tries something again."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

FIRST_S: Final = 0.05
MOST_S: Final = 1.0


class Bell:
    """Rings for everybody who waits at that moment. Waiters look for themselves whether it was for them."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def ring(self) -> None:
        """Wake all who wait."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Return at the next ring; a wait that is cancelled leaves nothing behind."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)


class BackOff:
    """Longer and longer pauses between tries, up to ``most_s``; each is shortened by chance, so that a thousand agents that lost the
    same router do not come back in the same moment.
    """

    def __init__(self, *, first_s: float = FIRST_S, most_s: float = MOST_S) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s
        self._rng = Random()

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next_s = self._first_s

    def pause_s(self) -> float:
        """Return how long to wait before the next try."""
        longest, self._next_s = self._next_s, min(self._next_s * 2, self._most_s)
        return longest * self._rng.uniform(0.5, 1.0)
