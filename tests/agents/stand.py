"""What the clients' tests talk to: a router under a manual clock behind real sockets, which can be stopped and started again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from pydantic import JsonValue

from agents.client import AgentClient
from agents.mqtt_terms import Broker
from agents.submitter import SubmitterClient
from router.core.plan import Plan
from router.core.requirement import All, Requirement
from router.testing import ManualClock, TestRouter
from router.transports.commands import Translator
from router.transports.events import EventLog
from router.transports.http import Server, create_app, serve
from router.transports.mqtt import MqttTransport
from tests.servers import mosquitto

PATIENCE_S: Final = 8.0
"""So long a test waits for what must come; nothing is measured by it."""


def read_requirement(written: JsonValue, plan: Plan) -> Requirement:
    """Ask for nothing: these tests have other concerns."""
    return All(of=())


async def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110 - what is waited for has no bell
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"expected that {what}") from None


class Transport(Protocol):
    """One way to a router."""

    @property
    def url(self) -> str:
        """Where it is."""

    async def open(self, router: TestRouter, events: EventLog) -> None:
        """Listen for the router."""

    async def close(self) -> None:
        """Stop listening for the router."""

    async def break_link(self) -> None:
        """Cut what is between clients and router for a moment; both are there all the time."""

    def end(self) -> None:
        """Leave nothing behind."""


class OverHttp:
    """HTTP on a port that stays the same."""

    def __init__(self) -> None:
        self._port = 0
        self._server: Server | None = None
        self._router: TestRouter | None = None
        self._events: EventLog | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self, router: TestRouter, events: EventLog) -> None:
        self._router, self._events = router, events
        app = create_app(router, Translator(lambda: router.plan, read_requirement), events)
        self._server = serve(app, "127.0.0.1", self._port)
        await self._server.start()
        self._port = self._server.port

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()
            self._server = None

    def end(self) -> None:
        pass

    async def break_link(self) -> None:
        assert self._router is not None
        assert self._events is not None
        await self.close()
        await self.open(self._router, self._events)


class OverMqtt:
    """A real mosquitto, which the router comes to and leaves."""

    def __init__(self, folder: Path) -> None:
        self.broker = mosquitto(folder)
        self.broker.start()
        self._transport: MqttTransport | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker.port}"

    async def open(self, router: TestRouter, events: EventLog) -> None:
        self._transport = MqttTransport(
            router,
            Translator(lambda: router.plan, read_requirement),
            events,
            Broker(client_id="", host="127.0.0.1", port=self.broker.port),
            centre_id="test",
        )
        await self._transport.__aenter__()
        await self._transport.connected(PATIENCE_S)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.__aexit__()
            self._transport = None

    async def break_link(self) -> None:
        self.broker.kill()  # told to stop, it would publish all last wills first, and the agents would be lost indeed
        self.broker.start()

    def end(self) -> None:
        self.broker.stop()


class Stand:
    """A router and one way to it; clients are made by ``agent`` and ``submitter``."""

    def __init__(self, plan: Plan, transport: Transport) -> None:
        self._plan = plan
        self._transport = transport
        self._clock = ManualClock()
        self.router = TestRouter(plan, clock=self._clock)
        self._events: EventLog

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.stop()
        finally:
            self._transport.end()

    @property
    def url(self) -> str:
        return self._transport.url

    async def _start(self) -> None:
        await self.router.__aenter__()
        self._events = EventLog(self.router, centre_id="test")
        await self._transport.open(self.router, self._events)

    async def stop(self) -> str:
        """Stop the router and return its snapshot, as text."""
        await self._transport.close()
        self._events.close()
        await self.router.close()
        return json.dumps(self.router.snapshot())

    async def start(self, snapshot: str | None) -> None:
        """Start another router from the snapshot, or one that knows nothing."""
        kept = None if snapshot is None else json.loads(snapshot)
        self.router = TestRouter(self._plan, clock=self._clock, snapshot=kept)
        await self._start()

    async def cancelled_meanwhile(self, snapshot: str, interaction_id: str) -> str:
        """Return a snapshot in which an interaction was cancelled, by a router that no client has heard."""
        async with TestRouter(self._plan, clock=self._clock, snapshot=json.loads(snapshot)) as router:
            await router.interaction(interaction_id).cancel()
            return json.dumps(router.snapshot())

    async def break_link(self) -> None:
        await self._transport.break_link()

    def agent(self, name: str, **more: object) -> AgentClient:
        return AgentClient(self.url, agent=name, centre="test", **{"heartbeat_s": 0.05, **more})  # type: ignore[arg-type]

    def submitter(self, name: str = "shop", **more: object) -> SubmitterClient:
        return SubmitterClient(self.url, name=name, centre="test", **more)  # type: ignore[arg-type]
