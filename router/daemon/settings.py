"""What the daemon is told when it is started: where the centre is, where to listen, what to keep and how safely."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from router.errors import ConfigError, Problem

Durability = Literal["memory", "relaxed", "strict"]

Protocol = Literal["3.1.1", "5"]

MQTT_PORT: Final = 1883
PREFIX: Final = re.compile(r"[A-Za-z0-9_.:-]+(/[A-Za-z0-9_.:-]+)*")
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0: any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``http`` and ``mqtt`` None: without. ``redact`` names attributes whose values never appear in the log. ``speed`` lets the centre's
    time run faster, for demonstrations. ``drain_s``: so long may contacts go on when the daemon is told to end.
    """

    centre: Path
    http: Address | None = Address("127.0.0.1", 8080)
    mqtt: Address | None = None
    mqtt_prefix: str = "switchroom"
    mqtt_protocol: Protocol = "5"
    journal: Path = Path("journal")
    durability: Durability = "strict"
    redact: frozenset[str] = frozenset()
    speed: float = 1.0
    drain_s: float = 10.0
    snapshot_every: int = 100_000


def http_address(text: str) -> Address | None:
    """Read ``host:port``, or ``off``. Raises ``ConfigError`` for anything else, and for what is not a loopback address."""
    return None if text == "off" else _loopback(_split("http", f"//{text}", None), "http", text)


def mqtt_address(text: str) -> Address | None:
    """Read ``mqtt://host:port``, or ``off``. Raises ``ConfigError`` like ``http_address``."""
    if text == "off":
        return None
    if not text.startswith("mqtt://"):
        raise _wrong("mqtt", f"found {text!r}", "write mqtt://127.0.0.1:1883 or off")
    return _loopback(_split("mqtt", text, MQTT_PORT), "mqtt", text)


def mqtt_prefix(text: str) -> str:
    """Return the text. Raises ``ConfigError`` for what no topic can begin with: a broker would refuse each of them, for ever."""
    if PREFIX.fullmatch(text) is None:
        hint = "write levels of letters, digits, _ . : or -, with / between them, such as switchroom"
        raise _wrong("mqtt-prefix", f"no topic can begin with {text!r}", hint)
    return text


def _split(name: str, url: str, default: int | None) -> Address:
    example = "127.0.0.1:8080" if default is None else f"mqtt://127.0.0.1:{default}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port if parts.port is not None else default
    except ValueError as error:
        raise _wrong(name, f"{url.removeprefix('//')!r}: {error}", f"write {example}") from None
    if "@" in parts.netloc:  # its content is not shown: it may be a password
        raise _wrong(name, "found a user name, which is not sent", f"write {example}")
    if not host or port is None or parts.path.strip("/"):
        raise _wrong(name, f"{url.removeprefix('//')!r} is no host and port", f"write {example}")
    return Address(host, port)


def _loopback(address: Address, name: str, text: str) -> Address:
    if address.host not in LOOPBACK:
        raise _wrong(
            name,
            f"{text!r} is not on this machine: without authorisation the daemon talks to loopback only",
            "use 127.0.0.1, and a tunnel or proxy that asks who is there",
        )
    return address


def _wrong(name: str, message: str, hint: str) -> ConfigError:
    return ConfigError([Problem("", 0, 0, name, message, hint)])
