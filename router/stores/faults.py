"""What SQLite and the system raise, as the router's errors: whose fault, which file, and what would do."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from router.errors import CorruptError, StoreError, UnavailableError

ADVICE: Final = (
    "nothing was changed. Copy the journal's files away first; then put a backup in their place, "
    "or begin anew in an empty folder. docs/journal.md says what to expect of each"
)
"""What is said to the operator of a damaged journal."""

_DAMAGED: Final = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
}
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def corrupt(path: Path, where: str, found: str, expected: str, advice: str = ADVICE) -> CorruptError:
    """Return the error for damage: the file, the place in it, what is there and what should be."""
    return CorruptError(f"{path}: {where}: found {found}, expected {expected}; {advice}")


@contextmanager
def translated(path: Path, doing: str) -> Iterator[None]:
    """Raise what SQLite and the system raise inside as ``StoreError``; other errors pass."""
    try:
        yield
    except StoreError:
        raise
    except sqlite3.Error as error:
        raise _of_sqlite(path, doing, error) from error
    except UnicodeDecodeError as error:  # SQLite quotes names as it finds them, in its messages too
        raise corrupt(path, doing, str(error), "a journal that SQLite can read") from error
    except OSError as error:
        raise _of_system(path, doing, error) from error


def _of_sqlite(path: Path, doing: str, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return corrupt(path, doing, f"{error} ({name})", "a journal that SQLite can read")
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return UnavailableError(
                f"{path}: the disk is full while {doing} ({name}); nothing more is kept. "
                "Make room on the file system, then start again: what was acknowledged is there"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return UnavailableError(
                f"{path}: locked by another program while {doing} ({name}); "
                "close whatever else has the file open (a shell, a backup), then start again"
            )
        case sqlite3.SQLITE_READONLY if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            # Nobody but the file's own header says so, by the number of a format that SQLite does not write.
            return corrupt(path, doing, f"{error} ({name})", "a journal that SQLite can write")
        case known if known in _DAMAGED:
            return corrupt(path, doing, f"{error} ({name})", "a journal that SQLite can read")
        case sqlite3.SQLITE_IOERR:
            return UnavailableError(
                f"{path}: the disk failed while {doing} ({name}); nothing more is kept. "
                "Look into the system's log, check quota and disk, then start again"
            )
        case _:
            return UnavailableError(
                f"{path}: {error} ({name}) while {doing}; check that the file and its folder are "
                "writable for the user the router runs as, then start again"
            )


def _of_system(path: Path, doing: str, error: OSError) -> StoreError:
    if error.errno in _FULL:
        return UnavailableError(
            f"{path}: the disk is full while {doing}; nothing more is kept. "
            "Make room on the file system, then start again: what was acknowledged is there"
        )
    return UnavailableError(
        f"{path}: {error.strerror} while {doing}; nothing more is kept. "
        "Check the disk, and that the folder is writable for the user the router runs as, then start again"
    )
