"""What is particular to the SQLite store: nobody waits for the disk who need not, and how far entries were acknowledged."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from router.core.engine import Engine
from router.errors import CorruptError, UnavailableError
from router.policies import BUILT_IN
from router.stores import journal_file, sqlite
from router.stores.acknowledged import Acknowledged, read
from router.stores.opening import Durability
from router.stores.snapshot_blob import PART, decode_state, encode_state
from router.stores.sqlite import SqliteStore
from tests.core.builders import a_plan
from tests.stores.histories import copied
from tests.stores.numbered import numbered


async def begun(folder: Path, durability: Durability = "strict") -> SqliteStore:
    store = SqliteStore(folder, durability=durability)
    plan = a_plan()
    await store.begin(plan, Engine(plan, BUILT_IN).snapshot())
    return store


def acknowledged(folder: Path) -> Acknowledged:
    found = read(folder / "journal.db-ack")
    assert found is not None
    return found


async def test_the_event_loop_goes_on_while_the_disk_does_not(tmp_path: Path) -> None:
    """While somebody else writes to the file, an append waits, the loop does not, and then the append is done."""
    store = await begun(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.append([numbered(1)]))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await waiting
    assert store.last == 1
    await store.close()


async def test_after_an_error_a_store_takes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where it could again: what the engine decided is not in the journal, so nothing that follows may be."""
    monkeypatch.setattr(journal_file, "BUSY_S", 0)
    store = await begun(tmp_path)
    await store.append([numbered(1)])
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked by another program"):
        await store.append([numbered(2)])
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(UnavailableError, match="locked by another program"):
        await store.append([numbered(2)])
    await store.close()
    store = SqliteStore(tmp_path)
    assert store.last == 1
    await store.close()


async def test_strict_entries_are_acknowledged_at_once(tmp_path: Path) -> None:
    """The file beside the journal says so after every append."""
    store = await begun(tmp_path)
    for number in (1, 2, 3):
        await store.append([numbered(number)])
        assert (number, True) == (acknowledged(tmp_path).last, acknowledged(tmp_path).is_strict)
    assert "nor a loss of power" in store.bound
    await store.close()


async def test_relaxed_entries_are_acknowledged_once_the_disk_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later than the append, by itself, and at the latest when the store is closed."""
    monkeypatch.setattr(sqlite, "SYNC_AFTER_S", 3_600.0)
    store = await begun(tmp_path, "relaxed")
    await store.append([numbered(1)])
    assert (acknowledged(tmp_path).last, acknowledged(tmp_path).is_strict) == (0, False)
    await store.close()
    assert (acknowledged(tmp_path).last, acknowledged(tmp_path).is_strict) == (1, False)

    monkeypatch.setattr(sqlite, "SYNC_AFTER_S", 0.0)
    store = SqliteStore(tmp_path, durability="relaxed")
    await store.append([numbered(2)])
    await store.append([numbered(3)])  # the disk's thread was done with what was due before it took this one
    assert acknowledged(tmp_path).last >= 2
    assert "up to the last 1 s" in store.bound
    await store.close()


def with_a_hole(folder: Path) -> None:
    """Change a byte in the third transaction from the end, as a loss of power may under relaxed durability."""
    log = folder / "journal.db-wal"
    content = bytearray(log.read_bytes())
    content[-5 * 4120] ^= 1
    log.write_bytes(content)


async def test_a_relaxed_journal_may_lose_its_last_second_to_a_loss_of_power(tmp_path: Path) -> None:
    """A hole behind what was on the disk is a warning, and what comes before it is there."""
    live = tmp_path / "live"
    store = await begun(live, "relaxed")
    for number in range(1, 10):
        await store.append([numbered(number)])
    with_a_hole(copied(live, tmp_path / "copy"))
    await store.close()
    store = SqliteStore(tmp_path / "copy", durability="relaxed")
    recovered = store.recover()
    assert recovered is not None
    entries = list(recovered.entries)
    assert 5 <= len(entries) < 9
    assert [numbered(number) for number in range(1, len(entries) + 1)] == entries
    (warning,) = store.warnings
    assert "under relaxed durability a loss of power does this" in warning
    await store.close()


async def test_what_is_found_at_the_start_is_acknowledged_from_then_on(tmp_path: Path) -> None:
    """Under the durability that counts now, so that a loss of power right after a change of it is judged rightly."""
    store = await begun(tmp_path)
    await store.append([numbered(1)])
    await store.close()
    for durability in ("relaxed", "strict"):
        await SqliteStore(tmp_path, durability=durability).close()
        assert (1, durability == "strict") == (acknowledged(tmp_path).last, acknowledged(tmp_path).is_strict)


async def test_a_store_that_was_never_begun_is_new_again(tmp_path: Path) -> None:
    """Opened and closed, it leaves no warning behind."""
    await SqliteStore(tmp_path).close()
    store = SqliteStore(tmp_path)
    assert store.recover() is None
    assert store.warnings == ()
    await store.close()


async def test_a_strict_journal_may_not(tmp_path: Path) -> None:
    """The same hole is damage there."""
    live = tmp_path / "live"
    store = await begun(live)
    for number in range(1, 10):
        await store.append([numbered(number)])
    with_a_hole(copied(live, tmp_path / "copy"))
    await store.close()
    with pytest.raises(CorruptError, match="a byte has changed on the disk"):
        SqliteStore(tmp_path / "copy")


async def test_a_damaged_acknowledgement_is_a_warning(tmp_path: Path) -> None:
    """It only guards what is whole anyway; the next append writes it anew."""
    store = await begun(tmp_path)
    await store.append([numbered(1)])
    await store.close()
    (tmp_path / "journal.db-ack").write_bytes(bytes(56))
    store = SqliteStore(tmp_path)
    assert "its checksum is wrong" in store.warnings[0]
    await store.append([numbered(2)])
    assert acknowledged(tmp_path).last == 2
    await store.close()


def test_a_large_snapshot_is_cut_into_parts() -> None:
    """No part is larger than the bound, and together they are the same snapshot."""
    snapshot = {
        "format": "x",
        "many": [{"id": n, "noise": os.urandom(200).hex(), "none": None} for n in range(5_001)],
        "none": [],
        "few": [1.5, True, "ü", "\ud800"],
        "map": {"a": [1]},
    }
    parts = encode_state(snapshot)
    assert len(parts) > 2
    assert max(map(len, parts)) <= PART
    assert snapshot == decode_state(parts)


async def test_a_cancelled_append_leaves_the_journal_whole(tmp_path: Path) -> None:
    """Whether it was kept or not, what follows is chained to what is there."""
    store = await begun(tmp_path)
    for number in range(20):
        waiting = asyncio.create_task(store.append([numbered(number)]))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    await store.append([numbered(99)])
    await store.close()
    store = SqliteStore(tmp_path)
    recovered = store.recover()
    assert recovered is not None
    assert numbered(99) == list(recovered.entries)[-1]
    await store.close()
