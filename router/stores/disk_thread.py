"""The one thread that waits for the disk, so that the event loop never does, and that nobody else's work is in its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

_Task = tuple["Future[Any]", Callable[[], Any]]


class DiskThread:
    """Calls what it is given, one after the other, in its own thread."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._later: Callable[[], None] | None = None
        self._later_at = 0.0
        self._thread: Final = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], Result]) -> Future[Result]:
        """Call ``work`` after all that was given before; the future is its result."""
        future: Future[Result] = Future()
        self._tasks.put((future, work))
        return future

    def call_later(self, seconds: float, work: Callable[[], None]) -> None:
        """Call ``work`` once, so many seconds from now, between other calls. To be called in the thread itself; ``work`` raises nothing."""
        self._later = work
        self._later_at = time.monotonic() + seconds

    def stop(self) -> None:
        """Return once everything was called that was given before, except for what was to be called later."""
        self._tasks.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                timeout = None if self._later is None else self._later_at - time.monotonic()
                task = self._tasks.get(timeout=timeout if timeout is None else max(0.0, timeout))
            except Empty:
                self._call_what_is_due()
                continue
            if task is None:
                return
            future, work = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                    future.set_exception(error)
            del task, future, work  # or the last result lives until the next call
            if self._later is not None and time.monotonic() >= self._later_at:
                self._call_what_is_due()

    def _call_what_is_due(self) -> None:
        work, self._later = self._later, None
        if work is not None:
            work()
