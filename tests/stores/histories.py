"""Random histories of a centre as journal entries, and journals on disk made of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from router.core.engine import Engine
from router.core.plan import Plan
from router.errors import SignalError
from router.policies import BUILT_IN
from router.ports import Entry, digest
from router.service.replay import replay
from router.stores.sqlite import SqliteStore
from tests.oracle.duel import engine_makers
from tests.oracle.fuzz import random_history


class Journalled(NamedTuple):
    """What happened to a centre, as its writer would have kept it, and its engine's state before and after."""

    plan: Plan
    begun: dict[str, Any]
    entries: list[Entry]
    end: dict[str, Any]


def journalled(seed: int, steps: int = 60) -> Journalled:
    """Return a random history: entries as the writer makes them, refused signals as the time they let pass."""
    history, failure = random_history(seed, engine_makers(), steps)
    assert failure is None
    engine = Engine(history.plan, BUILT_IN)
    begun = engine.snapshot()
    entries: list[Entry] = []
    for step in history.steps:
        if step.now < engine.now:
            continue
        signal = step.signal
        try:
            outcome = engine.advance(step.now) if signal is None else engine.handle(signal, step.now)
        except SignalError:
            signal = None
            outcome = engine.advance(step.now)
        entries.append(Entry(step.now, signal, digest(outcome.facts)))
    return Journalled(history.plan, begun, entries, engine.snapshot())


def in_batches(rng: Random, entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    """Cut the entries into batches as they come: mostly of one or a few."""
    batches: list[Sequence[Entry]] = []
    start = 0
    while start < len(entries):
        size = rng.choice((1, 1, 2, 5, 20))
        batches.append(entries[start : start + size])
        start += size
    return batches


def copied(store_folder: Path, to: Path) -> Path:
    """Copy a journal's files as a dying machine would leave them, without what SQLite makes anew."""
    to.mkdir()
    for path in store_folder.iterdir():
        if not path.name.endswith(("-shm", ".lock", ".compaction")):
            shutil.copyfile(path, to / path.name)
    return to


async def state_in(folder: Path) -> dict[str, Any] | None:
    """Open the journal, replay it, append to it, and return the engine's state before that; None where nothing was begun."""
    store = SqliteStore(folder)
    try:
        recovered = store.recover()
        if recovered is None:
            return None
        engine = replay(recovered).engine
        state = engine.snapshot()
        await store.append([Entry(engine.now, None, digest(engine.advance(engine.now).facts))])
        return state
    finally:
        await store.close()
