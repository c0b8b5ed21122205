"""Keeping a snapshot from another process while the one that routes goes on, which so never stops to write its whole state down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from router.core.plan import Plan
from router.core.rules import RULES
from router.errors import ConflictError
from router.ports import Recovered
from router.stores.faults import translated
from router.stores.journal_file import Head, JournalFile, new_blob
from router.stores.opening import compaction_lock, inspect, journal_lock, places
from router.stores.recovery import entries_after, last_good_snapshot, read_head
from router.stores.snapshot_blob import encode_plan, encode_state


class Compaction:
    """A journal that somebody else may be appending to, opened to keep a snapshot in it: ``with Compaction(path) as compaction``.

    ``last`` is the number of the last entry as it was at the opening. One compaction at a time: ``ConflictError`` otherwise, and where
    there is no journal. The routing process waits for it for single short transactions only.
    """

    def __init__(self, path: str | Path) -> None:
        self._where: Final = places(path)
        self._path: Final = self._where.database
        if not self._path.exists():
            raise ConflictError(
                f"{self._path}: there is no journal here; give the folder, or the file, that `switchroom serve --journal` has"
            )
        self._keeping: Final = compaction_lock(self._where)
        self._keeping.take()
        routing = journal_lock(self._where)
        try:
            if routing.try_take():
                # Nobody routes, so nobody has looked at the files since they were last written.
                inspect(self._where)
            with translated(self._path, "opening the journal"):
                self._file = JournalFile(self._path)
            head = read_head(self._path, self._file, None)
            if head is None:
                self._file.close()
                raise ConflictError(f"{self._path}: there is no journal here yet")
        except BaseException:
            self._keeping.release()
            raise
        finally:
            routing.release()
        self._head: Final[Head] = head

    @property
    def last(self) -> int:
        """The number of the last entry there was at the opening: what ``recover`` goes up to, and ``keep`` may be told."""
        return self._head.last

    def recover(self) -> Recovered:
        """Return the last good snapshot and every entry from there up to number ``last``, as ``Store.recover`` does."""
        good = last_good_snapshot(self._path, self._file, self._head)
        entries = entries_after(self._path, self._file.batches, good.after, good.chain, self._head)
        return Recovered(good.plan, good.state, entries)

    def keep(self, plan: Plan, snapshot: Mapping[str, object]) -> None:
        """Keep the snapshot of an engine that was given everything up to number ``last``; drop what only older ones need."""
        parts = encode_state(snapshot)
        blob = new_blob()
        with translated(self._path, "keeping a snapshot"):
            for number, part in enumerate(parts):
                self._file.add_part(blob, number, part)
            self._file.finish_snapshot(self.last, RULES, blob, encode_plan(plan), parts)
            while self._file.drop_some():
                pass

    def close(self) -> None:
        """Let go of the files."""
        with translated(self._path, "closing the journal"):
            self._file.close()
        self._keeping.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
