"""From what a store kept back to the engine as it was: the snapshot, then every entry again, seeing that it decides the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from router.core.engine import Engine
from router.core.facts import Fact
from router.errors import CorruptError, SignalError
from router.policies import BUILT_IN
from router.ports import Entry, Recovered, digest


class Replayed(NamedTuple):
    """The engine, how many entries it was given since the snapshot, and how many facts came out."""

    engine: Engine
    entries: int
    facts: int


def replay(recovered: Recovered, told: Callable[[Sequence[Fact]], object] = len) -> Replayed:
    """Return the engine as it was after the last entry; ``told`` gets the facts of each entry, as they were told the first time.

    Raises ``CorruptError`` when the snapshot cannot be restored, or when this program decides otherwise than the one that wrote the
    journal; entries are counted from the snapshot, the first one 1.
    """
    try:
        engine = Engine.restore(recovered.plan, BUILT_IN, recovered.snapshot)
    except ValueError as error:
        raise CorruptError(
            f"the journal's snapshot cannot be restored: {error}; run the version that wrote it, or go back to a backup"
        ) from error
    handle, advance = engine.handle, engine.advance
    number = fact_count = 0
    for entry in recovered.entries:
        number += 1
        at, signal, expected = entry
        try:
            facts = (advance(at) if signal is None else handle(signal, at)).facts
        except SignalError as error:
            raise _otherwise(number, entry, f"refuses it ({error.code}: {error})") from error
        fact_count += len(facts)
        told(facts)
        found = digest(facts)
        if found != expected:
            raise _otherwise(
                number, entry, f"decides facts with digest {found:08x}, not {expected:08x}: {_listed(facts)}"
            )
    return Replayed(engine, number, fact_count)


def _otherwise(number: int, entry: Entry, how: str) -> CorruptError:
    what = "the passing of time" if entry.signal is None else f"a {type(entry.signal).__name__}"
    return CorruptError(
        f"entry {number} after the snapshot, {what} at {entry.at} ms: this program {how}; it decides otherwise than the one "
        "that wrote the journal. Nothing was changed: run the version that wrote it and stop it in the ordinary way, so "
        "that it keeps a snapshot, then start this one; and report it if the version is the same"
    )


def _listed(facts: Sequence[object]) -> str:
    return ", ".join(type(fact).__name__ for fact in facts[:8]) or "nothing"
