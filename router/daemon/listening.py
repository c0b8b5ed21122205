"""The daemon's transports: which are there, where they listen, and what the engine hears of a link that breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from structlog.typing import FilteringBoundLogger

from router.core.signals import LinkLost, LinkRestored, Signal
from router.daemon.gate import Gate
from router.daemon.settings import Address, Settings
from router.errors import RouterError
from router.transports.commands import Translator
from router.transports.events import EventLog
from router.transports.http import create_app, serve


class Listening:
    """Where the daemon can be reached; None: not that way."""

    http: Address | None = None
    mqtt: Address | None = None

    async def say_draining(self) -> None:
        """Tell those who listen that the router takes no new interactions."""


@asynccontextmanager
async def listen(
    settings: Settings, gate: Gate, translator: Translator, events: EventLog, log: FilteringBoundLogger
) -> AsyncIterator[Listening]:
    """Open what the settings ask for. Raises ``TransportError`` where an address cannot be had."""
    listening = Listening()
    async with AsyncExitStack() as stack:
        if settings.http is not None:
            app = create_app(
                gate,
                translator,
                events,
                why_not_ready=gate.why_not_ready,
                mailbox_depth=lambda: gate.mailbox_depth,
            )
            server = await stack.enter_async_context(serve(app, settings.http.host, settings.http.port))
            listening.http = Address(settings.http.host, server.port)
        yield listening


def _tell(gate: Gate, signal: Signal, log: FilteringBoundLogger) -> None:
    try:
        gate.post(signal)
    except RouterError as error:
        log.warning("link.not_noted", detail=str(error))


__all__ = ["LinkLost", "LinkRestored", "Listening", "listen"]
