"""Errors to problems of the wire (RFC 9457): the same code, status and advice over every transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agents import wire
from router.errors import ConfigError, OverloadedError, Problem, RouterError, SignalError, WireError, shown

TYPE_BASE: Final = "urn:switchroom:problem:"

STATUS: Final[Mapping[str, int]] = {
    "unknown-interaction": 404,
    "unknown-agent": 404,
    "unknown-offer": 404,
    "conflict": 409,
    "illegal-state": 409,
    "interaction-ended": 409,
    "offer-ended": 409,
    "not-yours": 403,
    "not-automated": 409,
    "offline": 409,
    "holds-work": 409,
    "offer-held": 409,
    "no-callbacks": 409,
    "events-gone": 410,
    "events-ahead": 409,
    "plan-rejected": 409,
    "closed": 503,
    "draining": 503,
}
"""The HTTP status of a ``SignalError``'s code; 422 for all others."""

UNAVAILABLE: Final = 503
RETRY_AFTER_S: Final = 1


def problem(error: RouterError) -> wire.Problem:
    """Return the problem of an error that the router raised."""
    match error:
        case SignalError():
            status = STATUS.get(error.code, 422)
            retry = RETRY_AFTER_S if status == UNAVAILABLE else None
            return made(error.code, str(error), status, state=error.state, retry_after_s=retry)
        case OverloadedError():
            return made("overloaded", str(error), 429, retry_after_s=RETRY_AFTER_S)
        case ConfigError():
            return made(
                "bad-requirement", "the requirement cannot be used", 422, errors=faults_of(error.problems)
            )
        case WireError():
            return made("unreadable", str(error), 400)
        case _:
            return made("stopped", f"the router has stopped: {error}", 503)


def invalid_plan(error: ConfigError) -> wire.Problem:
    """Return the problem of a plan that cannot be used: everything wrong with its document, each with its place."""
    faults = faults_of(error.problems)
    return made("invalid-plan", _summary(faults), 422, errors=faults)


def faults_of(problems: Iterable[Problem]) -> list[wire.Fault]:
    """Return what is wrong with a configuration as faults."""
    return [
        wire.Fault(pointer=_pointer(each.path), detail=_sentence(each.message, each.hint))
        for each in problems
    ]


def invalid(error: ValidationError) -> wire.Problem:
    """Return the problem of a message that is not as its model says: every fault with its place."""
    faults = [
        wire.Fault(pointer="".join(f"/{step}" for step in each["loc"]), detail=_described(each))
        for each in error.errors(include_url=False)
    ]
    return made("invalid", _summary(faults), 422, errors=faults)


def made(
    code: str,
    detail: str,
    status: int,
    *,
    state: str = "",
    retry_after_s: int | None = None,
    errors: list[wire.Fault] | None = None,
) -> wire.Problem:
    """Return a problem whose type and title follow from its code."""
    return wire.Problem(
        type=TYPE_BASE + code,
        title=code.replace("-", " "),
        status=status,
        detail=detail,
        code=code,
        state=state,
        retry_after_s=retry_after_s,
        errors=errors or [],
    )


def _summary(faults: list[wire.Fault]) -> str:
    first = f"{faults[0].pointer or 'the message'}: {faults[0].detail}"
    return first if len(faults) == 1 else f"{first}; and {len(faults) - 1} more"


def _described(detail: ErrorDetails) -> str:
    """Return what is wrong in words; with what was found, unless that may hold what is nobody else's business."""
    said = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
    found = detail["input"]
    if isinstance(found, dict | list) or detail["loc"][:1] in {("attributes",), ("customer",)}:
        return said
    return f"{said}, found {shown(found)}"


def _pointer(path: str) -> str:
    return "".join(f"/{step}" for step in path.replace("[", ".").replace("]", "").split(".") if step)


def _sentence(message: str, hint: str) -> str:
    return f"{message} ({hint})" if hint else message
