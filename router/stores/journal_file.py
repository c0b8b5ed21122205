"""The journal's SQLite file: its tables, and every statement run on them. Knows bytes and numbers, not entries; one thread at a time.

``batches`` holds a row per append, chained by hashes; ``head`` says where the chain ends, so that a row lost from the end is seen.
A snapshot is a row that is written last, after its parts, so that it is there whole or not at all.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, get_type_hints

VERSION: Final = 1
"""The version of the file's layout."""

BUSY_S: Final = 30
"""So long a write waits for another process's; both are short."""

_HASH: Final = 16
_PAGE: Final = 1_024
_DELETED: Final = 500

_SCHEMA: Final = (
    "CREATE TABLE format (version INTEGER NOT NULL)",
    """CREATE TABLE batches (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rules INTEGER NOT NULL,
       hash BLOB NOT NULL, payload BLOB NOT NULL)""",
    "CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL, hash BLOB NOT NULL)",
    """CREATE TABLE snapshots (after INTEGER PRIMARY KEY, rules INTEGER NOT NULL, blob INTEGER NOT NULL,
       parts INTEGER NOT NULL, chain BLOB NOT NULL, hash BLOB NOT NULL, plan BLOB NOT NULL)""",
    """CREATE TABLE snapshot_parts (part INTEGER PRIMARY KEY, blob INTEGER NOT NULL, number INTEGER NOT NULL,
       payload BLOB NOT NULL)""",
)

NO_CHAIN: Final = bytes(_HASH)
"""The chain's hash before the first batch."""


class Head(NamedTuple):
    """Where the journal ends."""

    last: int
    chain: bytes


class Batch(NamedTuple):
    """What one append wrote: entries ``first`` … ``first + size - 1``."""

    first: int
    size: int
    rules: int
    hash: bytes
    payload: bytes

    @property
    def last(self) -> int:
        """The number of its last entry."""
        return self.first + self.size - 1

    def hash_after(self, chain: bytes) -> bytes:
        """Return what its hash must be where the chain's was ``chain`` before it."""
        return chained(chain, self.first, self.size, self.rules, self.payload)


class SnapshotRow(NamedTuple):
    """A snapshot without its parts. ``chain`` is the hash of the last batch that is wholly before it."""

    after: int
    rules: int
    blob: int
    parts: int
    chain: bytes
    hash: bytes
    plan: bytes

    def hash_with(self, parts: Sequence[bytes]) -> bytes:
        """Return what its hash must be with these parts."""
        return snapshot_hash(self.after, self.rules, self.chain, self.plan, parts)


def chained(chain: bytes, first: int, count: int, rules: int, payload: bytes) -> bytes:
    """Return the hash of a batch that follows one with hash ``chain``."""
    digest = blake2b(chain, digest_size=_HASH)
    digest.update(b"%d %d %d " % (first, count, rules))
    digest.update(payload)
    return digest.digest()


def snapshot_hash(after: int, rules: int, chain: bytes, plan: bytes, parts: Sequence[bytes]) -> bytes:
    """Return the hash of a snapshot."""
    digest = blake2b(chain, digest_size=_HASH)
    digest.update(b"%d %d %d " % (after, rules, len(plan)))
    digest.update(plan)
    for part in parts:
        digest.update(part)
    return digest.digest()


Row = TypeVar("Row", Head, Batch, SnapshotRow)

_KINDS: Final = {kind: tuple(get_type_hints(kind).values()) for kind in (Head, Batch, SnapshotRow)}


def _typed(kind: type[Row], row: tuple[Any, ...]) -> Row:
    """Return the row, once its values are of the kinds they were written as: a damaged row may hold anything."""
    made = kind(*row)
    for name, expected, value in zip(kind._fields, _KINDS[kind], row, strict=True):
        if value.__class__ is not expected:
            raise sqlite3.DatabaseError(
                f"{name} of a {kind.__name__} is of kind {type(value).__name__}, not {expected.__name__}"
            )
    return made


class JournalFile:
    """An open journal. What SQLite raises passes through: the caller says what it means."""

    def __init__(self, path: Path, *, is_strict: bool = True, is_read_only: bool = False) -> None:
        mode = "ro" if is_read_only else "rw"
        self._sql: Final = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._sql.execute("PRAGMA cell_size_check = ON")
            if not is_read_only:
                self._sql.execute("PRAGMA journal_mode = WAL").fetchone()
                self._sql.execute(f"PRAGMA synchronous = {'FULL' if is_strict else 'NORMAL'}")
        except BaseException:
            self._sql.close()
            raise

    def close(self) -> None:
        """Close it; the last one to do so moves the log's content into the file."""
        self._sql.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._sql.execute("COMMIT")
        except BaseException:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            raise

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────

    def is_begun(self) -> bool:
        """Tell whether there is anything in the file."""
        return self._sql.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None

    def faults(self) -> list[str]:
        """Return what SQLite's own check finds wrong with the file's structure."""
        found = [str(text) for (text,) in self._sql.execute("PRAGMA quick_check(5)")]
        return [] if found == ["ok"] else found

    def versions(self) -> list[int]:
        """Return the versions of layout that the file names: one, where all is well."""
        return [version for (version,) in self._sql.execute("SELECT version FROM format")]

    def heads(self) -> list[Head]:
        """Return the head; a list, since only a file that is whole has exactly one."""
        return [_typed(Head, row) for row in self._sql.execute("SELECT last, hash FROM head")]

    def snapshots(self) -> list[SnapshotRow]:
        """Return the snapshots, newest first."""
        rows = self._sql.execute(
            "SELECT after, rules, blob, parts, chain, hash, plan FROM snapshots ORDER BY after DESC"
        )
        return [_typed(SnapshotRow, row) for row in rows]

    def parts(self, blob: int) -> list[bytes]:
        """Return the parts of a snapshot that are there, in order."""
        rows = self._sql.execute("SELECT payload FROM snapshot_parts WHERE blob = ? ORDER BY number", (blob,))
        return [payload for (payload,) in rows if isinstance(payload, bytes)]

    def batches(self, start: int) -> list[Batch]:
        """Return some batches, those with entry number ``start`` or a later one, in order; none at the end."""
        (first,) = self._sql.execute("SELECT max(first) FROM batches WHERE first <= ?", (start,)).fetchone()
        rows = self._sql.execute(
            "SELECT first, count, rules, hash, payload FROM batches WHERE first >= ? ORDER BY first LIMIT ?",
            (start if first is None else first, _PAGE),
        )
        found = [_typed(Batch, row) for row in rows]
        return found[1:] if found and found[0].last < start else found

    def chain_before(self, after: int) -> bytes:
        """Return the hash of the last batch that ends at entry ``after`` or earlier."""
        row = self._sql.execute(
            "SELECT hash FROM batches WHERE first <= ?1 AND first + count - 1 <= ?1 ORDER BY first DESC LIMIT 1",
            (after,),
        ).fetchone()
        if row is None:
            row = self._sql.execute(
                "SELECT chain FROM snapshots WHERE after <= ? ORDER BY after DESC LIMIT 1", (after,)
            ).fetchone()
        return NO_CHAIN if row is None else bytes(row[0])

    # ── what is written ──────────────────────────────────────────────────────────────────────────────────────

    def begin(self, rules: int, plan: bytes, parts: Sequence[bytes]) -> Head:
        """Make the tables and keep the first snapshot, all in one."""
        with self._transaction():
            for statement in _SCHEMA:
                self._sql.execute(statement)
            self._sql.execute("INSERT INTO format VALUES (?)", (VERSION,))
            self._sql.execute("INSERT INTO head VALUES (1, 0, ?)", (NO_CHAIN,))
            blob = new_blob()
            for number, part in enumerate(parts):
                self._insert_part(blob, number, part)
            self._insert_snapshot(0, rules, blob, NO_CHAIN, plan, parts)
        return Head(0, NO_CHAIN)

    def append(self, head: Head, count: int, rules: int, payload: bytes) -> Head:
        """Write a batch behind ``head`` and return the new head."""
        first = head.last + 1
        new = Head(head.last + count, chained(head.chain, first, count, rules, payload))
        execute = self._sql.execute
        with self._transaction():
            execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", (first, count, rules, new.chain, payload))
            execute("UPDATE head SET last = ?, hash = ? WHERE only = 1", new)
        return new

    def add_part(self, blob: int, number: int, part: bytes) -> None:
        """Write a part of a snapshot, which counts only once ``finish_snapshot`` is done."""
        with self._transaction():
            self._insert_part(blob, number, part)

    def finish_snapshot(self, after: int, rules: int, blob: int, plan: bytes, parts: Sequence[bytes]) -> None:
        """Let the snapshot count, and let those but for the last two count no longer."""
        with self._transaction():
            self._insert_snapshot(after, rules, blob, self.chain_before(after), plan, parts)
            self._sql.execute(
                "DELETE FROM snapshots WHERE after < (SELECT after FROM snapshots ORDER BY after DESC LIMIT 1 OFFSET 1)"
            )

    def _insert_part(self, blob: int, number: int, part: bytes) -> None:
        self._sql.execute(
            "INSERT INTO snapshot_parts (blob, number, payload) VALUES (?, ?, ?)", (blob, number, part)
        )

    def _insert_snapshot(
        self, after: int, rules: int, blob: int, chain: bytes, plan: bytes, parts: Sequence[bytes]
    ) -> None:
        hashed = snapshot_hash(after, rules, chain, plan, parts)
        row = (after, rules, blob, len(parts), chain, hashed, plan)
        self._sql.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def drop_some(self) -> bool:
        """Delete a little of what no snapshot needs; tell whether there may be more."""
        with self._transaction():
            done = self._sql.execute(
                """DELETE FROM snapshot_parts WHERE part =
                   (SELECT min(part) FROM snapshot_parts WHERE blob NOT IN (SELECT blob FROM snapshots))"""
            ).rowcount
            if not done:
                done = self._sql.execute(
                    """DELETE FROM batches WHERE first IN (SELECT first FROM batches ORDER BY first LIMIT ?)
                       AND first + count - 1 <= (SELECT min(after) FROM snapshots)""",
                    (_DELETED,),
                ).rowcount
        return done > 0


def new_blob() -> int:
    """Return a name for the parts of a snapshot that no other has."""
    return secrets.randbits(62)
