"""From the journal to an engine that goes on: begun anew, or replayed; and the snapshots that keep the next replay short."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from structlog.typing import FilteringBoundLogger

from router.core.engine import Engine
from router.core.facts import Fact
from router.core.plan import Plan
from router.daemon.settings import Settings
from router.policies import BUILT_IN
from router.service.replay import replay
from router.stores.sqlite import SqliteStore
from router.transports.events import CAPACITY

TOLD: Final = "told"
"""In a snapshot beside the engine's state: how many facts had been told until then."""


class Kept(NamedTuple):
    """What goes on after a start. ``told`` counts the facts since the beginning, ``recent`` are the last of them that the replay told
    again; ``is_new``: nothing was kept before.
    """

    engine: Engine
    store: SqliteStore | None
    told: int
    recent: Sequence[Fact]
    replayed: int
    is_new: bool


async def open_journal(settings: Settings, plan: Plan, now: int, log: FilteringBoundLogger) -> Kept:
    """Return an engine that goes on where the journal ends, under the plan of that moment, or a new one under ``plan``.

    Raises ``StoreError`` where the journal cannot be had or trusted.
    """
    if settings.durability == "memory":
        return Kept(Engine(plan, BUILT_IN, now=now), None, 0, (), 0, is_new=True)
    settings.journal.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = SqliteStore(settings.journal, durability=settings.durability)
    try:
        recovered = store.recover()
        if recovered is None:
            engine = Engine(plan, BUILT_IN, now=now)
            await store.begin(plan, {**engine.snapshot(), TOLD: 0})
            return Kept(engine, store, 0, (), 0, is_new=True)
        for warning in store.warnings:
            log.warning("journal.damaged", detail=warning)
        recent: deque[Fact] = deque(maxlen=CAPACITY)
        again = replay(recovered, recent.extend)
        told = recovered.snapshot.get(TOLD, 0)
        assert isinstance(told, int)
        return Kept(again.engine, store, told + again.facts, tuple(recent), again.entries, is_new=False)
    except BaseException:
        await store.close()
        raise


class Snapshots:
    """Has a snapshot made whenever so many entries were written since the last, by another process that replays the journal: the router
    does not wait for it, and what it decided is proven to be decided again. ``replayed``: so many entries the start found behind the
    last one; they count, else a daemon that is killed often would keep none, and each start replay more.
    """

    def __init__(
        self, store: SqliteStore, settings: Settings, log: FilteringBoundLogger, replayed: int
    ) -> None:
        self._store = store
        self._folder = settings.journal
        self._every = settings.snapshot_every
        self._last = store.last - replayed
        self._log = log

    async def run(self) -> None:
        """Make snapshots for ever; one that fails is logged, and tried again after as many entries."""
        while True:
            await asyncio.sleep(1)
            if self._store.last - self._last >= self._every:
                self._last = self._store.last
                await self._make()

    async def _make(self) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "router.daemon.compaction",
            str(self._folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        text = output.decode(errors="replace").strip()
        if child.returncode == 0:
            self._log.info("snapshot.kept", detail=text)
        else:
            self._log.error("snapshot.failed", detail=text[-1000:])


def journal_bound(store: SqliteStore | None) -> str:
    """Say what can be lost of what was acknowledged."""
    return store.bound if store is not None else "memory: all is lost when the process ends"
