"""The single writer of a centre: a bounded mailbox in front of the engine, one timer for its deadlines, and what it decided let out in
order, after the journal has it. Knows signals and outcomes only; whom they concern is the business of its callers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from router.core.outcome import Outcome
from router.core.signals import Signal
from router.core.wellformed import check_kinds
from router.errors import InvariantError, OverloadedError, RouterError, SignalError
from router.ports import Clock, Core, Entry, Journal, Timer, digest

BATCH: Final = 256
"""So many signals are taken in one turn of the event loop; the rest wait for the next, and others get theirs."""

KEPT: Final = 100
"""So many signals are kept for the report when something goes wrong."""


class Reply(asyncio.Future[str]):
    """The engine's answer to a signal, once it is out. Cancelled before ``is_taken``, the signal is withdrawn."""

    is_taken = False


Decided = tuple[Outcome, tuple[Reply, str | SignalError] | None]


class Writer:
    """Takes signals from anywhere in the event loop and hands them to the core one at a time.

    Everything happens in callbacks of the loop; a task exists only while a journal is being written to. A signal's time is the
    time at which it was posted. ``deliver`` gets every outcome, then the sender its answer. What ``deliver`` or the core
    raise (but for ``SignalError``) stops the writer for good: ``on_failure`` hears of it, and so does everybody who waits.
    ``now`` is the core's clock: where the machine's is behind it, after a restart, time stands still until it has caught up; where
    it is ahead, what was due meanwhile fires after the signals that are posted before the event loop turns.
    """

    def __init__(
        self,
        core: Core,
        clock: Clock,
        deliver: Callable[[Outcome], None],
        on_failure: Callable[[RouterError], None],
        *,
        now: int = 0,
        mailbox: int,
        journal: Journal | None = None,
    ) -> None:
        if mailbox < 1:
            raise ValueError(f"a mailbox holds at least 1 signal, not {mailbox}")
        self._core = core
        self._clock = clock
        self._deliver = deliver
        self._on_failure = on_failure
        self._room = mailbox
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._mailbox: deque[tuple[int, Signal, Reply]] = deque()
        self._taken: list[Reply] = []  # of the batch that is not out yet
        self._at = now
        self._is_turn_due = False
        self._committing: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._timer_at = 0
        self._is_closed = False
        self._failure: RouterError | None = None
        self.recent: deque[tuple[int, Signal]] = deque(maxlen=KEPT)
        """The last signals that were taken, each with its time."""
        self._arm()

    def post(self, signal: Signal, at: int | None = None) -> Reply:
        """Put a signal into the mailbox; the future is the engine's answer, or its ``SignalError``. ``at``: when it happened, if not now.

        Raises ``OverloadedError`` when the mailbox is full, ``SignalError`` when the writer is closed (``closed``) or the signal
        holds values of a wrong kind (``bad-signal``).
        """
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self._is_closed:
            raise SignalError("closed", "the router is closed")
        if len(self._mailbox) >= self._room:
            raise OverloadedError(
                f"the mailbox is full: {self._room} signals wait to be taken; send it again later"
            )
        check_kinds(signal)
        reply = Reply(loop=self._loop)
        self._mailbox.append((self._clock.now() if at is None else at, signal, reply))
        self._call_turn()
        return reply

    @property
    def depth(self) -> int:
        """How many signals wait to be taken."""
        return len(self._mailbox)

    async def close(self) -> None:
        """Refuse further signals, take those that wait, and stop the timer."""
        self._is_closed = True
        while self._failure is None and (self._mailbox or self._committing is not None):
            if self._committing is not None:
                await asyncio.wait({self._committing})
            else:
                self._turn()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _call_turn(self) -> None:
        if not self._is_turn_due and self._committing is None:
            self._is_turn_due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._is_turn_due = False
        if self._committing is not None or self._failure is not None:
            return
        entries: list[Entry] = []
        decided: list[Decided] = []
        try:
            self._take(entries, decided)
            self._pass_time(entries, decided)
            if self._journal is None:
                self._release(decided)
        except Exception as error:  # noqa: BLE001 - whatever it was, the state can no longer be trusted
            self._fail(error)
            return
        if self._journal is not None and entries:
            self._committing = self._loop.create_task(self._commit(self._journal, entries, decided))
        elif self._mailbox:
            self._call_turn()
        self._arm()

    def _take(self, entries: list[Entry], decided: list[Decided]) -> None:
        """Hand a batch of signals to the core, each at the time at which it was posted."""
        for _ in range(min(len(self._mailbox), BATCH)):
            posted_at, signal, reply = self._mailbox.popleft()
            if reply.cancelled():
                continue
            reply.is_taken = True
            self._taken.append(reply)
            self._at = max(self._at, posted_at)
            self.recent.append((self._at, signal))
            answer: str | SignalError
            kept: Signal | None
            try:
                outcome = self._core.handle(signal, self._at)
                kept = signal
                answer = outcome.answer
            except SignalError as error:
                answer = error
                outcome = self._core.advance(self._at)
                kept = None
            if self._journal is not None:
                entries.append(Entry(self._at, kept, digest(outcome.facts)))
            decided.append((outcome, (reply, answer)))

    def _pass_time(self, entries: list[Entry], decided: list[Decided]) -> None:
        """Let the core fire what is due; not before signals that were posted earlier."""
        due = self._core.next_deadline()
        if due is None or self._mailbox or self._is_closed:
            return
        now = max(self._at, self._clock.now())
        if due <= now:
            self._at = now
            outcome = self._core.advance(now)
            decided.append((outcome, None))
            if self._journal is not None:
                entries.append(Entry(now, None, digest(outcome.facts)))

    async def _commit(self, journal: Journal, entries: list[Entry], decided: list[Decided]) -> None:
        try:
            await journal.append(entries)
            self._release(decided)
        except Exception as error:  # noqa: BLE001 - what was decided must not get out
            self._fail(error)
            return
        finally:
            self._committing = None
        self._call_turn()

    def _release(self, decided: list[Decided]) -> None:
        """Let out what was decided, in order: each outcome, then the answer to who asked."""
        for outcome, letter in decided:
            self._deliver(outcome)
            if letter is None:
                continue
            reply, answer = letter
            if reply.done():
                continue
            if isinstance(answer, SignalError):
                reply.set_exception(answer)
            else:
                reply.set_result(answer)
        self._taken.clear()

    def _arm(self) -> None:
        """Have one timer at the core's next deadline, or earlier: one that comes too early is set again then."""
        if self._is_closed:
            return
        due = self._core.next_deadline()
        if due is None or (self._timer is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._clock.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._turn()

    def _fail(self, error: Exception) -> None:
        """Stop for good: tell everybody who waits, and the event loop's exception handler."""
        if isinstance(error, RouterError) and not isinstance(error, SignalError):
            self._failure = error
        else:
            self._failure = InvariantError(f"the router has stopped: {type(error).__name__}: {error}")
            self._failure.__cause__ = error
        self._loop.call_exception_handler({"message": "the router has stopped", "exception": error})
        waiting = [*self._taken, *(reply for _, _, reply in self._mailbox)]
        self._taken.clear()
        self._mailbox.clear()
        for reply in waiting:
            if not reply.done():
                reply.set_exception(self._failure)
        self._on_failure(self._failure)
