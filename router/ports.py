"""What the shell asks of the world around it, as small protocols. No implementation lives here, and none is imported."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol
from zlib import crc32

from router.core.centre import Centre
from router.core.effects import Effect
from router.core.explain import Explanation
from router.core.facts import Fact
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.signals import Signal


class Core(Protocol):
    """What decides: the engine, seen from the shell. Times are milliseconds and never go back."""

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Let time pass up to ``now``, take the signal; raises ``SignalError`` when it is not legal."""

    def advance(self, now: int) -> Outcome:
        """Let time pass up to ``now``."""

    def next_deadline(self) -> int | None:
        """Return the earliest moment at which something happens by itself."""


class Timer(Protocol):
    """Something that was to be called later."""

    def cancel(self) -> None:
        """Don't call it; harmless when it was called or cancelled already."""


class Clock(Protocol):
    """Where the shell's time comes from. ``now`` never goes back."""

    def now(self) -> int:
        """Return the time in milliseconds."""

    def call_at(self, at: int, callback: Callable[[], None]) -> Timer:
        """Call back once the time is ``at``; never before, and never from within this call."""


class Entry(NamedTuple):
    """What the core was given, and a digest of what it made of it.

    ``signal`` None: time passed up to ``at`` (milliseconds), because something was due or a signal was refused then.
    ``facts_digest`` is ``digest`` of the facts that came out, so that a replay can show that it decides the same.
    """

    at: int
    signal: Signal | None
    facts_digest: int


def digest(facts: Sequence[Fact]) -> int:
    """Return a 32-bit digest of what happened: 0 for nothing, the same for equal facts in every process."""
    return crc32(repr(facts).encode()) if facts else 0


class Journal(Protocol):
    """Where signals are made durable before anybody hears of what they caused."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Return once all entries are kept, in order. Refused signals are not among them, the time they let pass is.

        What it raises stops the router: what had been decided and is not kept must not get out.
        """


class Recovered(NamedTuple):
    """What a store kept: the state of the engine at one moment, and everything it was given since."""

    plan: Plan
    snapshot: Mapping[str, object]
    entries: Iterable[Entry]


class Store(Journal, Protocol):
    """A journal that can be read again, with snapshots so that reading takes not too long. One process at a time has it."""

    def recover(self) -> Recovered | None:
        """Return what is kept; None when nothing was ever begun. Raises ``CorruptError`` for what cannot be trusted."""

    async def begin(self, plan: Plan, snapshot: Mapping[str, object]) -> None:
        """Keep the first snapshot, of an engine that has done nothing yet. Raises ``ConflictError`` where something is kept."""

    async def keep(self, plan: Plan, snapshot: Mapping[str, object], after: int) -> None:
        """Keep a snapshot of the engine as it was after entry number ``after``; drop what only older ones need.

        The last two snapshots stay, and every entry since the older of them.
        """

    async def close(self) -> None:
        """Finish writing and let go of the files; another process may have them then."""


class Front(Protocol):
    """The router, as a transport sees it."""

    @property
    def centre(self) -> Centre:
        """The state of the engine, to be read within one turn of the event loop, never changed. It may be ahead of what
        the journal holds by the batch that is just being written.
        """

    def now(self) -> int:
        """Return the time in milliseconds."""

    def post(self, signal: Signal) -> Future[str]:
        """Send a signal; the future is the engine's answer once what it caused is kept, or its ``SignalError``.

        Raises ``OverloadedError`` when the mailbox is full, ``SignalError`` (``closed``) when the router is.
        """

    def explain(self, interaction_id: str) -> Explanation:
        """Say where an interaction is, who could take it, and why the others cannot; ``SignalError`` when it is not known."""

    def on_fact(self, sink: FactSink) -> Callable[[], None]:
        """Have ``sink`` called with every fact once it is kept; call what is returned to end that."""

    def on_effect(self, sink: EffectSink) -> Callable[[], None]:
        """Have ``sink`` called with everything the world is asked to do; call what is returned to end that."""


EffectSink = Callable[[Effect], object]
"""Carries out an effect: quick, and without waiting for anything. What it returns is not looked at."""

FactSink = Callable[[Fact], object]
"""Takes note of a fact: quick, and without waiting for anything. What it returns is not looked at."""
