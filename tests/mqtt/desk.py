"""What the tests of the transport talk to: a router with a journal in memory on a broker, and a plain client of that broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal, Self

from pydantic import JsonValue

from agents import wire
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, Received, Will
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.errors import ConfigError, Problem
from router.ports import Entry
from router.service.router import Router
from router.testing import a_plan, a_section, an_agent
from router.transports.commands import Translator
from router.transports.events import EventLog
from router.transports.mqtt import MqttTransport
from tests.servers import Server

TOPICS = wire.Topics("test")
Kind = Literal["agents", "submitters"]
Protocol = Literal["3.1.1", "5"]


class Journal:
    """Keeps entries in memory, and takes its time when told to."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_waiting = asyncio.Event()

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep the entries once the gate is open."""
        self.is_waiting.set()
        await self.gate.wait()
        self.entries += entries


def no_requirement(written: JsonValue, plan: Plan) -> Requirement:
    """Refuse: these tests bring none that is right."""
    raise ConfigError([Problem("", 0, 0, "requirement", "expected none here")])


def small_plan() -> Plan:
    """Two agents and a section with one queue."""
    return a_plan(an_agent("ann"), an_agent("bob"), sections=[a_section("s")])


class Desk:
    """A router on the broker, to be entered."""

    def __init__(
        self,
        server: Server,
        *,
        protocol: Protocol = "5",
        mailbox: int = 10_000,
        events: bool = False,
        epoch: str | None = None,
        username: str | None = None,
        prefix: str = "switchroom",
    ) -> None:
        self.journal = Journal()
        self.router = Router(small_plan(), journal=self.journal, mailbox=mailbox)
        self.ups: list[int] = []
        self.downs: list[int] = []
        self.down = asyncio.Event()
        self.transport: MqttTransport
        self._server = server
        self._protocol: Protocol = protocol
        self._events = events
        self._epoch = epoch
        self._username = username
        self._prefix = prefix
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.router)
        events = EventLog(self.router, centre_id="test")
        self._stack.callback(events.close)
        self.transport = MqttTransport(
            self.router,
            Translator(lambda: self.router.plan, no_requirement),
            events,
            Broker(client_id="", port=self._server.port, protocol=self._protocol, username=self._username),
            centre_id="test",
            prefix=self._prefix,
            publish_events=self._events,
            epoch=self._epoch,
            on_link_up=self.ups.append,
            on_link_down=self._down,
        )
        await self._stack.enter_async_context(self.transport)
        await self.transport.connected(10)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.journal.gate.set()
        await self._stack.aclose()

    def _down(self, at: int) -> None:
        self.downs.append(at)
        self.down.set()

    def presence(self, agent: str) -> str:
        """How the engine sees the agent."""
        return next(each.presence for each in self.router.centre.agents.values() if each.id == agent)


class Peer:
    """Somebody else's program: hears everything of the centre, says what the test wants. To be entered."""

    def __init__(
        self,
        server: Server,
        name: str = "peer",
        *,
        protocol: Protocol = "5",
        will: Will | None = None,
        username: str | None = None,
        topics: wire.Topics = TOPICS,
    ) -> None:
        self._topics = topics
        self.heard: list[tuple[str, Any]] = []
        self.retained: list[tuple[str, Any]] = []
        self._more = asyncio.Event()
        self.connection = Connection(
            Broker(client_id=name, port=server.port, protocol=protocol, username=username),
            self._receive,
            subscribe=[
                f"{topics.root}/+/+/replies",
                f"{topics.root}/+/+/inbox",
                f"{topics.root}/router/#",
                f"{topics.root}/events/#",
            ],
            will=will,
        )

    async def __aenter__(self) -> Self:
        await self.connection.__aenter__()
        await self.connection.connected(10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.__aexit__()

    def _receive(self, message: Received) -> None:
        told = (message.topic.removeprefix(self._topics.root + "/"), json.loads(message.payload))
        (self.retained if message.is_retained else self.heard).append(told)
        self._more.set()

    def say(self, sender: str, verb: str, /, **fields: object) -> asyncio.Future[None]:
        """Send a command; ``sender`` is ``agents/ann``, say."""
        return self.raw(sender, verb, json.dumps(fields).encode())

    def raw(
        self, sender: str, verb: str, payload: bytes, *, is_retained: bool = False
    ) -> asyncio.Future[None]:
        """Send bytes as a command."""
        return self.connection.publish(
            f"{self._topics.root}/{sender}/commands/{verb}", payload, is_retained=is_retained
        )

    def connection_of(self, agent: str, session: str, *, is_connected: bool) -> asyncio.Future[None]:
        """Publish what an agent's ``connection`` topic says."""
        told = wire.Connection(session=session, is_connected=is_connected).model_dump_json().encode()
        return self.connection.publish(self._topics.connection(agent), told, is_retained=True)

    def on(self, topic: str) -> list[Any]:
        """What was heard on a topic, below the centre's."""
        return [told for where, told in self.heard if where == topic]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what is heard makes it so."""
        async with asyncio.timeout(20):
            while not is_so():
                self._more.clear()
                await self._more.wait()

    async def reply(self, sender: str, request: str, number: int = 1) -> Any:
        """Wait for the ``number``th reply to the request, and return it."""

        def found() -> list[Any]:
            return [each for each in self.on(f"{sender}/replies") if each["request"] == request]

        await self.until(lambda: len(found()) >= number)
        return found()[number - 1]

    async def ask(self, sender: str, verb: str, /, **fields: object) -> Any:
        """Send a command, and return the reply."""
        count = len([each for each in self.on(f"{sender}/replies") if each["request"] == fields["request"]])
        await self.say(sender, verb, **fields)
        return await self.reply(sender, str(fields["request"]), count + 1)

    async def inbox(self, name: str, kind: str) -> Any:
        """Wait for a message of this type in the inbox, and return it."""

        def found() -> list[Any]:
            return [each for each in self.on(f"{name}/inbox") if each["type"] == kind]

        await self.until(lambda: bool(found()))
        return found()[-1]


async def until(is_so: Callable[[], bool]) -> None:
    """Let everything else run until it is so."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - whatever makes it so tells nobody
            await asyncio.sleep(0.01)
