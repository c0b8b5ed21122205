"""The one home of aiomqtt: one life of a connection to a broker, from its beginning to its end. What comes back is ``mqtt_connection``."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agents import mqtt_packets as packets
from agents.mqtt_terms import Broker, ConnectionLostError, MqttError, Outgoing, Received, RefusedError, Will

RECEIVE_MAX: Final = 1_000
"""So many messages an MQTT 5 broker may send before the first is acknowledged; brokers have bounds of their own."""
ANSWER_WITHIN_S: Final = 5.0
"""So long the broker may take to answer a connection or a subscription."""

_READ_SIZE: Final = 65_536
_FAILURE: Final = 0x80
"""Reason codes from here on say no."""

_QUIET: Final = logging.getLogger("agents.mqtt")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class Link(aiomqtt.Client):
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
        self._client.manual_ack_set(True)
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

    async def open(self, subscriptions: list[tuple[str, int]]) -> None:
        """Connect and subscribe. Raises ``RefusedError`` where the broker says no, ``ConnectionLostError`` where there is none."""
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
        """Take leave where the link is still there, and let go of the socket."""
        try:
            if self._is_open and not self._disconnected.done():
                await self.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            pass
        finally:
            self._client._sock_close()
            if self._disconnected.done() and not self._disconnected.cancelled():
                self._disconnected.exception()

    def publish_now(self, outgoing: Outgoing, in_flight: Mapping[int, object]) -> int | None:
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
        """Tell the broker that the message of this packet id is done."""
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
