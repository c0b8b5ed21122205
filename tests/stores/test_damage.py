"""Damaged journals: torn ends are recovered, changed bytes are refused or change nothing, and nothing is ever lost in silence."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from router.core.engine import Engine
from router.errors import CorruptError
from router.policies import BUILT_IN
from router.service.replay import replay
from router.stores import recovery
from router.stores.compaction import Compaction
from router.stores.sqlite import SqliteStore
from router.stores.wal import find_damage
from tests.stores.histories import Journalled, copied, in_batches, journalled, state_in

NAME = "journal.db"


class Written(NamedTuple):
    """Copies of a journal that was being written: before its last batch was acknowledged, and after; and the states then."""

    before: Path
    after: Path
    state_before: dict[str, Any]
    state_after: dict[str, Any]
    log_before: int
    log_after: int


async def written(folder: Path, history: Journalled, rng: Random, *, small_pages: bool = True) -> Written:
    """Write a history, with a snapshot from outside halfway, and leave it as a machine that stops would."""
    live_folder = folder / "live"
    live_folder.mkdir()
    if small_pages:
        with_pages(live_folder / NAME, 512)
    store = SqliteStore(live_folder)
    await store.begin(history.plan, history.begun)
    batches = in_batches(rng, history.entries)
    live = Engine(history.plan, BUILT_IN)
    for number, batch in enumerate(batches[:-1]):
        await store.append(batch)
        for at, signal, _ in batch:
            live.advance(at) if signal is None else live.handle(signal, at)
        if number in (len(batches) // 3, 2 * len(batches) // 3):
            with Compaction(live_folder) as compaction:
                compaction.keep(live.plan, live.snapshot())
    before = copied(live_folder, folder / "before")
    state_before = live.snapshot()
    await store.append(batches[-1])
    after = copied(live_folder, folder / "after")
    await store.close()
    sizes = [(path / f"{NAME}-wal").stat().st_size for path in (before, after)]
    return Written(before, after, state_before, history.end, *sizes)


def with_pages(path: Path, size: int) -> None:
    """Make an empty database with pages of this size, so that there are fewer bytes to go through."""
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA page_size = {size}")
    database.execute("VACUUM")
    database.close()


def cut(written: Written, folder: Path, size: int, *, acknowledged: bool) -> Path:
    """A copy whose log ends after ``size`` bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    copied(written.after, folder)
    if not acknowledged:
        shutil.copyfile(written.before / f"{NAME}-ack", folder / f"{NAME}-ack")
    with (folder / f"{NAME}-wal").open("rb+") as log:
        log.truncate(size)
    return folder


async def check_cut(written: Written, folder: Path, size: int) -> None:
    """Not acknowledged, the last transaction is there or not; acknowledged, it is there or the journal is refused."""
    expected = written.state_after if size >= written.log_after else written.state_before
    assert expected == await state_in(cut(written, folder, size, acknowledged=False)), f"cut at {size}"
    folder = cut(written, folder, size, acknowledged=True)
    if size >= written.log_after:
        assert written.state_after == await state_in(folder)
    else:
        with pytest.raises(CorruptError, match="which was acknowledged"):
            await state_in(folder)


async def test_a_torn_last_transaction_is_recovered(tmp_path: Path, rng: Random) -> None:
    """The log cut somewhere in its last transaction: everything before is there; where the last was acknowledged, it is refused."""
    made = await written(tmp_path, journalled(3, 40), rng)
    assert made.log_after > made.log_before
    sizes = {made.log_before, made.log_before + 1, made.log_after - 1, made.log_after}
    for size in sizes | set(range(made.log_before, made.log_after, 97)):
        await check_cut(made, tmp_path / "cut", size)


@pytest.mark.slow
async def test_a_last_transaction_torn_anywhere_is_recovered(tmp_path: Path, rng: Random) -> None:
    """The same at every byte."""
    made = await written(tmp_path, journalled(3, 40), rng)
    for size in range(made.log_before, made.log_after + 1):
        await check_cut(made, tmp_path / "cut", size)


async def flips(made: Written, folder: Path, rng: Random, count: int, names: tuple[str, ...]) -> Counter[str]:
    """Change a random byte at a time; each must be refused, or change nothing of what is recovered."""
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        shutil.rmtree(folder, ignore_errors=True)
        copied(made.after, folder)
        path = folder / rng.choice(names)
        content = bytearray(path.read_bytes())
        place = rng.randrange(len(content))
        change = rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))
        content[place] ^= change
        path.write_bytes(content)
        try:
            state = await state_in(folder)
        except CorruptError:
            outcomes[f"{path.name} refused"] += 1
        else:
            assert made.state_after == state, (
                f"{path.name}: byte {place} xor {change}: silently another state"
            )
            outcomes[f"{path.name} unharmed"] += 1
    return outcomes


async def test_a_changed_byte_is_refused_or_harmless(tmp_path: Path, rng: Random) -> None:
    """In the file and in its log, the last acknowledged transaction included."""
    made = await written(tmp_path, journalled(3, 60), rng)
    outcomes = await flips(made, tmp_path / "flip", rng, 120, (NAME, f"{NAME}-wal"))
    assert outcomes[f"{NAME}-wal refused"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("small_pages", [True, False])
async def test_many_changed_bytes_are_refused_or_harmless(
    tmp_path: Path, rng: Random, small_pages: bool, record_property: Callable[[str, object], None]
) -> None:
    """A few hundred in a journal that was being written, and as many in one that was closed."""
    history = journalled(7, 150)
    made = await written(tmp_path, history, rng, small_pages=small_pages)
    outcomes = await flips(made, tmp_path / "flip", rng, 400, (NAME, f"{NAME}-wal", f"{NAME}-wal"))
    closed = made._replace(after=tmp_path / "live")
    at_rest = await flips(closed, tmp_path / "flip", rng, 400, (NAME, NAME, NAME, f"{NAME}-ack"))
    outcomes += Counter({f"closed {name}": count for name, count in at_rest.items()})
    await closed_journal(tmp_path / "dense", history)
    dense = made._replace(after=tmp_path / "dense")
    in_use = await flips(dense, tmp_path / "flip", rng, 200, (NAME,))
    outcomes += Counter({f"dense {name}": count for name, count in in_use.items()})
    record_property("outcomes", dict(outcomes))
    print(dict(outcomes))  # noqa: T201 - seen with -s: the counts are what this test is for
    assert outcomes[f"{NAME}-wal refused"] > 0
    assert outcomes[f"closed {NAME} refused"] > 0


async def test_a_changed_byte_in_the_log_is_named(tmp_path: Path, rng: Random) -> None:
    """The error has file, frame and offset, and nothing was changed: the same again the next time."""
    made = await written(tmp_path, journalled(3, 60), rng, small_pages=False)
    log = made.after / f"{NAME}-wal"
    content = bytearray(log.read_bytes())
    content[32 + 3 * (24 + 4096) + 1000] ^= 4
    log.write_bytes(content)
    files = {path.name: path.read_bytes() for path in made.after.iterdir()}
    for _ in range(2):
        with pytest.raises(
            CorruptError,
            match=rf"{NAME}-wal: frame 4 at byte {32 + 3 * 4120}: found a wrong checksum.*backup",
        ):
            SqliteStore(made.after)
    assert files == {name: (made.after / name).read_bytes() for name in files}


async def test_a_damaged_log_can_be_cut_off_on_purpose(tmp_path: Path) -> None:
    """What the error advises gives every entry before the damage, and a journal that goes on."""
    history = journalled(4)
    store = await begun(tmp_path / "live", history)
    for entry in history.entries:
        await store.append([entry])
    folder = copied(tmp_path / "live", tmp_path / "copy")
    await store.close()
    log = folder / f"{NAME}-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    with pytest.raises(CorruptError, match=rf"truncate -s \d+ {NAME}-wal\) and delete {NAME}-ack") as refusal:
        SqliteStore(folder)
    with log.open("rb+") as file:
        file.truncate(int(str(refusal.value).partition("truncate -s ")[2].partition(" ")[0]))
    (folder / f"{NAME}-ack").unlink()
    assert await state_in(folder) is not None
    store = SqliteStore(folder)
    recovered = store.recover()
    assert recovered is not None
    (*entries, _) = recovered.entries
    assert 0 < len(entries) < len(history.entries)
    assert history.entries[: len(entries)] == entries
    await store.close()


async def test_a_damaged_log_header_is_refused(tmp_path: Path, rng: Random) -> None:
    """SQLite would take the whole log for empty."""
    made = await written(tmp_path, journalled(3, 40), rng)
    log = made.after / f"{NAME}-wal"
    whole = log.read_bytes()
    for place in range(32):
        log.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
        damage = find_damage(log)
        assert damage is not None, f"byte {place}"
        assert damage[:2] == (0, 0)


async def test_rows_lost_from_the_end_are_seen(tmp_path: Path) -> None:
    """Without its last row, the journal no longer ends where its head says."""
    history = journalled(4)
    await closed_journal(tmp_path, history)
    run(tmp_path, "DELETE FROM batches WHERE first = (SELECT max(first) FROM batches)")
    with pytest.raises(
        CorruptError,
        match=f"entry 56: found the end of the journal, expected entries up to {len(history.entries)}",
    ):
        await state_in(tmp_path)


async def test_another_end_than_the_head_says_is_seen(tmp_path: Path) -> None:
    """A row that is whole in itself, but is not the one that was written last."""
    history = journalled(4)
    await closed_journal(tmp_path, history)
    (tmp_path / f"{NAME}-ack").unlink()
    run(tmp_path, "UPDATE head SET hash = zeroblob(16)")
    last = len(history.entries)
    with pytest.raises(
        CorruptError,
        match=f"end of the journal: found entry {last} .*expected entry {last} with hash {'00' * 16}",
    ):
        await state_in(tmp_path)


async def test_a_row_lost_from_the_middle_is_seen(tmp_path: Path) -> None:
    """The error says which entry is missing."""
    await closed_journal(tmp_path, journalled(4))
    run(tmp_path, "DELETE FROM batches WHERE first = 6")
    with pytest.raises(CorruptError, match="entry 6: found entry 11, expected entry 6"):
        await state_in(tmp_path)


async def test_a_changed_row_is_seen(tmp_path: Path) -> None:
    """A payload that is no longer what was chained is refused, well-formed as it may be."""
    await closed_journal(tmp_path, journalled(4))
    run(tmp_path, "UPDATE batches SET payload = '[]' WHERE first = 6")
    with pytest.raises(CorruptError, match="payload of a Batch is of kind str"):
        await state_in(tmp_path)
    run(tmp_path, "UPDATE batches SET payload = x'5b5d' WHERE first = 6")
    with pytest.raises(CorruptError, match="entries 6 to 10: found hash"):
        await state_in(tmp_path)


async def test_acknowledged_entries_missing_from_a_whole_journal_are_seen(tmp_path: Path) -> None:
    """An older copy of the database under the newer acknowledgement is refused, until that is deleted on purpose."""
    history = journalled(4)
    store = await begun(tmp_path / "journal", history)
    await store.append(history.entries[:10])
    await store.close()
    old = (tmp_path / "journal" / NAME).read_bytes()
    store = SqliteStore(tmp_path / "journal")
    await store.append(history.entries[10:])
    await store.close()
    (tmp_path / "journal" / NAME).write_bytes(old)
    with pytest.raises(
        CorruptError, match="found entry 10, expected entry .*delete the file whose name ends in -ack"
    ):
        SqliteStore(tmp_path / "journal")
    (tmp_path / "journal" / f"{NAME}-ack").unlink()
    store = SqliteStore(tmp_path / "journal")
    assert store.last == 10
    await store.close()


@pytest.mark.parametrize("how", ["emptied", "deleted", "without tables"])
async def test_a_journal_that_is_gone_is_not_a_new_one(how: str, tmp_path: Path) -> None:
    """Where entries were acknowledged, an empty database is refused."""
    await closed_journal(tmp_path, journalled(4))
    if how == "emptied":
        (tmp_path / NAME).write_bytes(b"")
    else:
        (tmp_path / NAME).unlink()
    if how == "without tables":
        with_pages(tmp_path / NAME, 4096)
    with pytest.raises(CorruptError, match=r"found (nothing|none)"):
        SqliteStore(tmp_path)


# ── snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────


async def with_two_snapshots(folder: Path, history: Journalled) -> None:
    store = await begun(folder, history)
    live = Engine(history.plan, BUILT_IN)
    for number, entry in enumerate(history.entries, 1):
        await store.append([entry])
        at, signal, _ = entry
        live.advance(at) if signal is None else live.handle(signal, at)
        if number in (20, 40):
            await store.keep(live.plan, live.snapshot(), number)
    await store.close()


async def test_an_older_snapshot_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    """Nothing is lost, since every entry since is there, and a warning says so."""
    history = journalled(6, 90)
    await with_two_snapshots(tmp_path, history)
    run(tmp_path, "UPDATE snapshots SET plan = x'00' WHERE after = 40")
    store = SqliteStore(tmp_path)
    recovered = store.recover()
    assert recovered is not None
    replayed = replay(recovered)
    assert (len(history.entries) - 20, history.end) == (replayed.entries, replayed.engine.snapshot())
    (warning,) = store.warnings
    assert "the snapshot after entry 40 is damaged" in warning
    await store.close()


@pytest.mark.parametrize(
    "damage", ["DELETE FROM batches WHERE first = 30", "UPDATE snapshots SET hash = x'00' WHERE after = 20"]
)
async def test_a_damaged_snapshot_that_nothing_makes_up_for_is_refused(damage: str, tmp_path: Path) -> None:
    """Where the older one is damaged too, or an entry since is."""
    await with_two_snapshots(tmp_path, journalled(6, 90))
    run(tmp_path, "DELETE FROM snapshot_parts WHERE part = (SELECT max(part) FROM snapshot_parts)")
    run(tmp_path, damage)
    store = SqliteStore(tmp_path)
    with pytest.raises(
        CorruptError, match="entry 30|snapshot after entry 40 is damaged: found 0 parts, expected 1"
    ):
        store.recover()
    await store.close()


async def test_two_snapshots_and_the_entries_since_the_older_are_kept(tmp_path: Path) -> None:
    """Everything else is dropped, parts of snapshots that were never finished among it."""
    await with_two_snapshots(tmp_path, journalled(6, 90))
    run(tmp_path, "INSERT INTO snapshot_parts (blob, number, payload) VALUES (1, 0, x'00')")
    await SqliteStore(tmp_path).close()
    database = sqlite3.connect(tmp_path / NAME)
    assert database.execute("SELECT after FROM snapshots ORDER BY after").fetchall() == [(20,), (40,)]
    assert database.execute("SELECT min(first) FROM batches").fetchone() == (21,)
    assert database.execute("SELECT count(*) FROM snapshot_parts").fetchone() == (2,)
    database.close()


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_another_layout_is_refused(tmp_path: Path) -> None:
    """The error names both versions and says to run the one that wrote it."""
    await closed_journal(tmp_path, journalled(4))
    run(tmp_path, "UPDATE format SET version = 9")
    with pytest.raises(CorruptError, match=r"found version \[9\], expected version \[1\]; .*Run the version"):
        SqliteStore(tmp_path)


async def test_entries_of_other_rules_are_not_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program with new rules starts from a snapshot that nothing follows, and refuses entries of older ones."""
    history = journalled(4)
    await closed_journal(tmp_path, history)
    monkeypatch.setattr(recovery, "RULES", 2)
    with pytest.raises(
        CorruptError, match="written under rules 1, expected rules 2.*keeps a snapshot of the end"
    ):
        await state_in(tmp_path)
    monkeypatch.undo()
    with Compaction(tmp_path) as compaction:
        engine = replay(compaction.recover()).engine
        compaction.keep(engine.plan, engine.snapshot())
    monkeypatch.setattr(recovery, "RULES", 2)
    assert history.end == await state_in(tmp_path)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def begun(folder: Path, history: Journalled) -> SqliteStore:
    store = SqliteStore(folder)
    await store.begin(history.plan, history.begun)
    return store


async def closed_journal(folder: Path, history: Journalled) -> None:
    """A journal of batches of 5, closed."""
    store = await begun(folder, history)
    for start in range(0, len(history.entries), 5):
        await store.append(history.entries[start : start + 5])
    await store.close()


def run(folder: Path, statement: str) -> None:
    """Change the database behind the store's back."""
    database = sqlite3.connect(folder / NAME)
    with database:
        assert database.execute(statement).rowcount > 0
    database.close()


@pytest.mark.parametrize("offset", [18, 19])
async def test_a_changed_format_number_is_damage_and_not_a_matter_of_permissions(
    offset: int, tmp_path: Path
) -> None:
    """SQLite calls a file whose header names an unknown format read-only; whoever may write it should hear of damage."""
    store = SqliteStore(tmp_path)
    made = journalled(1)
    await store.begin(made.plan, made.begun)
    await store.append(made.entries)
    await store.close()
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(CorruptError, match="read"):
        await _go_on(tmp_path, made)


async def _go_on(folder: Path, made: Journalled) -> None:
    store = SqliteStore(folder)
    try:
        await store.append(made.entries)
    finally:
        await store.close()
