"""The store of one machine: a journal in an SQLite file, chained by hashes, with the last two snapshots in it.

All of SQLite's work is done in one thread of the store's own. docs/journal.md describes the files and what is guaranteed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from router.core.plan import Plan
from router.core.rules import RULES
from router.errors import ConflictError, StoreError
from router.ports import Entry, Recovered
from router.stores.acknowledged import AcknowledgedFile
from router.stores.disk_thread import DiskThread
from router.stores.faults import translated
from router.stores.journal_file import Batch, Head, new_blob
from router.stores.opening import Durability, compaction_lock, journal_lock, make_file, open_journal, places
from router.stores.records import encode
from router.stores.recovery import entries_after, last_good_snapshot
from router.stores.snapshot_blob import encode_plan, encode_state

Result = TypeVar("Result")

SYNC_AFTER_S: Final = 0.5
"""Under relaxed durability the disk is waited for so long after a write; the other half second is the disk's."""

BOUNDS: Final[Mapping[Durability, str]] = {
    "strict": "strict: every acknowledged entry is on the disk; neither the end of the process, kill -9 included, nor a "
    "loss of power loses any",
    "relaxed": "relaxed: the end of the process, kill -9 included, loses no acknowledged entry; a loss of power, or a crash of the "
    "operating system, loses those of up to the last 1 s",
}
"""What can be lost, in words."""


class SqliteStore:
    """A ``Store`` in a file: ``path`` is a folder, or a file name with a suffix. Both are made where they are not there.

    Raises ``ConflictError`` when another process has it, ``CorruptError`` when it is damaged, ``UnavailableError`` when it cannot be
    opened. After an ``UnavailableError`` or ``CorruptError`` of a write it refuses everything: close it and start again.
    """

    def __init__(self, path: str | Path, *, durability: Durability = "strict") -> None:
        self._where: Final = places(path)
        self._path: Final = self._where.database
        self._durability: Final = durability
        self._failure: StoreError | None = None
        self._is_closed = False
        self._lock: Final = journal_lock(self._where)
        self._keeping: Final = compaction_lock(self._where)
        make_file(self._where)
        self._log: int | None = None
        self._is_sync_due = False
        self._lock.take()
        try:
            self._file, inspected = open_journal(self._where, durability)
            self._head: Head | None = inspected.head
            self._warnings = inspected.warnings
            with translated(self._path, "opening the journal"):
                self._acknowledged = AcknowledgedFile(
                    self._where.acknowledged, is_strict=durability == "strict"
                )
                self._sync()  # from here on, what was found counts as acknowledged, whatever the durability was before
        except BaseException:
            self._lock.release()
            raise
        self._disk: Final = DiskThread(f"journal {self._path.name}")

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    @property
    def bound(self) -> str:
        """What can be lost, in words."""
        return BOUNDS[self._durability]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found damaged and could be done without; complete once ``recover`` was called."""
        return self._warnings

    @property
    def last(self) -> int:
        """The number of the last entry that is kept; the first has number 1."""
        return 0 if self._head is None else self._head.last

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def recover(self) -> Recovered | None:
        """Return the last good snapshot and what came after it, read and verified as it is asked for.

        Raises ``CorruptError``, as reading the entries may.
        """
        head = self._head
        if head is None:
            return None
        good = self._wait_for(partial(last_good_snapshot, self._path, self._file, head))
        self._warnings += tuple(text for text in good.warnings if text not in self._warnings)
        entries = entries_after(self._path, self._read, good.after, good.chain, head)
        return Recovered(good.plan, good.state, entries)

    def _read(self, start: int) -> list[Batch]:
        return self._wait_for(partial(self._file.batches, start))

    def _wait_for(self, work: Callable[[], Result]) -> Result:
        self._check()
        return self._disk.call(work).result()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self._is_closed:
            raise RuntimeError(f"{self._path}: the store is closed")

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep the entries in one transaction; see ``bound`` for what that means. Raises ``RuntimeError`` before ``begin``."""
        self._check()
        if self._head is None:
            raise RuntimeError(f"{self._path}: nothing was begun: a journal starts with a snapshot")
        if entries:
            await self._run(partial(self._append, len(entries), encode(entries)))

    async def begin(self, plan: Plan, snapshot: Mapping[str, object]) -> None:
        """Keep the first snapshot. Raises ``ConflictError`` when there is one."""
        self._check()
        if self._head is not None:
            raise ConflictError(
                f"{self._path}: it holds a journal already: recover from it, or use another path"
            )
        parts = await asyncio.to_thread(encode_state, snapshot)
        await self._run(partial(self._begin, encode_plan(plan), parts))

    async def keep(self, plan: Plan, snapshot: Mapping[str, object], after: int) -> None:
        """Keep a snapshot, a part at a time, so that appends wait for a few milliseconds at most; then drop what only older ones need.

        The snapshot must not change meanwhile. Raises ``ValueError`` where the moment is before the newest or after the last entry,
        ``ConflictError`` while another process keeps one.
        """
        self._check()
        if self._head is None:
            raise RuntimeError(f"{self._path}: nothing was begun: a journal starts with a snapshot")
        newest = (await self._run(self._file.snapshots))[0].after
        if not newest <= after <= self.last:
            raise ValueError(
                f"a snapshot after entry {after}: the newest is after {newest}, the last entry is {self.last}"
            )
        self._keeping.take()
        try:
            parts = await asyncio.to_thread(encode_state, snapshot)
            blob = new_blob()
            for number, part in enumerate(parts):
                await self._run(partial(self._file.add_part, blob, number, part))
            await self._run(partial(self._file.finish_snapshot, after, RULES, blob, encode_plan(plan), parts))
            while await self._run(self._file.drop_some):
                pass
        finally:
            self._keeping.release()

    async def close(self) -> None:
        """Finish writing and let go of the files; harmless when it is closed already."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await asyncio.wrap_future(self._disk.call(self._close_files))
        finally:
            self._disk.stop()
            self._lock.release()

    async def _run(self, work: Callable[[], Result]) -> Result:
        """Have it done in the disk's thread, where it is not too late."""
        return await asyncio.wrap_future(self._disk.call(partial(self._attempt, work)))

    # ── in the disk's thread ─────────────────────────────────────────────────────────────────────────────────

    def _attempt(self, work: Callable[[], Result]) -> Result:
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        try:
            with translated(self._path, "writing to the journal"):
                return work()
        except StoreError as error:
            self._failure = error
            raise

    def _append(self, count: int, payload: bytes) -> None:
        assert self._head is not None
        self._wrote(self._file.append(self._head, count, RULES, payload))

    def _begin(self, plan: bytes, parts: list[bytes]) -> None:
        self._head = self._file.begin(RULES, plan, parts)
        self._sync()
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _wrote(self, head: Head) -> None:
        self._head = head
        if self._durability == "strict":
            self._acknowledged.write(*head)
        elif not self._is_sync_due:
            self._is_sync_due = True
            self._disk.call_later(SYNC_AFTER_S, self._sync_later)

    def _sync_later(self) -> None:
        with suppress(StoreError):  # the next to write hears of it
            self._attempt(self._sync)

    def _sync(self) -> None:
        """Wait for the disk, then say how far everything is on it."""
        self._is_sync_due = False
        if self._head is None:
            return
        if self._log is None and self._where.log.exists():
            # SQLite takes no locks on this file, so that closing it lets go of none.
            self._log = os.open(self._where.log, os.O_RDONLY)
        if self._log is not None:
            os.fdatasync(self._log)
        self._acknowledged.write(*self._head)

    def _close_files(self) -> None:
        try:
            if self._is_sync_due and self._failure is None:
                self._attempt(self._sync)
            with translated(self._path, "closing the journal"):
                self._file.close()
        finally:
            self._acknowledged.close()
            if self._log is not None:
                os.close(self._log)
                self._log = None
