"""The one home of aiomqtt: a connection to a broker that comes back by itself, acknowledges what it received when it is told to, and
hears refusals. Both sides use it. Knows topics and bytes, nothing of what they mean.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Self

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agents import mqtt_packets as packets

IN_FLIGHT_MAX: Final = 200
"""So many published messages may wait for the broker's acknowledgement; less where an MQTT 5 broker says so."""
WAITING_MAX: Final = 10_000
"""So many messages may wait to be published before further ones are refused as ``FullError``."""
RECEIVE_MAX: Final = 1_000
"""So many messages an MQTT 5 broker may send before the first is acknowledged; brokers have bounds of their own."""
BACKOFF_S: Final = 0.1
BACKOFF_MAX_S: Final = 1.0
ANSWER_WITHIN_S: Final = 5.0
"""So long the broker may take to answer a connection or a subscription."""

_READ_SIZE: Final = 65_536
_FAILURE: Final = 0x80
"""Reason codes from here on say no."""

_QUIET: Final = logging.getLogger("agents.mqtt")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class MqttError(Exception):
    """The root of what goes wrong between us and a broker; never raised itself."""


class ConnectionLostError(MqttError):
    """There is no connection, or it ended before the broker had answered."""


class RefusedError(MqttError):
    """The broker said no: to the connection, a subscription, or (MQTT 5 only) a message. MQTT 3.1.1 brokers drop silently what a rule
    forbids, which looks like success.
    """


class FullError(MqttError):
    """Too many messages wait to be published: this one was not taken."""


class Will(NamedTuple):
    """What the broker publishes (QoS 1) when we vanish; ``delay_s`` later with MQTT 5, where flapping is not worth a word."""

    topic: str
    payload: bytes
    is_retained: bool = True
    delay_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to be known there.

    ``keepalive_s`` is how fast it notices that we hang (times 1.5): 5 at most. ``keeps_session``: it keeps subscriptions and QoS 1 messages
    while we are away, ``session_expiry_s`` long (MQTT 5; 3.1.1 brokers have a setting of their own); needs a ``client_id`` that
    stays the same.
    """

    client_id: str
    host: str = "127.0.0.1"
    port: int = 1883
    protocol: Literal["3.1.1", "5"] = "5"
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    keepalive_s: int = 5
    keeps_session: bool = False
    session_expiry_s: int = 3_600


class Received(NamedTuple):
    """A message from the broker. ``is_retained``: it is old, from before the subscription. ``is_repeated``: it may have come before."""

    topic: str
    payload: bytes
    is_retained: bool
    is_repeated: bool
    acknowledgement: tuple[int, int]
    """For ``Connection.acknowledge`` only."""


class _Outgoing(NamedTuple):
    topic: str
    payload: bytes
    is_retained: bool
    published: asyncio.Future[None] | None


class Connection:
    """A connection that comes back: ``async with Connection(broker, receive, subscribe=[…]) as connection``.

    Tries from its start on, with back-off and jitter, subscribes anew each time, and calls ``on_up``, ``on_down`` as the link comes and
    goes.
    ``receive`` gets every message as it arrives, called from the event loop: quick, and without waiting. What it raises ends the
    connection for good. With ``acknowledges`` False each message counts as done when ``receive`` returns; with True not before
    ``acknowledge``: what was not acknowledged comes again after a reconnect, where the broker keeps the session.
    Messages are published in order, QoS 1; those without an answer when the link breaks are published again. For one event loop.
    """

    def __init__(
        self,
        broker: Broker,
        receive: Callable[[Received], None],
        *,
        subscribe: Iterable[str] = (),
        acknowledges: bool = False,
        will: Will | None = None,
        on_up: Callable[[], None] | None = None,
        on_down: Callable[[MqttError], None] | None = None,
        on_refused: Callable[[str, RefusedError], None] | None = None,
        in_flight_max: int = IN_FLIGHT_MAX,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._broker = broker
        self._receive = receive
        self._subscriptions = [(topic, 1) for topic in subscribe]
        self._acknowledges = acknowledges
        self._will = will
        self._on_up = on_up
        self._on_down = on_down
        self._on_refused = on_refused
        self._in_flight_max = in_flight_max
        self._window = in_flight_max
        self._waiting_max = waiting_max
        self._waiting: deque[_Outgoing] = deque()
        self._in_flight: dict[int, _Outgoing] = {}
        self._link: _Link | None = None  # once it is subscribed
        self._link_now: _Link | None = None  # as soon as packets may come
        self._links = 0
        self._early: list[Received] | None = None  # heard on a link that is not up yet
        self._is_closing = False
        self._closing = asyncio.Event()
        self._change = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._error: MqttError = ConnectionLostError("not connected yet")
        self.failure: BaseException | None = None
        """Why it will not come back: what ``receive`` or a hook raised; None while all is well."""

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        """Start connecting; don't wait for it."""
        self._task = asyncio.get_running_loop().create_task(self._keep_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Say good-bye to the broker, so that no will is published; messages that wait are dropped."""
        self._is_closing = True
        self._closing.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        for outgoing in [*self._in_flight.values(), *self._waiting]:
            _finish(outgoing, ConnectionLostError("the connection was closed"))
        self._in_flight.clear()
        self._waiting.clear()

    @property
    def is_connected(self) -> bool:
        """Whether the link is up and subscribed, as far as we know: a dead peer is noticed after 1.5 keepalives."""
        return self._link is not None

    @property
    def backlog(self) -> int:
        """How many messages wait to be published or for the broker's acknowledgement."""
        return len(self._waiting) + len(self._in_flight)

    async def connected(self, timeout_s: float | None = None) -> None:
        """Wait until the link is up. Raises ``RefusedError`` as soon as the broker refuses us (trying goes on),
        ``ConnectionLostError`` with the last cause after ``timeout_s``.
        """
        await self._until(lambda: self.is_connected, timeout_s, raises_refusal=True)

    async def flushed(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged all that was published. Raises ``ConnectionLostError`` after ``timeout_s``."""
        await self._until(lambda: self.backlog == 0, timeout_s, raises_refusal=False)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, topic: str, payload: bytes, *, is_retained: bool = False) -> asyncio.Future[None]:
        """Publish; the future is done once the broker has the message, or ``RefusedError``. Raises ``FullError`` when too many wait."""
        if len(self._waiting) >= self._waiting_max:
            raise FullError(f"{self._waiting_max} messages wait to be published; try again later")
        published: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Outgoing(topic, payload, is_retained, published))
        self._pump()
        return published

    def post(self, topic: str, payload: bytes, *, is_retained: bool = False, room: int | None = None) -> bool:
        """Publish without waiting for anything; False when ``room`` messages (None: the connection's bound) wait already: it was not taken.

        A refusal is told to ``on_refused``.
        """
        if len(self._waiting) >= (self._waiting_max if room is None else room):
            return False
        self._waiting.append(_Outgoing(topic, payload, is_retained, None))
        self._pump()
        return True

    def acknowledge(self, message: Received) -> None:
        """Tell the broker that the message is done. Does nothing when the link broke since: the broker sends it again."""
        link_number, mid = message.acknowledgement
        if mid and self._link_now is not None and link_number == self._links:
            self._link_now.acknowledge(mid)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _until(
        self, is_so: Callable[[], bool], timeout_s: float | None, *, raises_refusal: bool
    ) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so():
                    if self.failure is not None or self._is_closing:
                        raise ConnectionLostError(f"the connection has ended: {self.failure or 'closed'}")
                    if raises_refusal and isinstance(self._error, RefusedError):
                        raise self._error
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            raise ConnectionLostError(
                f"broker {self._broker.host}:{self._broker.port}, {timeout_s} s: {self._error}"
            ) from None

    async def _keep_connected(self) -> None:
        failures = 0
        while not self._is_closing:
            try:
                was_up = await self._live_once()
            except Exception as error:  # noqa: BLE001 - a hook's or receive's: kept for who asks, nothing goes on
                self._end(error)
                return
            failures = 0 if was_up else failures + 1
            pause = min(BACKOFF_MAX_S, BACKOFF_S * 2 ** min(failures, 10))
            await self._pause(pause * random.uniform(0.5, 1.0))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass

    async def _live_once(self) -> bool:
        """Connect, and return once the link is gone: whether it had been up."""
        link = _Link(self._broker, self._will, self._heard, self._answered, self._links + 1)
        link.set_manual_acknowledgement()
        self._links += 1
        self._link_now = link
        early: list[Received] = []
        self._early = early
        was_up = False
        try:
            try:
                await link.open(self._subscriptions)
                self._window = min(self._in_flight_max, link.window)
                self._error = ConnectionLostError("the connection was lost")
                self._link = link
                was_up = True
                if self._on_up is not None:
                    self._on_up()
                self._early = None
                for received in early:
                    self._heard(received)
                self._change.set()
                self._pump()
                self._error = await link.lost(self._closing)
            except MqttError as error:
                self._error = error
        finally:
            self._link = self._link_now = None
            await link.close()
            self._waiting.extendleft(reversed(self._in_flight.values()))
            self._in_flight.clear()
        if link.failure is not None:
            raise link.failure
        if was_up and self._on_down is not None:
            self._on_down(self._error)
        self._change.set()
        return was_up

    def _end(self, error: Exception) -> None:
        self.failure = error
        self._is_closing = True
        self._change.set()
        asyncio.get_running_loop().call_exception_handler(
            {"message": "an MQTT connection has ended", "exception": error}
        )
        if self._on_down is not None:
            self._on_down(ConnectionLostError(f"ended by {type(error).__name__}: {error}"))

    def _heard(self, received: Received) -> None:
        if self._early is not None:  # a busy program reads retained messages together with the SUBACK
            self._early.append(received)
            return
        self._receive(received)
        if not self._acknowledges:
            self.acknowledge(received)

    def _answered(self, mid: int, refusal: str | None) -> None:
        outgoing = self._in_flight.pop(mid, None)
        if outgoing is None:
            return
        error = None if refusal is None else RefusedError(f"{outgoing.topic}: {refusal}")
        _finish(outgoing, error)
        if error is not None and outgoing.published is None and self._on_refused is not None:
            self._on_refused(outgoing.topic, error)
        if self._waiting:
            self._pump()
        elif not self._in_flight:
            self._change.set()

    def _pump(self) -> None:
        link, waiting, in_flight = self._link, self._waiting, self._in_flight
        while link is not None and waiting and len(in_flight) < self._window:
            mid = link.publish_now(waiting[0], in_flight)
            if mid is None:
                return
            in_flight[mid] = waiting.popleft()


def _finish(outgoing: _Outgoing, error: MqttError | None) -> None:
    published = outgoing.published
    if published is None or published.done():
        return
    if error is None:
        published.set_result(None)
    else:
        published.set_exception(error)
        published.exception()  # whoever awaits it hears of it; whoever does not, need not


class _Link(aiomqtt.Client):
    """One life of the connection. The only place that reaches into aiomqtt and paho. They connect, subscribe, keep alive and take leave;
    messages and their acknowledgements are read and written here: aiomqtt acknowledges before anybody has seen a message and drops the
    reason codes of publishes, and paho spends several times as long on each packet as the router on its decision.
    """

    def __init__(
        self,
        broker: Broker,
        will: Will | None,
        heard: Callable[[Received], None],
        answered: Callable[[int, str | None], None],
        number: int,
    ) -> None:
        self._is_v5 = is_v5 = broker.protocol == "5"
        properties = None
        if is_v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = broker.session_expiry_s if broker.keeps_session else 0
            properties.ReceiveMaximum = RECEIVE_MAX
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=broker.client_id,
            protocol=aiomqtt.ProtocolVersion.V5 if is_v5 else aiomqtt.ProtocolVersion.V311,
            will=None if will is None else _will(will, is_v5=is_v5),
            clean_session=None if is_v5 else not broker.keeps_session,
            clean_start=not broker.keeps_session if is_v5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
            tls_context=broker.tls,
            keepalive=broker.keepalive_s,
            timeout=ANSWER_WITHIN_S,
            logger=_QUIET,
        )
        self._client.max_inflight_messages_set(65_535)  # ours is the bound
        self._client.connect_timeout = ANSWER_WITHIN_S
        self._received = bytearray()
        self._for_paho = b""
        self._for_paho_at = 0
        self._is_at_end = False
        self._last_id = packets.FIRST_ID
        self._output = bytearray()
        self._is_write_due = False
        self._has_paho_output = False
        self._client._sock_recv = self._take_input  # type: ignore[method-assign]
        self._client._sock_send = self._add_output  # type: ignore[method-assign]
        self._heard = heard
        self._answered = answered
        self._number = number
        self._is_open = False
        self.window = 65_535
        self.failure: Exception | None = None

    def set_manual_acknowledgement(self) -> None:
        self._client.manual_ack_set(True)

    async def open(self, subscriptions: list[tuple[str, int]]) -> None:
        try:
            await self.__aenter__()
            self._is_open = True
            codes: Sequence[Any] = await self.subscribe(subscriptions) if subscriptions else ()
        except MqttConnectError as error:
            raise RefusedError(f"the broker refuses the connection: {error}") from None
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise ConnectionLostError(str(error)) from None
        for (topic, _), code in zip(subscriptions, codes, strict=False):
            if (code if isinstance(code, int) else code.value) >= 0x80:
                raise RefusedError(f"the broker refuses the subscription to {topic}: {code}")

    async def lost(self, closing: asyncio.Event) -> MqttError:
        """Return once the link is gone, or is to be closed."""
        asked: asyncio.Future[Any] = asyncio.ensure_future(closing.wait())
        gone: asyncio.Future[Any] = self._disconnected
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if self._disconnected.done() and (error := self._disconnected.exception()) is not None:
            return ConnectionLostError(str(error))
        return ConnectionLostError("the connection was closed")

    async def close(self) -> None:
        try:
            if self._is_open and not self._disconnected.done():
                await self.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            pass
        finally:
            self._client._sock_close()
            if self._disconnected.done() and not self._disconnected.cancelled():
                self._disconnected.exception()

    def publish_now(self, outgoing: _Outgoing, in_flight: Mapping[int, object]) -> int | None:
        """Send the message and return its packet id, none of ``in_flight``; None where there is no connection."""
        if self._client._sock is None or self._disconnected.done():
            return None
        packet_id = self._last_id
        while True:
            packet_id = packet_id + 1 if packet_id < packets.LAST_ID else packets.FIRST_ID
            if packet_id not in in_flight:
                break
        self._last_id = packet_id
        self._write_later(
            packets.publish(
                outgoing.topic,
                outgoing.payload,
                packet_id,
                is_retained=outgoing.is_retained,
                is_v5=self._is_v5,
            )
        )
        return packet_id

    def acknowledge(self, mid: int) -> None:
        self._write_later(packets.puback(mid))

    # ── many packets in one call of the system ───────────────────────────────────────────────────────────────────

    def _write_later(self, packet: bytes) -> None:
        """Keep the packet with the others of this turn."""
        self._output += packet
        if not self._is_write_due:
            self._is_write_due = True
            self._loop.call_soon(self._write)

    def _take_input(self, bufsize: int) -> bytes:
        """Stand in for paho's own reading: give what was put there for it."""
        start, self._for_paho_at = self._for_paho_at, self._for_paho_at + bufsize
        given = self._for_paho[start : self._for_paho_at]
        if not given and not self._is_at_end:
            raise BlockingIOError
        return given

    def _add_output(self, buf: bytes | bytearray) -> int:
        """Stand in for paho's own sending."""
        self._output += buf
        return len(buf)

    def _on_socket_open(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        # Packets of a turn leave together anyhow; held back for an acknowledgement, an answer takes up to 40 ms.
        with suppress(OSError):  # not every kind of socket knows it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def begin() -> None:
            self._loop.add_reader(sock.fileno(), self._read)
            self._misc_task = self._loop.create_task(self._misc_loop())

        self._loop.call_soon_threadsafe(begin)

    def _read(self) -> None:
        try:
            while (sock := self._client._sock) is not None:
                try:
                    data = sock.recv(_READ_SIZE)
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    return
                except OSError:
                    data = b""
                if not data:
                    self._is_at_end = True
                    self._give_paho(b"")
                    return
                self._received += data
                self._take_packets()
                if len(data) < _READ_SIZE and not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                    return
        except Exception as error:  # noqa: BLE001 - like aiomqtt: whatever it was, the link is over
            self._break(error)

    def _take_packets(self) -> None:
        """Take the whole packets that were received, in order."""
        data = bytes(self._received)
        start = 0
        while True:
            if data[start : start + 2] == packets.PLAIN_PUBACK and start + 4 <= len(data):
                # Every message that was published comes back as one of these.
                self._answered(data[start + 2] << 8 | data[start + 3], None)
                start += 4
                continue
            found = packets.bounds(data, start)
            if found is None:
                break
            body, end = found
            kind = data[start] & 0xF0
            if kind == packets.PUBACK:
                mid, code = packets.read_puback(data, body, end)
                self._answered(mid, None if code < _FAILURE else _reason(code))
            elif kind != packets.PUBLISH or not self._take_publish(data, start, body, end):
                self._give_paho(data[start:end])
            start = end
        del self._received[:start]

    def _take_publish(self, data: bytes, start: int, body: int, end: int) -> bool:
        """Hand the message on; False where paho is to read it."""
        published = packets.read_publish(data, start, body, end, is_v5=self._is_v5)
        if published is None:
            return False
        self._hand_on(Received(*published[:4], (self._number, published.packet_id)))
        return True

    def _give_paho(self, packet: bytes) -> None:
        self._for_paho, self._for_paho_at = packet, 0
        while self._client.loop_read() == paho.MQTT_ERR_SUCCESS:
            if self._for_paho_at >= len(packet):
                return

    def _on_socket_register_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        self._has_paho_output = True
        if not self._is_write_due:
            self._is_write_due = True
            self._loop.call_soon_threadsafe(self._write)  # paho connects in a thread of its own

    def _on_socket_unregister_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        pass  # ours is the writer, and only while the system takes no more

    def _write(self) -> None:
        self._is_write_due = False
        try:
            if self._has_paho_output:
                self._has_paho_output = False
                self._client.loop_write()
            self._send()
        except Exception as error:  # noqa: BLE001 - like aiomqtt: whatever it was, the link is over
            self._break(error)

    def _send(self) -> None:
        sock = self._client._sock
        if sock is None:
            return
        try:
            while self._output:
                del self._output[: sock.send(self._output)]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._loop.add_writer(sock.fileno(), self._send_rest, sock)

    def _send_rest(self, sock: Any) -> None:
        self._loop.remove_writer(sock.fileno())
        try:
            self._send()
        except OSError as error:
            self._break(error)

    def _on_socket_close(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        if sock.fileno() > -1:
            self._loop.remove_writer(sock.fileno())
            with suppress(OSError):  # the good-bye, where the link is not broken
                while self._output:
                    del self._output[: sock.send(self._output)]
        super()._on_socket_close(client, userdata, sock)

    def _break(self, error: Exception) -> None:
        if not self._disconnected.done():
            self._disconnected.set_exception(error)

    # ── what the broker says ─────────────────────────────────────────────────────────────────────────────────────

    def _on_connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        self.window = getattr(properties, "ReceiveMaximum", self.window)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        acknowledgement = (self._number, message.mid if message.qos else 0)
        self._hand_on(
            Received(message.topic, bytes(message.payload), message.retain, message.dup, acknowledgement)
        )

    def _hand_on(self, received: Received) -> None:
        try:
            self._heard(received)
        except Exception as error:
            self.failure = error
            raise


def _reason(code: int) -> str:
    """Return what a reason code of a PUBACK means, in words."""
    try:
        return str(ReasonCode(PacketTypes.PUBACK, identifier=code))
    except (KeyError, ValueError):
        return f"reason code {code:#04x}"


def _will(will: Will, *, is_v5: bool) -> aiomqtt.Will:
    properties = None
    if is_v5 and will.delay_s:
        properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        properties.WillDelayInterval = will.delay_s
    return aiomqtt.Will(will.topic, will.payload, 1, will.is_retained, properties)
