"""What a request makes of the plan's document: all of it anew, a merge patch (RFC 7396), or one part put or taken out."""

from __future__ import annotations

import json
from typing import Any, Final

from agents import wire
from router.errors import WireError
from router.transports.decoding import check_depth
from router.transports.http.handling import ProblemError
from router.transports.plans import Edit, Json
from router.transports.problems import made

DOCUMENT_MAX: Final = 8 * 1024 * 1024
"""So many bytes a document may have, like a file."""
DEPTH_MAX: Final = 32

KINDS: Final = {"sections": "section", "pools": "pool", "calendars": "calendar", "agents": "agent"}
"""The parts of a document by the key under which they stand, and what one is called."""


def document_in(body: bytes) -> Json:
    """Return the JSON object of a body. Raises ``WireError`` for no JSON, ``ProblemError`` for another value than an object."""
    try:
        text = body.decode("utf-8")
        check_depth(body, DEPTH_MAX)
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise WireError(f"not UTF-8: byte {error.start} is 0x{body[error.start]:02x}") from None
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        fault = wire.Fault(pointer="", detail=f"expected a JSON object, found {type(found).__name__}")
        raise ProblemError(made("invalid", fault.detail, 422, errors=[fault]))
    return found


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found: Json = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:60]!r} stands twice in one object")
        found[key] = value
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def whole(new: Json) -> Edit:
    """Return the edit that puts ``new`` in the place of everything."""
    return lambda _: new


def merge(patch: Json) -> Edit:
    """Return the edit of a merge patch: null takes a key out, objects are merged, everything else is put."""
    return lambda document: merged(document, patch)


def merged(target: Any, patch: Any) -> Any:
    """Return the target after the patch; RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def put_part(kind: str, name: str, part: Json) -> Edit:
    """Return the edit that adds or replaces a section, pool, calendar or agent."""

    def edit(document: Json) -> Json:
        document.setdefault(kind, {})[name] = part
        return document

    return edit


def remove_part(kind: str, name: str) -> Edit:
    """Return the edit that takes one out; it raises ``ProblemError`` (404) where there is none."""

    def edit(document: Json) -> Json:
        if name not in document.get(kind, {}):
            raise unknown(KINDS[kind], name)
        del document[kind][name]
        return document

    return edit


def put_queue(section: str, name: str, queue: Json) -> Edit:
    """Return the edit that adds or replaces a queue of a section that is there; one that had gone needs no successor any more."""

    def edit(document: Json) -> Json:
        found = _section(document, section)
        found.setdefault("queues", {})[name] = queue
        if name in document.get("successors", {}):
            del document["successors"][name]
        return document

    return edit


def remove_queue(section: str, name: str, successor: str | None) -> Edit:
    """Return the edit that takes a queue out; what is in it goes to the successor, a queue or section."""

    def edit(document: Json) -> Json:
        found = _section(document, section)
        if name not in found.get("queues", {}):
            raise unknown("queue", name)
        del found["queues"][name]
        if not found["queues"]:
            del found["queues"]
        if successor is not None:
            document.setdefault("successors", {})[name] = successor
        return document

    return edit


def put_skill(name: str) -> Edit:
    """Return the edit that adds a skill to the list of those there are. Raises ``ProblemError`` where the document has no such list."""

    def edit(document: Json) -> Json:
        skills = _skills(document)
        if name not in skills:
            skills.append(name)
        return document

    return edit


def remove_skill(name: str) -> Edit:
    """Return the edit that takes a skill out of the list; agents and requirements must not name it any more."""

    def edit(document: Json) -> Json:
        skills = _skills(document)
        if name not in skills:
            raise unknown("skill", name)
        skills.remove(name)
        return document

    return edit


def _section(document: Json, name: str) -> Json:
    found = document.get("sections", {}).get(name)
    if not isinstance(found, dict):
        raise unknown("section", name)
    return found


def _skills(document: Json) -> list[str]:
    skills = document.get("skills")
    if not isinstance(skills, list):
        detail = "the plan has no list of skills: there are those that agents have; PATCH /v1/plan with 'skills' makes one"
        raise ProblemError(made("no-skills", detail, 409))
    return skills


def unknown(what: str, name: str) -> ProblemError:
    """Return the problem of a part that is not in the document."""
    return ProblemError(made(f"unknown-{what}", f"the plan has no {what} {name!r}", 404))
