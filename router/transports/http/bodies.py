"""Bodies of requests: read no further than they may be long, and decoded as the command that the path names."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Optional, TypeVar

from pydantic import create_model

from agents import wire
from router.core.names import ID_PATTERN
from router.errors import WireError, shown
from router.transports.decoding import decode
from router.transports.http.handling import Call, ProblemError
from router.transports.problems import made

_Asked = TypeVar("_Asked", bound=wire.Command)

MAX_DIGITS: Final = 18


def optional_in_body(command: type[_Asked], *names: str) -> type[_Asked]:
    """Return the model of a command whose fields ``names`` the path or a header gives; the body may say the same again. What it reads is
    such a command, but for those fields, which ``command_of`` fills in.
    """
    fields: dict[str, Any] = {}
    for name in names:
        field = command.model_fields[name]
        fields[name] = (Optional[Annotated[(field.annotation, *field.metadata, None)]], None)  # noqa: UP045 - made when run
    return create_model(f"{command.__name__}Body", __base__=command, __doc__=command.__doc__, **fields)


SUBMIT: Final = optional_in_body(wire.Submit, "interaction_id")
"""A submission whose id may be left out."""


def id_of(submission: wire.Submit) -> str | None:
    """Return the id that the body gave; None where it gave none, which only ``SUBMIT`` allows."""
    return submission.interaction_id


async def read(call: Call, most: int = wire.BODY_MAX, kinds: tuple[bytes, ...] = ()) -> bytes:
    """Return the body. Raises ``ProblemError``: 413 as soon as it is known to be longer than ``most``, 415 for another kind than JSON
    and those of ``kinds``.
    """
    content_type = length = None
    for key, value in call.scope["headers"]:
        if key == b"content-type":
            content_type = value
        elif key == b"content-length":
            length = value
    if length is not None and (not length.isdigit() or int(length[:MAX_DIGITS]) > most):
        raise too_large(most)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise WireError("the client went away before the end of its request")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise too_large(most)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if body and (content_type is None or not _is_json(content_type, kinds)):
        found = "none" if content_type is None else content_type.decode("latin-1")[:80]
        expected = " or ".join(["application/json", *(kind.decode() for kind in kinds)])
        raise ProblemError(
            made("unsupported-media-type", f"expected content-type {expected}, found {found}", 415)
        )
    return body


def _is_json(content_type: bytes, kinds: tuple[bytes, ...]) -> bool:
    return content_type == b"application/json" or (
        content_type.partition(b";")[0].strip().lower() in (b"application/json", *kinds)
    )


def too_large(most: int) -> ProblemError:
    """Return the problem of a body that is too long; the connection is closed, for its rest is not read."""
    return ProblemError(
        made("too-large", f"a body has at most {most} bytes", 413), [(b"connection", b"close")]
    )


def command_of(model: type[_Asked], body: bytes, told: dict[str, object]) -> _Asked:
    """Return the command of a body together with what the path has told. Raises like ``decode``, and ``ProblemError`` where the body says
    something else than the path.
    """
    command = decode(model, body)
    if not told:
        return command
    for name, value in told.items():
        said = getattr(command, name)
        if said is not None and said != value:
            detail = f"the path says {value!r}, found {said!r}"
            fault = wire.Fault(pointer=f"/{name}", detail=detail)
            raise ProblemError(made("invalid", f"/{name}: {detail}", 422, errors=[fault]))
    return command.model_copy(update=told)


_NUMBER: Final = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")


def path_id(call: Call, name: str) -> str:
    """Return an id of the path. Raises ``ProblemError`` where it is none."""
    value = call.params[name]
    if ID_PATTERN.fullmatch(value) is None:
        raise _bad_path(name, value, "1 to 64 letters, digits or _ . : -")
    return value


def path_number(call: Call, name: str) -> int:
    """Return a whole number of the path. Raises ``ProblemError`` where it is none."""
    value = call.params[name]
    if _NUMBER.fullmatch(value) is None:
        raise _bad_path(name, value, "a whole number")
    return int(value)


def _bad_path(name: str, value: str, expected: str) -> ProblemError:
    detail = f"{name} in the path: expected {expected}, found {shown(value)}"
    return ProblemError(made("bad-id", detail, 422))
