"""Opening a journal's files: who may, and what is looked at before SQLite may change anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

from router.errors import StoreError
from router.stores import acknowledged as acknowledgement
from router.stores.acknowledged import Acknowledged
from router.stores.faults import ADVICE, corrupt, translated
from router.stores.journal_file import Head, JournalFile
from router.stores.locks import FileLock
from router.stores.recovery import read_head
from router.stores.wal import find_damage

Durability = Literal["strict", "relaxed"]

FILE_NAME: Final = "journal.db"
COMPACTION_S: Final = 60
"""So long an opening that found damage waits for a compaction to end, to look again while nobody writes."""


class Places(NamedTuple):
    """The files of one journal."""

    database: Path
    log: Path
    acknowledged: Path
    lock: Path
    compaction_lock: Path


def places(path: str | Path) -> Places:
    """Return the files of the journal at ``path``: a folder, or the database file (a path with a suffix that is no folder)."""
    path = Path(path)
    database = path if path.suffix and not path.is_dir() else path / FILE_NAME
    name = database.name
    return Places(
        database,
        database.with_name(name + "-wal"),
        database.with_name(name + "-ack"),
        database.with_name(name + ".lock"),
        database.with_name(name + ".compaction"),
    )


def journal_lock(where: Places) -> FileLock:
    """Return the lock that whoever appends has."""
    return FileLock(where.lock, "the journal is in use")


def compaction_lock(where: Places) -> FileLock:
    """Return the lock that whoever keeps a snapshot has."""
    return FileLock(where.compaction_lock, "a snapshot is being kept")


def make_file(where: Places) -> None:
    """Make the folder and an empty database file where there is none, for their owner only."""
    with translated(where.database, "making the journal's file"):
        where.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(where.database, os.O_RDWR | os.O_CREAT, 0o600))


class Inspected(NamedTuple):
    """``head`` None: nothing was ever begun. ``warnings``: what was damaged and could be done without."""

    head: Head | None
    warnings: tuple[str, ...]


def inspect(where: Places) -> Inspected:
    """Look at the files, changing nothing. Raises ``CorruptError`` when acknowledged entries may be missing, or it cannot be told."""
    warnings: list[str] = []
    acknowledged = _read_acknowledged(where, warnings)
    with translated(where.database, "reading the journal's files"):
        size = where.database.stat().st_size
        log_size = where.log.stat().st_size if where.log.exists() else 0
        if size == 0 and (acknowledged is not None or log_size):
            raise corrupt(where.database, "the whole file", "nothing", "a journal: its other files are there")
        _check_log(where, acknowledged, warnings)
    if size == 0:
        return Inspected(None, tuple(warnings))
    # Where SQLite was interrupted before the file was even made ready, it has to tidy up first.
    is_read_only = not where.database.with_name(where.database.name + "-journal").exists()
    with translated(where.database, "opening the journal"):
        file = JournalFile(where.database, is_read_only=is_read_only)
    try:
        head = read_head(where.database, file, acknowledged)
        if head is None and size > _EMPTY:
            raise corrupt(where.database, "tables", f"none in {size} bytes", "a journal")
    finally:
        file.close()
    return Inspected(head, tuple(warnings))


_EMPTY: Final = 4096
"""A database without any table has one page."""


def _read_acknowledged(where: Places, warnings: list[str]) -> Acknowledged | None:
    with translated(where.acknowledged, "reading how far entries were acknowledged"):
        try:
            return acknowledgement.read(where.acknowledged)
        except ValueError as error:
            warnings.append(
                f"{where.acknowledged}: damaged: {error}; going on without it. It only guards against "
                "losses that nothing else shows, and is written anew with the next entry"
            )
            return None


def _check_log(where: Places, acknowledged: Acknowledged | None, warnings: list[str]) -> None:
    damage = find_damage(where.log)
    if damage is None:
        return
    place = f"frame {damage.frame} at byte {damage.offset}" if damage.frame else "header"
    if acknowledged is not None and not acknowledged.is_strict:
        # Without waiting for the disk, a loss of power may leave holes; if one reaches into what was on the disk
        # already, the journal now ends before what was acknowledged as such, and that is refused.
        warnings.append(
            f"{where.log}: {place} is damaged and {damage.commits_behind} complete transactions behind it "
            "are given up: under relaxed durability a loss of power does this to the last second"
        )
        return
    raise corrupt(
        where.log,
        place,
        "a wrong checksum",
        f"a whole frame, since {damage.commits_behind} complete transactions follow: a byte has changed on the disk",
        f"{ADVICE}. To go on without what was written since, cut this file off there "
        f"(truncate -s {damage.offset} {where.log.name}) and delete {where.acknowledged.name}",
    )


def open_journal(where: Places, durability: Durability) -> tuple[JournalFile, Inspected]:
    """Inspect the journal and open it for writing. The caller has its lock."""
    guard = compaction_lock(where)
    is_alone = guard.try_take()
    try:
        try:
            inspected = inspect(where)
        except StoreError:
            if is_alone:
                raise
            guard.take(COMPACTION_S)  # what looks damaged may be half written: look again while nobody writes
            is_alone = True
            inspected = inspect(where)
        with translated(where.database, "opening the journal"):
            file = JournalFile(where.database, is_strict=durability == "strict")
            if is_alone and inspected.head is not None:
                while file.drop_some():
                    pass
    finally:
        guard.release()
    return file, inspected
