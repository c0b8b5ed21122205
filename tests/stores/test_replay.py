"""Journal and replay: the same engine again, through the file and back; and never one that decides otherwise."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from router.core.encoding import canonical
from router.core.engine import Engine
from router.errors import CorruptError
from router.policies import BUILT_IN
from router.ports import Entry, Recovered
from router.service.replay import replay
from router.stores.compaction import Compaction
from router.stores.memory import MemoryStore
from router.stores.sqlite import SqliteStore
from tests.stores.histories import in_batches, journalled


@pytest.mark.parametrize("number", range(12))
async def test_a_replay_ends_in_the_same_state(number: int, seed: int, tmp_path: Path) -> None:
    """Random histories in random batches, snapshots now and then, by the store or from outside: memory, file and engine agree."""
    rng = Random(seed + number)
    history = journalled(seed + number, 120)
    store, oracle = SqliteStore(tmp_path), MemoryStore()
    live = Engine(history.plan, BUILT_IN)
    for one in (store, oracle):
        await one.begin(history.plan, history.begun)
    for batch in in_batches(rng, history.entries):
        for one in (store, oracle):
            await one.append(batch)
        for at, signal, _ in batch:
            live.advance(at) if signal is None else live.handle(signal, at)
        if rng.random() < 0.1:
            for one in (store, oracle):
                await one.keep(live.plan, live.snapshot(), one.last)
        elif rng.random() < 0.1:
            with Compaction(tmp_path) as compaction:
                compacted = replay(compaction.recover())
                assert canonical(live.snapshot()) == canonical(compacted.engine.snapshot())
                compaction.keep(compacted.engine.plan, compacted.engine.snapshot())
            await oracle.keep(live.plan, live.snapshot(), oracle.last)
        if rng.random() < 0.2:
            await store.close()
            store = SqliteStore(tmp_path)
            one_again, other_again = store.recover(), oracle.recover()
            assert one_again is not None
            assert other_again is not None
            one_replayed, other_replayed = replay(one_again), replay(other_again)
            assert one_replayed.entries == other_replayed.entries
            assert canonical(live.snapshot()) == canonical(one_replayed.engine.snapshot())
            assert canonical(live.snapshot()) == canonical(other_replayed.engine.snapshot())
    await store.close()


def recovered(number: int, *, digest: int | None = None) -> Recovered:
    history = journalled(number, 80)
    entries = list(history.entries)
    if digest is not None:
        at, signal, right = entries[digest]
        entries[digest] = Entry(at, signal, right ^ 1)
    return Recovered(history.plan, history.begun, entries)


def test_a_replay_counts_its_entries() -> None:
    """What is reported is how many entries came after the snapshot."""
    whole = recovered(5)
    assert replay(whole).entries == len(list(whole.entries))


def test_another_decision_is_refused() -> None:
    """A digest that differs by one bit stops the replay, and the error says at which entry and what to do."""
    with pytest.raises(
        CorruptError, match=r"^entry 31 after the snapshot.*decides otherwise.*run the version that wrote it"
    ):
        replay(recovered(5, digest=30))


def test_a_signal_that_is_not_legal_is_refused() -> None:
    """Where the engine refuses what it once took, the replay stops."""
    history = journalled(5)
    late = history.entries[-1]
    entries = [late, *history.entries]
    with pytest.raises(CorruptError, match="decides otherwise"):
        replay(Recovered(history.plan, history.begun, entries))


def test_a_snapshot_that_cannot_be_restored_is_refused() -> None:
    """The error names what is wrong with it."""
    history = journalled(5)
    with pytest.raises(CorruptError, match="cannot be restored: the snapshot's format is 'other/1'"):
        replay(Recovered(history.plan, {**history.begun, "format": "other/1"}, ()))
