"""A line over MQTT: commands and replies are matched by their ``request``, the inbox is a topic. The link is there while both the broker
and, by its retained status, the router are.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from pydantic import ValidationError

from agents import wire
from agents.errors import ClientError, ClosedError, CommandRefused, LinkError, TakenOverError
from agents.line import Down, Kind, News, Over, Up
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, MqttError, Received, RefusedError, Will

GOODBYE_S: Final = 1.0
LOOK_S: Final = 1.0
SUBMITTER_EXPIRY_S: Final = 300
"""So long the broker keeps what it has for a submitter that lost its link."""


class MqttLine:
    """A line to the router of the centre that ``topics`` names; see ``agents.line.Line``."""

    def __init__(
        self, host: str, port: int, kind: Kind, name: str, *, topics: wire.Topics, session: str
    ) -> None:
        self._kind = kind
        self._name = name
        self._topics = topics
        self._session = session
        self._replies = topics.replies(kind, name)
        self._inbox = topics.inbox(kind, name)
        self._presence = topics.connection(name) if kind == "agents" else None
        self._broker = Broker(
            client_id=f"{kind}-{name}-{session}",
            host=host,
            port=port,
            # What an agent missed it is told by its state; what a submitter missed waits for it, and it asks besides.
            keeps_session=kind == "submitters",
            session_expiry_s=SUBMITTER_EXPIRY_S,
        )
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._asked: dict[str, tuple[str, asyncio.Future[wire.Accepted]]] = {}
        self._connection: Connection
        self._connecting: asyncio.Task[None]
        self._epoch: str | None = None
        self._why_down = "not connected yet"
        self._was_there = False
        self._over: ClientError | None = None

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        # The order matters: what the broker kept of our own connection is to be heard before the router's status.
        subscriptions = [self._replies, self._inbox, self._topics.status]
        will = None
        if self._presence is not None:
            subscriptions.insert(0, self._presence)
            will = Will(self._presence, self._connection_told(is_connected=False))
        self._connection = Connection(
            self._broker,
            self._heard,
            subscribe=subscriptions,
            will=will,
            on_up=self._on_up,
            on_down=lambda error: self._gone(str(error)),
            on_refused=self._on_refused,
        )
        await self._connection.__aenter__()
        self._connecting = asyncio.create_task(self._tell_until_connected())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hang up; the agent's connection is told to be gone."""
        self._connecting.cancel()
        await asyncio.gather(self._connecting, return_exceptions=True)
        if self._presence is not None and self._epoch is not None and self._over is None:
            self._connection.post(self._presence, self._connection_told(is_connected=False), is_retained=True)
        with suppress(MqttError):
            if self._connection.is_connected:
                await self._connection.flushed(GOODBYE_S)
        self._stop(ClosedError("the line is closed"))
        await self._connection.__aexit__()

    async def news(self) -> News:
        """Wait for what comes next."""
        return await self._news.get()

    async def latest(self, interaction_id: str) -> wire.Assigned | wire.Ended | None:
        """Return what the submitter was told last of the interaction, where it was answered or ended."""
        accepted = await self.ask("ask", wire.Ask(interaction_id=interaction_id, request=uuid4().hex))
        told = accepted.told
        return told if isinstance(told, wire.Assigned | wire.Ended) else None

    async def ask(self, verb: str, command: wire.Command) -> wire.Accepted:
        """Send a command once and wait for its answer."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        if self._epoch is None:
            raise LinkError(f"{verb}: {self._why_down}")
        assert command.request is not None, "over MQTT every command needs its request"
        topic = self._topics.command(self._kind, self._name, verb)
        answer: asyncio.Future[wire.Accepted] = asyncio.get_running_loop().create_future()
        self._asked[command.request] = topic, answer
        try:
            if not self._connection.post(topic, command.model_dump_json(exclude_none=True).encode()):
                raise LinkError(f"{verb}: too many messages wait for the broker")
            return await answer
        finally:
            del self._asked[command.request]

    # ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _tell_until_connected(self) -> None:
        while True:
            try:
                await self._connection.connected(LOOK_S)
            except MqttError as error:
                self._gone(str(error))
                await asyncio.sleep(LOOK_S / 4)
            else:
                return

    def _on_up(self) -> None:
        self._gone(
            f"the broker is there, but no router at {self._topics.status}; is the centre's name right?"
        )

    def _gone(self, why: str) -> None:
        self._epoch = None
        self._why_down = why
        self._news.put_nowait(Down(why))
        self._fail_all(LinkError(why))

    def _on_refused(self, topic: str, error: RefusedError) -> None:
        for asked, answer in list(self._asked.values()):
            if asked == topic and not answer.done():
                answer.set_exception(LinkError(str(error)))

    def _stop(self, error: ClientError) -> None:
        if self._over is None:
            self._over = error
            self._news.put_nowait(Over(error))
            self._fail_all(error)

    def _fail_all(self, error: ClientError) -> None:
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(error)

    # ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────

    def _heard(self, message: Received) -> None:
        with suppress(ValidationError):  # of a newer router: what we don't know is not for us
            if message.topic == self._inbox:
                model = wire.AGENT_MESSAGE if self._kind == "agents" else wire.SUBMITTER_MESSAGE
                self._news.put_nowait(model.validate_json(message.payload))
            elif message.topic == self._replies:
                self._answered(wire.REPLY.validate_json(message.payload))
            elif message.topic == self._topics.status:
                self._router_is(wire.RouterStatus.model_validate_json(message.payload))
            elif message.topic == self._presence:
                self._connection_is(
                    wire.Connection.model_validate_json(message.payload), is_old=message.is_retained
                )

    def _answered(self, reply: wire.Accepted | wire.Refused) -> None:
        topic, answer = self._asked.get(reply.request or "", ("", None))
        if answer is None or answer.done():
            return
        if isinstance(reply, wire.Refused):
            answer.set_exception(CommandRefused(topic.rpartition("/")[2], reply.problem))
            return
        if reply.agent is not None:
            self._news.put_nowait(reply.agent)
        answer.set_result(reply)

    def _router_is(self, status: wire.RouterStatus) -> None:
        if status.state == "gone":
            self._gone("the router is gone")
        elif status.epoch != self._epoch and self._over is None:
            if self._epoch is not None:
                self._gone("the router was started anew")
            self._epoch = status.epoch
            self._was_there = True
            self._say_connected()
            self._news.put_nowait(Up())

    def _connection_is(self, told: wire.Connection, *, is_old: bool) -> None:
        if told.session == self._session:
            is_outdated = not told.is_connected and not is_old
        elif told.is_connected:
            if not is_old or self._was_there:  # else it is of the session before ours
                self._stop(TakenOverError(f"agent {self._name!r} has signed in from elsewhere"))
            return
        else:
            is_outdated = not is_old
        if is_outdated and self._epoch is not None:  # a late will, of ours or of a session that is over
            self._say_connected()

    def _say_connected(self) -> None:
        if self._presence is not None:
            self._connection.post(self._presence, self._connection_told(is_connected=True), is_retained=True)

    def _connection_told(self, *, is_connected: bool) -> bytes:
        return wire.Connection(session=self._session, is_connected=is_connected).model_dump_json().encode()
