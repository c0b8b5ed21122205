"""Bytes to commands: size, depth, encoding and version are looked at before anything is built from them."""

from __future__ import annotations

import json
from typing import Final, TypeVar

from pydantic import ValidationError

from agents import wire
from router.errors import WireError

_Told = TypeVar("_Told", bound=wire.Message)

_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")


def decode(model: type[_Told], body: bytes) -> _Told:
    """Return the message. Raises ``WireError`` for what is no JSON of our version, ``pydantic.ValidationError`` for what is, but not as
    the model says. An empty body is an empty message.
    """
    if len(body) > wire.BODY_MAX:
        raise WireError(f"the message has {len(body)} bytes; at most {wire.BODY_MAX} are read")
    if not body:
        return model.model_validate_json(b"{}")
    if body.count(b"[") + body.count(b"{") > wire.DEPTH_MAX:
        check_depth(body, wire.DEPTH_MAX)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise WireError(_unreadable(body, first["msg"])) from None
        if first["loc"] == ("v",):
            raise WireError(
                f"protocol version {first['input']!r} is not spoken here; this is version {wire.VERSION}"
            ) from None
        raise


def check_depth(body: bytes, most: int) -> None:
    """Count brackets outside of texts. Raises ``WireError`` for more than ``most`` inside each other."""
    depth = 0
    is_text = is_escaped = False
    for byte in body:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif byte == 0x5C:
                is_escaped = True
            elif byte == 0x22:
                is_text = False
        elif byte == 0x22:
            is_text = True
        elif byte in _OPENING:
            depth += 1
            if depth > most:
                raise WireError(f"brackets inside each other more than {most} deep")
        elif byte in _CLOSING:
            depth -= 1


def _unreadable(body: bytes, message: str) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start} is 0x{body[error.start]:02x}"
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return message
