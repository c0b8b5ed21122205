"""The systemd unit as settings, with the few specifiers that it uses put in."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.deployment import compose

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "configs" / "deployment" / "switchroom.service"

Settings = dict[str, list[str]]


def sections() -> dict[str, Settings]:
    """Every section's settings; a key that stands there more than once has more than one value."""
    found: dict[str, Settings] = {}
    section: Settings = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        else:
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return found


def service() -> Settings:
    """The section [Service]."""
    return sections()["Service"]


def one(key: str) -> str:
    """The value of a setting of [Service] that stands there once."""
    (value,) = service()[key]
    return value


def environment(state: Path) -> dict[str, str]:
    """The variables that systemd sets, with `state` for /var/lib."""
    words = [word for line in service()["Environment"] for word in shlex.split(line)]
    return dict(word.replace("%S", str(state)).split("=", 1) for word in words)


def start_command() -> list[str]:
    """The words of ExecStart."""
    return shlex.split(one("ExecStart"))


def seconds(key: str) -> float:
    """A setting that is a time; systemd's `3min` is everybody else's `3m`."""
    return compose.seconds(one(key).replace("min", "m"))
