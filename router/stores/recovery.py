"""What a journal file holds, verified: that it is whole as far as it says, the last good snapshot, and every entry behind it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from router.core.plan import Plan
from router.core.rules import RULES
from router.errors import CorruptError
from router.ports import Entry
from router.stores.acknowledged import Acknowledged
from router.stores.faults import ADVICE, corrupt, translated
from router.stores.journal_file import VERSION, Batch, Head, JournalFile, SnapshotRow
from router.stores.records import UnknownRecordError, decode
from router.stores.snapshot_blob import decode_plan, decode_state

Read = Callable[[int], list[Batch]]
"""Reads some batches, from the one with this entry number on; none at the end."""

_NEWER: Final = "nothing was changed. Run the version of switchroom that wrote it; docs/journal.md says how to go over to this one"


class GoodSnapshot(NamedTuple):
    """A snapshot whose hash is right. ``warnings``: newer ones that are damaged, which entries make up for."""

    after: int
    chain: bytes
    plan: Plan
    state: Mapping[str, Any]
    warnings: tuple[str, ...]


def read_head(path: Path, file: JournalFile, acknowledged: Acknowledged | None) -> Head | None:
    """Return where the journal ends; None when nothing was ever begun. Raises ``CorruptError`` when it says otherwise itself."""
    with translated(path, "reading where the journal ends"):
        if not file.is_begun():
            if acknowledged is not None:
                raise corrupt(
                    path, "tables", "none", f"a journal of at least {acknowledged.last} entries", _MISSING
                )
            return None
        faults = file.faults()
        if faults:
            raise corrupt(path, "structure", "; ".join(faults), "'ok' from SQLite's check")
        versions = file.versions()
        if versions != [VERSION]:
            raise corrupt(path, "table format", f"version {versions}", f"version [{VERSION}]", _NEWER)
        heads = file.heads()
        if len(heads) != 1:
            raise corrupt(path, "table head", f"{len(heads)} rows", "1 row")
    (head,) = heads
    if acknowledged is not None:
        _check_acknowledged(path, head, acknowledged)
    return head


_MISSING: Final = (
    f"acknowledged entries are missing; {ADVICE}. If it is a backup that you put there on purpose, delete "
    "the file whose name ends in -ack beside it: what came after the backup is then given up"
)


def _check_acknowledged(path: Path, head: Head, acknowledged: Acknowledged) -> None:
    if head.last < acknowledged.last:
        raise corrupt(
            path,
            "end of the journal",
            f"entry {head.last}",
            f"entry {acknowledged.last}, which was acknowledged",
            _MISSING,
        )
    if head.last == acknowledged.last and head.chain != acknowledged.chain:
        raise corrupt(
            path,
            f"entry {head.last}",
            f"hash {head.chain.hex()}",
            f"{acknowledged.chain.hex()}, which was acknowledged",
            _MISSING,
        )


# ── snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────


def last_good_snapshot(path: Path, file: JournalFile, head: Head) -> GoodSnapshot:
    """Return the newest snapshot that is whole.

    An older one only where every entry since is there, so that nothing is lost; ``CorruptError`` otherwise.
    """
    damaged: list[str] = []
    with translated(path, "reading the snapshots"):
        for row in file.snapshots():
            fault = ""
            parts = file.parts(row.blob)
            if len(parts) != row.parts:
                fault = f"found {len(parts)} parts, expected {row.parts}"
            elif row.hash_with(parts) != row.hash:
                fault = f"found hash {row.hash_with(parts).hex()}, expected {row.hash.hex()}"
            if fault:
                damaged.append(f"{path}: the snapshot after entry {row.after} is damaged: {fault}")
                continue
            good = _opened(path, row, parts, damaged)
            if damaged:
                for _ in batches_after(path, file.batches, good.after, good.chain, head):
                    pass
            return good
    found = "; ".join(damaged) or "none"
    raise corrupt(path, "snapshots", found, "at least one that is whole")


def _opened(path: Path, row: SnapshotRow, parts: list[bytes], damaged: list[str]) -> GoodSnapshot:
    warnings = tuple(
        f"{text}; an older one and every entry since are whole and make up for it" for text in damaged
    )
    try:
        return GoodSnapshot(row.after, row.chain, decode_plan(row.plan), decode_state(parts), warnings)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise corrupt(
            path, f"the snapshot after entry {row.after}", str(error), "one of this version's making", _NEWER
        ) from error


# ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def batches_after(path: Path, read: Read, after: int, chain: bytes, upto: Head) -> Iterator[Batch]:
    """Yield every batch with entries behind ``after``, verified, up to and with the one that ends at ``upto``."""
    number = after
    while number < upto.last:
        with translated(path, f"reading entry {number + 1}"):
            found = read(number + 1)
        if not found:
            raise corrupt(path, f"entry {number + 1}", "the end of the journal", f"entries up to {upto.last}")
        for batch in found:
            if batch.first != number + 1 and not (number == after and batch.first <= number + 1):
                raise corrupt(path, f"entry {number + 1}", f"entry {batch.first}", f"entry {number + 1}")
            expected = batch.hash_after(chain)
            if expected != batch.hash:
                raise corrupt(path, _place(batch), f"hash {batch.hash.hex()}", expected.hex())
            number, chain = batch.last, batch.hash
            yield batch
            if number >= upto.last:
                break
    if (number, chain) != upto:
        raise corrupt(
            path,
            "end of the journal",
            f"entry {number} with hash {chain.hex()}",
            f"entry {upto.last} with hash {upto.chain.hex()}, as table head says",
        )


def entries_after(path: Path, read: Read, after: int, chain: bytes, upto: Head) -> Iterator[Entry]:
    """Yield every entry behind number ``after``. Raises ``CorruptError`` where the chain breaks, or a record cannot be replayed."""
    for batch in batches_after(path, read, after, chain, upto):
        entries = _entries(path, batch)
        yield from entries if batch.first > after else entries[after + 1 - batch.first :]


def _place(batch: Batch) -> str:
    return f"entries {batch.first} to {batch.last}"


def _entries(path: Path, batch: Batch) -> list[Entry]:
    if batch.rules != RULES:
        raise _other_rules(path, batch)
    try:
        entries = decode(batch.payload)
    except UnknownRecordError as error:
        raise corrupt(path, _place(batch), str(error), "records that this version knows", _NEWER) from error
    if len(entries) != batch.size:
        raise corrupt(path, _place(batch), f"{len(entries)} entries", f"{batch.size}")
    return entries


def _other_rules(path: Path, batch: Batch) -> CorruptError:
    return corrupt(
        path,
        _place(batch),
        f"entries written under rules {batch.rules}",
        f"rules {RULES}, by which this version decides",
        "nothing was changed. Entries of other rules are not replayed: start the version that wrote them and stop it "
        "in the ordinary way, or run its compaction, so that it keeps a snapshot of the end; then start this one",
    )
