"""docker-compose.yml as Docker reads it: merged keys merged, variables put in, times as seconds, health checks as a command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]

_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")
_PART = re.compile(r"(\d+)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def services(environ: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Every service by name, as it comes out with these variables set."""
    found: dict[str, dict[str, Any]] = project(environ)["services"]
    return found


def project(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The whole file."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    filled: dict[str, Any] = put_in(yaml.safe_load(text), environ or {})
    return filled


def put_in(value: Any, environ: Mapping[str, str]) -> Any:
    """Replace `${NAME:-default}`, and `$$` by one dollar, in every string."""
    match value:
        case str():
            return _VARIABLE.sub(lambda found: _replacement(found, environ), value)
        case dict():
            return {key: put_in(each, environ) for key, each in value.items()}
        case list():
            return [put_in(each, environ) for each in value]
        case _:
            return value


def _replacement(found: re.Match[str], environ: Mapping[str, str]) -> str:
    if found["dollar"]:
        return "$"
    given = environ.get(found["name"], "")
    return given or found["default"] or ""


def seconds(text: str) -> float:
    """A duration such as `1m30s`."""
    parts = _PART.findall(text)
    assert "".join(number + unit for number, unit in parts) == text, f"{text!r} is no duration"
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def health_command(service: Mapping[str, Any]) -> list[str]:
    """What Docker runs in the container to see whether the service is well."""
    match service["healthcheck"]["test"]:
        case ["CMD", *argv]:
            return [str(word) for word in argv]
        case ["CMD-SHELL", str(line)]:
            return ["sh", "-c", line]
        case other:
            raise AssertionError(f"a health check is ['CMD', …] or ['CMD-SHELL', line], not {other!r}")
