"""The router on a broker: what comes in goes to the desk or to presence, what goes out is published within bounds, and the router's own
status says whether it is there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Final, Literal, Self

from pydantic import ValidationError

from agents import wire
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, ConnectionLostError, MqttError, Received, Will
from router.core.facts import Fact
from router.core.names import ID_PATTERN
from router.errors import TransportError, WireError
from router.ports import Front
from router.transports.commands import Translator
from router.transports.decoding import decode
from router.transports.events import EventLog
from router.transports.inbox import Inboxes, Letter
from router.transports.mqtt.desk import Desk
from router.transports.mqtt.presence import Sessions
from router.transports.problems import invalid, made, problem

REPLIES_WAITING: Final = 20_000
LETTERS_WAITING: Final = 10_000
EVENTS_WAITING: Final = 5_000
DEAD_LETTERS_WAITING: Final = 1_000
"""So many messages of all kinds may wait for the broker before a further one of this kind is dropped: what can be asked for again first."""

TOPIC_SHOWN: Final = 256
START_SHOWN: Final = 128
GOODBYE_S: Final = 2.0
SIGHTINGS: Final = 2
"""On so many connections another router must have been seen before the younger of the two stops."""

LinkHook = Callable[[int], object]
"""Told the router's time in milliseconds."""


class MqttTransport:
    """Commands, replies, inboxes, presence and events over a broker: ``async with MqttTransport(…)``. Starts at once, whether the broker
    is there or not, and comes back by itself.

    ``broker`` says where; its client id and session are the transport's own. ``on_link_down``, ``on_link_up`` tell when agents cannot be
    heard. ``recent`` are the last facts before a crash: what they mean to submitters is told again. ``epoch`` names this start of the
    daemon. ``failure`` says why it has ended for good: a bug, or another router of this centre.
    """

    def __init__(
        self,
        front: Front,
        translator: Translator,
        events: EventLog,
        broker: Broker,
        *,
        centre_id: str,
        prefix: str = "switchroom",
        publish_events: bool = False,
        epoch: str | None = None,
        on_link_up: LinkHook | None = None,
        on_link_down: LinkHook | None = None,
        recent: Sequence[Fact] = (),
    ) -> None:
        self._front = front
        self._events = events
        self._publish_events = publish_events
        self._recent = recent
        self._on_link_up = on_link_up
        self._on_link_down = on_link_down
        self.epoch = f"{front.now():014d}-{token_hex(4)}" if epoch is None else epoch
        self.dropped: Counter[str] = Counter()
        """How many messages were not published since too many waited, or since a rule of the broker forbids it, by kind."""
        self._topics = wire.Topics(centre_id, prefix)
        self._state: Literal["running", "draining", "gone"] = "running"
        self._sightings: set[int] = set()
        self._links = 0
        self._ended = asyncio.Event()
        self._ends: list[Callable[[], None]] = []
        self._sessions = Sessions(front)
        self._connection = Connection(
            replace(broker, client_id=f"{prefix}-{centre_id}-router", keeps_session=True),
            self._receive,
            subscribe=[
                self._topics.agent_commands,
                self._topics.submitter_commands,
                self._topics.connections,
                self._topics.status,
            ],
            acknowledges=True,
            will=Will(self._topics.status, self._status("gone")),
            on_up=self._up,
            on_down=self._down,
            on_refused=self._refused,
            waiting_max=REPLIES_WAITING,
        )
        self._desk = Desk(
            front,
            translator,
            self._topics,
            self._sessions,
            answer=self._answer,
            bury=self._bury,
            acknowledge=self._connection.acknowledge,
        )

    async def __aenter__(self) -> Self:
        """Start connecting; raises nothing where the broker is away."""
        inboxes = Inboxes(self._front, self._deliver)
        self._ends.append(inboxes.close)
        inboxes.tell_again(self._recent)
        self._recent = ()
        if self._publish_events:
            self._ends.append(self._events.on_event(self._publish_event))
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Publish what waits and that the router is gone, for at most two seconds, and leave."""
        for end in self._ends:
            end()
        if self.is_connected:
            self.announce("gone")
            with suppress(ConnectionLostError):  # the broker has our will
                await self._connection.flushed(GOODBYE_S)
        await self._connection.__aexit__()

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there and has our subscriptions."""
        return self._connection.is_connected

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many commands there were, by verb and result."""
        return self._desk.counts

    @property
    def backlog(self) -> int:
        """How many messages wait for the broker."""
        return self._connection.backlog

    @property
    def failure(self) -> BaseException | None:
        """Why the transport has ended for good; None while it goes on."""
        return self._connection.failure

    async def connected(self, timeout_s: float | None = None) -> None:
        """Wait until the broker is there. Raises ``TransportError`` after ``timeout_s``, or when it refuses us."""
        try:
            await self._connection.connected(timeout_s)
        except MqttError as error:
            raise TransportError(str(error)) from None

    async def ended(self) -> BaseException:
        """Wait until the transport has ended for good, and return why."""
        await self._ended.wait()
        assert self.failure is not None
        return self.failure

    def announce(self, state: Literal["running", "draining", "gone"]) -> None:
        """Say how the router is, to everybody and for later."""
        self._state = state
        self._connection.post(self._topics.status, self._status(state), is_retained=True)

    # ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _receive(self, message: Received) -> None:
        if (agent := self._topics.connected_agent(message.topic)) is not None:
            self._take_connection(agent, message)
        elif message.topic == self._topics.status:
            self._take_status(message)
        else:
            self._desk.take(message)

    def _take_connection(self, agent: str, message: Received) -> None:
        def done() -> None:
            self._connection.acknowledge(message)

        if not message.payload:  # somebody cleared what was retained
            done()
            return
        told: wire.Problem | None = None
        try:
            connection = decode(wire.Connection, message.payload)
        except WireError as error:
            told = problem(error)
        except ValidationError as error:
            told = invalid(error)
        else:
            if ID_PATTERN.fullmatch(agent) is None or not self._sessions.told(agent, connection, done):
                told = made("unknown-agent", "the topic names no agent of this centre", 404)
        if told is not None:
            self.counts["connection", told.code] += 1
            self._bury(message, told)
            done()

    def _take_status(self, message: Received) -> None:
        """Look whether another router uses our name. The broker lets one in at a time, so each throws the other out, for ever; the younger
        one stops. What is seen on the first connection may be from an earlier run.
        """
        self._connection.acknowledge(message)
        try:
            status = decode(wire.RouterStatus, message.payload)
        except (WireError, ValidationError):
            return
        if status.epoch == self.epoch:
            if status.state == "gone" and self._state != "gone" and not message.is_retained:
                self.announce(self._state)  # our own will, late
            return
        if self._links < 2 or (status.state == "gone" and not message.is_retained):
            return
        self._sightings.add(self._links)
        if len(self._sightings) >= SIGHTINGS and status.epoch < self.epoch:
            raise TransportError(
                f"another router of this centre is connected to this broker: it has been running since epoch {status.epoch}, "
                f"we are {self.epoch}. Stop one of them, or give them centres or prefixes of their own."
            )

    # ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, sender: wire.Sender, reply: wire.Reply) -> None:
        self._post("replies", self._topics.replies(sender.kind, sender.name), reply, REPLIES_WAITING)

    def _deliver(self, letter: Letter) -> None:
        if letter.kind == "agents" and not self._sessions.speaks(letter.name):
            return
        if letter.kind == "submitters" and ID_PATTERN.fullmatch(letter.name) is None:
            return  # submitted inside the process, to be told there
        self._post("letters", self._topics.inbox(letter.kind, letter.name), letter.message, LETTERS_WAITING)

    def _publish_event(self, event: wire.Event) -> None:
        self._post("events", self._topics.events(event.section or "-"), event, EVENTS_WAITING)

    def _bury(self, message: Received, told: wire.Problem) -> None:
        dead = wire.DeadLetter(
            topic=message.topic[:TOPIC_SHOWN],
            problem=told,
            length=len(message.payload),
            start=message.payload[:START_SHOWN].decode(errors="backslashreplace"),
        )
        self._post("dead letters", self._topics.dead_letters, dead, DEAD_LETTERS_WAITING)

    def _post(self, kind: str, topic: str, message: wire.Message, room: int) -> None:
        if not self._connection.post(topic, wire.to_json(message), room=room):
            self.dropped[kind] += 1

    # ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _status(self, state: Literal["running", "draining", "gone"]) -> bytes:
        return wire.RouterStatus(state=state, epoch=self.epoch).model_dump_json().encode()

    def _up(self) -> None:
        self._links += 1
        self.announce(self._state)
        if self._on_link_up is not None:
            self._on_link_up(self._front.now())

    def _down(self, _: MqttError) -> None:
        if self._on_link_down is not None:
            self._on_link_down(self._front.now())
        if self.failure is not None:
            self._ended.set()

    def _refused(self, topic: str, _: MqttError) -> None:
        self.dropped["forbidden"] += 1
