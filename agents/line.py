"""What a client needs of a transport: one try at a command, and news in their order. Repeating and remembering happen above."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Protocol, Self
from urllib.parse import urlsplit

from agents import wire
from agents.errors import AddressError, ClientError, MissingExtraError

Kind = Literal["agents", "submitters"]

_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
EXAMPLES: Final = "mqtt://127.0.0.1:1883 or http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Up:
    """The link is there, for the first time or again, or the router was started anew. What was missed meanwhile is in ``state``, where
    the transport tells it by itself; else a sign-in is to ask for it.
    """

    state: wire.AgentState | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """The link is gone, for ``reason``; the line tries to get it back by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class Over:
    """The line will never be there again."""

    error: ClientError


News = Up | Down | Over | wire.Message
"""What a line tells: how it is, and each message of the inbox. The state that answers a sign-in is among them, in its place, where the
transport keeps replies and messages in one order.
"""


class Line(Protocol):
    """A link to the router that comes back by itself. To be entered; entering does not wait for the link."""

    async def __aenter__(self) -> Self:
        """Begin to connect."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hang up; the agent is known to be gone at once where the transport can say so."""

    async def ask(self, verb: str, command: wire.Command) -> wire.Accepted:
        """Send a command once and wait for its answer. Raises ``CommandRefused``, or ``LinkError`` where no answer can be expected."""

    async def latest(self, interaction_id: str) -> wire.Assigned | wire.Ended | None:
        """Return what a submitter was told last of the interaction, where there is an answer or end and the transport can be asked; else
        None. Raises like ``ask``.
        """

    async def news(self) -> News:
        """Wait for what comes next."""


def line_to(url: str, kind: Kind, name: str, *, centre: str, session: str, prefix: str) -> Line:
    """Return the line of one agent or submitter, by the address's scheme.

    Raises ``AddressError`` for an address or a name that can never work, ``MissingExtraError`` where the transport's library is missing.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{url!r} is no address: {error}; write {EXAMPLES}") from None
    if parts.scheme not in {"mqtt", "http", "https"} or not host:
        raise AddressError(f"{url!r} is no address of a router; write {EXAMPLES}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise AddressError(f"{url!r}: leave out what follows the port; write {EXAMPLES}")
    if parts.username is not None or parts.password is not None:
        raise AddressError(f"the address of {host} holds a user or password, which nothing here can use yet")
    _check_name(kind, name)
    if parts.scheme == "mqtt":
        _check_name("centre", centre)
        try:
            from agents.mqtt_line import MqttLine
        except ModuleNotFoundError as error:
            raise _missing(error, "aiomqtt", "mqtt", "mqtt") from error
        return MqttLine(host, port or 1883, kind, name, topics=wire.Topics(centre, prefix), session=session)
    try:
        from agents.http import HttpLine
    except ModuleNotFoundError as error:
        raise _missing(error, "httpx", parts.scheme, "client") from error
    return HttpLine(url, kind, name)


def _check_name(what: str, name: str) -> None:
    if _ID.fullmatch(name) is None:
        found = f"found {name!r}" if name else "none was given"
        raise AddressError(f"{what}: expected 1 to 64 letters, digits or _ . : -, {found}")


def _missing(error: ModuleNotFoundError, library: str, scheme: str, extra: str) -> Exception:
    return MissingExtraError(scheme, extra) if (error.name or "").partition(".")[0] == library else error
