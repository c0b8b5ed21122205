"""Every error the router raises on purpose, and nothing else.

The tree says whose fault it is: the configuration's author, the caller, the peer on the wire, a plugin, a store,
a transport, or ourselves. Nothing here knows the engine; every floor may import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final


class RouterError(Exception):
    """The root of all errors of the router; never raised itself."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration: where it is, what it is, and what would do.

    ``file`` is as the reader named it (empty for a text given in a program), ``line`` and ``column`` count from 1
    (0: unknown), ``path`` is the dotted place inside the file (``sections.billing.queues[0].ladder``).
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(RouterError):
    """A configuration that cannot be used; ``problems`` holds every one of them, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PlanError(ConfigError):
    """A configuration that is well-formed but impossible: an overflow cycle, a pool nobody can be in, …"""


class SignalError(RouterError):
    """The caller's fault: the signal names something unknown, or comes when it may not.

    The engine's state is as it was, except for what the passing of time had changed before. ``code`` is stable and
    meant for programs; ``state`` is the real state where the signal came too late (an offer's end, say).
    """

    def __init__(self, code: str, message: str, *, state: str = "") -> None:
        self.code = code
        self.state = state
        super().__init__(message)


class WireError(RouterError):
    """The peer's fault: undecodable, or of a version we do not speak. Answered, never fatal."""


class PolicyError(RouterError):
    """A policy raised, or returned what its contract does not allow."""


class StoreError(RouterError):
    """A store could not do what was asked; its subclasses say whether to try again."""


class UnavailableError(StoreError):
    """The store does not answer, or has no room: what was to be kept is not, or may not be; start again when it is back."""


class ConflictError(StoreError):
    """Somebody else has the store, or it holds something already."""


class CorruptError(StoreError):
    """What the store holds is not what was written. Nothing was taken from it; the message says where, and what would do."""


class TransportError(RouterError):
    """A transport could not carry a message."""


class OverloadedError(RouterError):
    """The mailbox is full: the signal was not taken, and may be sent again later."""


class InvariantError(RouterError):
    """Our bug: a state that cannot be. Stop taking work and keep the last signals for the report."""


GUESSED_LENGTH_MAX: Final = 256
GUESSED_AMONG_MAX: Final = 5_000


def shown(value: object) -> str:
    """Return the value as a message shows it: cut to 80 characters. Never raises, whatever it is given."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - nested too deep, too many digits, or a repr of somebody else's that fails
        text = f"a value of type {type(value).__name__} that cannot be written out"
    return text if len(text) <= 80 else text[:76] + "…" + text[-1]


def did_you_mean(found: str, known: Sequence[str]) -> str:
    """Return ``did you mean 'x'?`` for the closest of ``known``, or a list of what there is, or an empty text.

    Nothing is guessed where that would take long: for a very long text, or among very many.
    """
    if len(found) > GUESSED_LENGTH_MAX or len(known) > GUESSED_AMONG_MAX:
        return ""
    close = get_close_matches(found, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if known and len(known) <= 8:
        return "there is " + ", ".join(repr(name) for name in known)
    return ""
