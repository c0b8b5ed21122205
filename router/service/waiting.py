"""How a coroutine waits for something to become true, and what it hears when the router stops meanwhile."""

from __future__ import annotations

import asyncio

from router.errors import RouterError


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


class LagError(RouterError):
    """A subscriber was too slow: its buffer was full, facts were dropped, and the subscription is over.

    What had been buffered before was delivered. Subscribe again, and read the state anew.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        super().__init__(
            f"the subscriber is too slow: its buffer of {capacity} facts was full and facts are lost; "
            "subscribe again, with a larger capacity or to fewer kinds"
        )
