"""What an arriving or transferred interaction may carry: limits, and the error for each breach. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from router.core.centre import Centre
from router.core.names import ChannelId, looks_like_id
from router.core.plan import DAY_MS
from router.core.requirement import PoolTerm, Requirement, problems, terms
from router.core.signals import NO_ATTRIBUTES, InteractionArrived
from router.errors import SignalError, did_you_mean, shown

ATTRIBUTES_MAX: Final = 64
NAME_MAX: Final = 64
TEXT_MAX: Final = 1024
LABEL_MAX: Final = 256
PREFERRED_MAX: Final = 16
PRIORITY_MAX: Final = 1_000_000
NUMBER_MAX: Final = 1 << 53
POSITION_MAX: Final = 1_000_000_000
HORIZON_MS: Final = 400 * DAY_MS


def unknown(kind: str, found: object, known: list[str]) -> SignalError:
    """Return the error for a name that is not known, with what was meant where that is clear."""
    hint = did_you_mean(found, known) if isinstance(found, str) else ""
    text = f"{kind} {shown(found)} is not known"
    return SignalError(f"unknown-{kind.split(maxsplit=1)[0]}", f"{text} ({hint})" if hint else text)


def bad_id(found: object) -> SignalError:
    """Return the error for an interaction's id that is none."""
    return SignalError(
        "bad-id", f"interaction id {shown(found)}: expected 1 to 64 letters, digits or _ . : -"
    )


def only_channel(channels: Sequence[ChannelId]) -> ChannelId:
    """Return the channel that is meant where none is said. Raises ``SignalError`` (``unknown-channel``) unless there is one only."""
    if len(channels) != 1:
        raise SignalError("unknown-channel", f"say which channel: there is {', '.join(channels) or 'none'}")
    return channels[0]


def check_contents(centre: Centre, arrival: InteractionArrived) -> None:
    """Raise the first thing wrong with what an arrival brings, in the order of docs/semantics.md, section 2."""
    if arrival.attributes is not NO_ATTRIBUTES:
        _check_attributes(arrival.attributes)
    for name, text in (("customer", arrival.customer), ("reply_to", arrival.reply_to)):
        if text is not None and (text.__class__ is not str or len(text) > LABEL_MAX):
            raise SignalError("bad-text", f"{name}: expected a text of at most {LABEL_MAX} characters")
    if arrival.preferred:
        _check_preferred(arrival.preferred)
    if arrival.priority is not None:
        check_priority(arrival.priority)
    if arrival.requirement is not None:
        check_requirement(centre, arrival.requirement)
    if arrival.position is not None:
        _check_position(centre, arrival.position)
    if (
        arrival.original_arrived_at is not None
        or arrival.due_at is not None
        or arrival.not_before is not None
        or arrival.expires_at is not None
    ):
        _check_times(centre.now, arrival)


def _check_attributes(attributes: object) -> None:
    if not isinstance(attributes, Mapping):
        raise SignalError(
            "bad-attributes", f"attributes: expected a flat map, found {type(attributes).__name__}"
        )
    if len(attributes) > ATTRIBUTES_MAX:
        raise SignalError(
            "bad-attributes", f"attributes: {len(attributes)} of them, at most {ATTRIBUTES_MAX} are taken"
        )
    for name, value in attributes.items():
        if not (isinstance(name, str) and 1 <= len(name) <= NAME_MAX):
            raise SignalError("bad-attributes", f"attributes: a name must have 1 to {NAME_MAX} characters")
        if isinstance(value, str):
            fits = len(value) <= TEXT_MAX
        elif isinstance(value, float):
            fits = isfinite(value)
        else:
            fits = isinstance(value, int) and -NUMBER_MAX <= value <= NUMBER_MAX
        if not fits:
            raise SignalError(
                "bad-attributes",
                f"attributes.{name}: expected a text of at most {TEXT_MAX} characters, a whole number within 2^53, "
                f"a finite number, true or false; found {_kind(value)}",
            )


def _kind(value: object) -> str:
    return f"a text of {len(value)}" if isinstance(value, str) else shown(value)


def _check_preferred(preferred: object) -> None:
    fits = (
        isinstance(preferred, tuple)
        and len(preferred) <= PREFERRED_MAX
        and all(looks_like_id(agent) is not None for agent in preferred)
        and len(set(preferred)) == len(preferred)
    )
    if not fits:
        raise SignalError(
            "bad-preferred",
            f"preferred: expected the ids of at most {PREFERRED_MAX} agents, each once, found {shown(preferred)}",
        )


def check_priority(priority: int) -> None:
    """Raise ``bad-priority`` unless it is an int in range."""
    if priority.__class__ is not int or abs(priority) > PRIORITY_MAX:
        raise SignalError(
            "bad-priority", f"priority: expected a whole number in ±{PRIORITY_MAX}, found {shown(priority)}"
        )


def check_requirement(centre: Centre, tree: Requirement) -> None:
    """Raise ``bad-requirement`` unless the tree is well-formed and its pools exist."""
    found = problems(tree)
    if found:
        raise SignalError("bad-requirement", "requirement: " + "; ".join(found))
    for term in terms(tree):
        if isinstance(term, PoolTerm) and term.pool not in centre.pool_ids:
            hint = did_you_mean(term.pool, sorted(centre.pool_ids))
            raise SignalError(
                "bad-requirement", f"requirement: pool {term.pool!r} is not known {hint}".rstrip()
            )


def _check_position(centre: Centre, position: object) -> None:
    if position.__class__ is not int or not 1 <= position <= POSITION_MAX:
        raise SignalError(
            "bad-position",
            f"position: expected a whole number in 1..{POSITION_MAX}, found {shown(position)}",
        )
    if not centre.order.honours_positions:
        raise SignalError(
            "bad-position",
            f"position: this centre's order is {centre.plan.order}, and positions can be asked only under strict;"
            " leave it out, or send a priority",
        )


def _check_times(now: int, arrival: InteractionArrived) -> None:
    original = arrival.original_arrived_at
    if original is not None and not (_is_time(original) and now - DAY_MS <= original <= now):
        raise SignalError(
            "bad-time", "original_arrived_at: expected a time within the last 24 hours, not in the future"
        )
    for name, time in (
        ("due_at", arrival.due_at),
        ("not_before", arrival.not_before),
        ("expires_at", arrival.expires_at),
    ):
        if time is not None and not (_is_time(time) and abs(time - now) <= HORIZON_MS):
            raise SignalError("bad-time", f"{name}: expected milliseconds within 400 days from now")


def _is_time(value: object) -> bool:
    return value.__class__ is int
