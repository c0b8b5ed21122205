"""What kinds of values the fields of a signal may hold, asked where callers without a type checker come in: a wrong kind
must be their error, not the end of the router. What the rules themselves check (ids and contents of an arrival) is
left to them.
"""

from __future__ import annotations

from typing import Final, get_args

from router.core.plan import Plan
from router.core.signals import InteractionArrived, Signal
from router.errors import SignalError, shown

_TEXT: Final = ((str,), "a text")
_FLAG: Final = ((bool,), "True or False")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "interaction_id": _TEXT,
    "agent_id": _TEXT,
    "section": _TEXT,
    "channel": _TEXT,
    "queue": ((str, type(None)), "a text or None"),
    "offer_id": ((int,), "a whole number"),
    "reason": _TEXT,
    "ready": _FLAG,
    "keep_place": _FLAG,
    "to_people": _FLAG,
    "plan": ((Plan,), "a Plan"),
}

_FIELDS: Final[dict[type, tuple[tuple[int, str, tuple[type, ...], str], ...]]] = {
    kind: tuple(
        (place, name, *_KINDS[name])
        for place, name in enumerate(kind._fields)
        if name in _KINDS and (kind is not InteractionArrived or name != "interaction_id")
    )
    for kind in get_args(Signal)
}


def check_kinds(signal: Signal) -> None:
    """Raise ``SignalError`` (``bad-signal``) for what is no signal, or has a value of a wrong kind, naming the field."""
    fields = _FIELDS.get(signal.__class__)
    if fields is None:
        raise SignalError("bad-signal", f"expected a signal of router.core.signals, found {shown(signal)}")
    for place, name, kinds, expected in fields:
        value = signal[place]
        if not isinstance(value, kinds):
            where = f"{type(signal).__name__}.{name}"
            raise SignalError("bad-signal", f"{where}: expected {expected}, found {shown(value)}")
