"""The daemon's transports: which are there, where they listen, and what the engine hears of a link that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from router.core.facts import Fact
from router.core.signals import LinkLost, LinkRestored, Signal
from router.daemon.gate import Gate
from router.daemon.settings import Address, Settings
from router.errors import RouterError, TransportError
from router.transports.commands import Translator
from router.transports.events import EventLog
from router.transports.plans import PlanDesk

if TYPE_CHECKING:
    from router.transports.mqtt import MqttTransport

BROKER_S = 5.0
"""So long a start waits for the broker; without one the daemon starts all the same, and says so."""


class Listening:
    """Where the daemon can be reached; None: not that way."""

    def __init__(self) -> None:
        self.http: Address | None = None
        self.mqtt: Address | None = None
        self.transport: MqttTransport | None = None

    def say_draining(self) -> None:
        """Tell those who listen that the router takes no new interactions."""
        if self.transport is not None:
            self.transport.announce("draining")

    async def failed(self) -> TransportError:
        """Wait until a transport has ended for good, and return why."""
        if self.transport is None:
            await asyncio.Event().wait()
        assert self.transport is not None
        return TransportError(str(await self.transport.ended()))


@asynccontextmanager
async def listen(
    settings: Settings,
    gate: Gate,
    translator: Translator,
    events: EventLog,
    log: FilteringBoundLogger,
    recent: Sequence[Fact] = (),
    plans: PlanDesk | None = None,
) -> AsyncIterator[Listening]:
    """Open what the settings ask for; ``recent`` is what happened last before a crash, ``plans`` where HTTP reads and changes the plan.

    Raises ``TransportError`` where an address cannot be had.
    """
    listening = Listening()
    async with AsyncExitStack() as stack:
        if settings.mqtt is not None:
            listening.mqtt = settings.mqtt
            listening.transport = await stack.enter_async_context(
                _mqtt(settings, settings.mqtt, gate, translator, events, log, recent)
            )
            try:
                await listening.transport.connected(BROKER_S)
            except TransportError as error:
                log.warning("mqtt.waiting", broker=str(settings.mqtt), detail=str(error))
        else:
            await _tell(gate, LinkRestored(), log)
        if settings.http is not None:
            from router.transports.http import create_app, serve

            app = create_app(
                gate,
                translator,
                events,
                why_not_ready=gate.why_not_ready,
                mailbox_depth=lambda: gate.mailbox_depth,
                mqtt=listening.transport,
                plans=plans,
            )
            server = await stack.enter_async_context(serve(app, settings.http.host, settings.http.port))
            listening.http = Address(settings.http.host, server.port)
        yield listening


def _mqtt(
    settings: Settings,
    address: Address,
    gate: Gate,
    translator: Translator,
    events: EventLog,
    log: FilteringBoundLogger,
    recent: Sequence[Fact],
) -> MqttTransport:
    from agents.mqtt_terms import Broker
    from router.transports.mqtt import MqttTransport

    told: set[asyncio.Task[None]] = set()

    def link(signal: Signal, event: str) -> None:
        log.info(event, broker=str(address))
        task = asyncio.ensure_future(_tell(gate, signal, log))
        told.add(task)
        task.add_done_callback(told.discard)

    return MqttTransport(
        gate,
        translator,
        events,
        Broker(client_id="", host=address.host, port=address.port, protocol=settings.mqtt_protocol),
        centre_id=gate.plan.centre_id,
        prefix=settings.mqtt_prefix,
        publish_events=True,
        on_link_up=lambda _: link(LinkRestored(), "mqtt.connected"),
        on_link_down=lambda _: link(LinkLost(), "mqtt.lost"),
        recent=recent,
    )


async def _tell(gate: Gate, signal: Signal, log: FilteringBoundLogger) -> None:
    """Tell the engine of a link; while the router ends there is nothing to tell any more."""
    try:
        await gate.post(signal)
    except RouterError as error:
        log.debug("link.not_noted", signal=type(signal).__name__, detail=str(error))
