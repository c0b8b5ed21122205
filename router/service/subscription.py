"""Reading facts as they happen: a bounded buffer per subscriber, and an error, never silence, for one that is too slow."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Generic, Self, TypeVar, cast, get_args

from agents.waiting import Bell
from router.core.facts import Fact
from router.errors import RouterError, shown

FactT = TypeVar("FactT", bound=Fact)


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


class Subscription(Generic[FactT]):
    """An async iterator over facts, from the moment of subscribing on.

    It ends when the router closes or ``close`` is called. After ``LagError`` it is over: what had been buffered comes first.
    """

    def __init__(self, kinds: tuple[type[FactT], ...], capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a subscription holds at least 1 fact, not {capacity}")
        for kind in kinds:
            if kind not in get_args(Fact):
                raise TypeError(f"expected kinds of facts from router.core.facts, found {shown(kind)}")
        self._kinds: frozenset[type] = frozenset(kinds)
        self._capacity = capacity
        self._buffer: deque[FactT] = deque()
        self._bell = Bell()
        self._end: RouterError | None = None
        self.is_open = True

    def take(self, fact: Fact) -> None:
        """Keep a fact for the reader; called by the router."""
        if not self.is_open or (self._kinds and type(fact) not in self._kinds):
            return
        if len(self._buffer) >= self._capacity:
            self.close(LagError(self._capacity))
            return
        self._buffer.append(cast(FactT, fact))
        self._bell.ring()

    def close(self, error: RouterError | None = None) -> None:
        """End it: the reader gets what is buffered, then ``error`` or the end."""
        if self.is_open:
            self.is_open = False
            self._end = error
            self._bell.ring()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FactT:
        while not self._buffer:
            if not self.is_open:
                error, self._end = self._end, None
                raise error or StopAsyncIteration
            await self._bell.wait()
        return self._buffer.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
