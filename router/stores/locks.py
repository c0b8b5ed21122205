"""One process at a time: a lock on a file beside the store, which the system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from router.errors import ConflictError, UnavailableError


class FileLock:
    """An exclusive lock. The file holds the owner's process id, for the message only; it stays when the lock is let go."""

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what
        self._descriptor: int | None = None

    def try_take(self) -> bool:
        """Take the lock if nobody has it. Raises ``UnavailableError`` when the file cannot be made."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UnavailableError(
                f"{self._path}: the lock file cannot be opened: {error.strerror}; "
                "the folder must be writable for the user the router runs as"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass  # a full disk: the name of the holder is missing from a message, the lock holds
        self._descriptor = descriptor
        return True

    def take(self, wait_s: float = 0) -> None:
        """Take the lock, waiting up to ``wait_s`` seconds. Raises ``ConflictError``, which says who has it."""
        give_up_at = time.monotonic() + wait_s
        while not self.try_take():
            if time.monotonic() >= give_up_at:
                raise ConflictError(
                    f"{self._path.with_suffix('')}: {self._what} by {self._holder()}; "
                    "stop that process first, or use another path"
                )
            time.sleep(0.01)

    def _holder(self) -> str:
        try:
            text = self._path.read_text(errors="replace").strip()
        except OSError:
            text = ""
        return f"process {text}" if text.isdigit() else "another process"

    def release(self) -> None:
        """Let go; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
