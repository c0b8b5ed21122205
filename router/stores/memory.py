"""The store that forgets when the process ends: for tests, and the plain one that every other must equal.

It keeps everything as JSON text, in the plainest encoding there is, so that nothing it gives back is shared with what it was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from router.core.encoding import from_data, to_data
from router.core.plan import Plan
from router.errors import ConflictError
from router.ports import Entry, Recovered

BOUND: Final = "memory: everything is lost when the process ends, however it ends"


class _Snapshot(NamedTuple):
    after: int
    plan: str
    state: str


class MemoryStore:
    """A ``Store`` in memory. Closed, it keeps what it has: ``recover`` works as it would after a restart."""

    bound = BOUND
    """What can be lost, in words."""

    def __init__(self) -> None:
        self._entries: dict[int, str] = {}
        self._snapshots: list[_Snapshot] = []
        self.last = 0
        """The number of the last entry that is kept; the first has number 1."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found damaged and could be done without: nothing, here."""
        return ()

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep the entries. Raises ``RuntimeError`` before ``begin``."""
        if not self._snapshots:
            raise RuntimeError("nothing was begun: a journal starts with a snapshot")
        for number, (at, signal, digest) in enumerate(entries, self.last + 1):
            self._entries[number] = json.dumps([at, to_data(signal), digest])
        self.last += len(entries)

    def recover(self) -> Recovered | None:
        """Return the last snapshot and what came after it; None when nothing was ever begun."""
        if not self._snapshots:
            return None
        after, plan, state = self._snapshots[-1]
        return Recovered(from_data(json.loads(plan)), json.loads(state), self._after(after))

    def _after(self, after: int) -> Iterator[Entry]:
        for number in range(after + 1, self.last + 1):
            at, signal, digest = json.loads(self._entries[number])
            yield Entry(at, from_data(signal), digest)

    async def begin(self, plan: Plan, snapshot: Mapping[str, object]) -> None:
        """Keep the first snapshot. Raises ``ConflictError`` when there is one."""
        if self._snapshots:
            raise ConflictError("the store holds a journal already: recover from it, or take another")
        self._keep(plan, snapshot, 0)

    async def keep(self, plan: Plan, snapshot: Mapping[str, object], after: int) -> None:
        """Keep a snapshot; drop what only older ones need. Raises ``ValueError`` where the moment is before the newest or
        after the last entry.
        """
        if not self._snapshots:
            raise RuntimeError("nothing was begun: a journal starts with a snapshot")
        newest = self._snapshots[-1].after
        if not newest <= after <= self.last:
            raise ValueError(
                f"a snapshot after entry {after}: the newest is after {newest}, the last entry is {self.last}"
            )
        if after == newest:
            del self._snapshots[-1]
        self._keep(plan, snapshot, after)
        del self._snapshots[:-2]
        for number in [number for number in self._entries if number <= self._snapshots[0].after]:
            del self._entries[number]

    def _keep(self, plan: Plan, snapshot: Mapping[str, object], after: int) -> None:
        self._snapshots.append(_Snapshot(after, json.dumps(to_data(plan)), json.dumps(snapshot)))

    async def close(self) -> None:
        """Nothing to let go of."""
