"""Our connection to a broker: what it promises of aiomqtt and paho, held against a real mosquitto."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, ConnectionLostError, FullError, Received, RefusedError, Will
from tests.servers import Server, free_port, mosquitto, program

pytestmark = pytest.mark.servers

Protocol = Literal["3.1.1", "5"]
both = pytest.mark.parametrize("protocol", ["3.1.1", "5"])


def at(server: Server, name: str, protocol: Protocol = "5", *, keeps_session: bool = False) -> Broker:
    """The server, to somebody called ``name``."""
    return Broker(client_id=name, port=server.port, protocol=protocol, keeps_session=keeps_session)


class Box:
    """What was received, and a way to wait for more."""

    def __init__(self) -> None:
        self.messages: list[Received] = []
        self._more = asyncio.Event()

    def __call__(self, message: Received) -> None:
        self.messages.append(message)
        self._more.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until messages that arrived make it so."""
        async with asyncio.timeout(20):
            while not is_so():
                self._more.clear()
                await self._more.wait()

    @property
    def payloads(self) -> list[bytes]:
        """What the messages say."""
        return [message.payload for message in self.messages]


@both
async def test_messages_arrive_in_order(broker: Server, protocol: Protocol) -> None:
    """Whatever is published arrives at who subscribed, in order, more of it than may be in flight at once."""
    box = Box()
    async with (
        Connection(at(broker, "reader", protocol), box, subscribe=["t/+"]) as reader,
        Connection(at(broker, "writer", protocol), Box(), in_flight_max=7) as writer,
    ):
        await reader.connected(10)
        sent = [str(number).encode() for number in range(500)]
        futures = [writer.publish("t/x", payload) for payload in sent]
        await asyncio.gather(*futures)
        await box.until(lambda: len(box.messages) >= 500)
        assert box.payloads == sent
        assert writer.backlog == 0


@both
async def test_what_is_not_acknowledged_comes_again(broker: Server, protocol: Protocol) -> None:
    """The contract with aiomqtt and paho: with manual acknowledgement the broker repeats what was received but not acknowledged, and
    only that.
    """
    me = at(broker, "keeper", protocol, keeps_session=True)
    first, second = Box(), Box()
    async with Connection(at(broker, "writer", protocol), Box()) as writer:
        async with Connection(me, first, subscribe=["t"], acknowledges=True) as keeper:
            await keeper.connected(10)
            for payload in (b"a", b"b", b"c"):
                await writer.publish("t", payload)
            await first.until(lambda: len(first.messages) == 3)
            keeper.acknowledge(first.messages[0])
        async with Connection(me, second, subscribe=["t"], acknowledges=True):
            await second.until(
                lambda: len(second.messages) == 2
            )  # the session goes on: what comes now is new
            await writer.publish("t", b"d")
            await second.until(lambda: len(second.messages) >= 3)
        assert second.payloads == [b"b", b"c", b"d"]
        assert [message.is_repeated for message in second.messages] == [True, True, False]


@both
async def test_comes_back_after_the_broker_was_killed(broker: Server, protocol: Protocol) -> None:
    """When the broker is killed and started again, both sides reconnect, subscribe anew and what waited is published."""
    box = Box()
    downs: list[Exception] = []
    reader_down, writer_down = asyncio.Event(), asyncio.Event()

    def reader_lost(error: Exception) -> None:
        downs.append(error)
        reader_down.set()

    async with (
        Connection(at(broker, "reader", protocol), box, subscribe=["t"], on_down=reader_lost) as reader,
        Connection(at(broker, "writer", protocol), Box(), on_down=lambda _: writer_down.set()) as writer,
    ):
        await asyncio.gather(reader.connected(10), writer.connected(10))
        broker.kill()
        async with asyncio.timeout(20):
            await asyncio.gather(reader_down.wait(), writer_down.wait())
        published = writer.publish("t", b"waits")
        broker.start()
        await reader.connected(20)
        await published
        await writer.publish("t", b"flows")
        await box.until(lambda: b"flows" in box.payloads)
        assert len(downs) == 1
        assert isinstance(downs[0], ConnectionLostError)


@both
async def test_the_will_is_published_when_a_link_breaks(broker: Server, protocol: Protocol) -> None:
    """A client that is kicked off by another of its name leaves its will; one that says good-bye does not."""
    box = Box()
    will = Will("wills/x", b"gone", is_retained=False)
    async with Connection(at(broker, "reader", protocol), box, subscribe=["wills/+", "other"]) as reader:
        await reader.connected(10)
        async with Connection(at(broker, "x", protocol), Box(), will=Will("wills/y", b"polite")) as polite:
            await polite.connected(10)
        async with Connection(at(broker, "x", protocol), Box(), will=will) as first:
            await first.connected(10)
            async with Connection(at(broker, "x", protocol), Box()) as second:
                await second.connected(10)
                await box.until(lambda: bool(box.messages))
        assert box.payloads[0] == b"gone"


async def test_a_forbidden_message_is_refused_in_5(tmp_path: Path) -> None:
    """With MQTT 5 a publish that the broker's rules forbid raises; the ones that are allowed go on."""
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite allowed/#\n")
    rules.chmod(0o700)
    with mosquitto(tmp_path, f"acl_file {rules}") as server:
        refused: list[str] = []
        async with Connection(
            at(server, "writer"), Box(), on_refused=lambda topic, _: refused.append(topic)
        ) as writer:
            with pytest.raises(RefusedError, match="forbidden/x"):
                await writer.publish("forbidden/x", b"")
            assert writer.post("forbidden/y", b"")
            await writer.publish("allowed/x", b"")
            assert refused == ["forbidden/y"]


@both
async def test_wrong_credentials_are_told_at_once(tmp_path: Path, protocol: Protocol) -> None:
    """A broker that refuses the connection is heard by whoever waits for it."""
    with mosquitto(tmp_path, "password_file /dev/null") as server:
        config = tmp_path / "mosquitto.conf"
        config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
        server.stop()
        server.start()
        async with Connection(at(server, "nobody", protocol), Box()) as connection:
            with pytest.raises(RefusedError, match="refuses the connection"):
                await connection.connected(10)


@pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # paho leaves the socket of a failed handshake to the collector
@both
async def test_speaks_tls(tmp_path: Path, protocol: Protocol) -> None:
    """Over TLS messages longer than a record come whole and in order, both ways, and a broker that cannot be trusted is not spoken to."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    command = [program("openssl"), *make.split(), *names, "-keyout", str(key), "-out", str(certificate)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    with mosquitto(tmp_path, f"keyfile {key}", f"certfile {certificate}") as server:
        trusting = replace(at(server, "x", protocol), tls=ssl.create_default_context(cafile=str(certificate)))
        box = Box()
        async with Connection(trusting, box, subscribe=["t"]) as connection:
            await connection.connected(10)
            sent = [bytes([number]) * 40_000 for number in range(100)]
            await asyncio.gather(*(connection.publish("t", payload) for payload in sent))
            await box.until(lambda: len(box.messages) >= 100)
            assert box.payloads == sent
        doubting = replace(trusting, tls=ssl.create_default_context())
        async with Connection(doubting, box) as connection:
            with pytest.raises(ConnectionLostError, match="certificate verify failed"):
                await connection.connected(1)
    del connection
    gc.collect()


async def test_the_link_is_up_before_anything_is_heard() -> None:
    """A message that comes in one piece with the answer to the subscription, as it does to a busy program, is heard after ``on_up``."""

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak just enough of MQTT 3.1.1: CONNACK; then SUBACK and a retained message at once; then listen to the end."""
        _, length = await reader.readexactly(2)
        await reader.readexactly(length)
        writer.write(b"\x20\x02\x00\x00")
        _, length = await reader.readexactly(2)
        packet_id = (await reader.readexactly(length))[:2]
        writer.write(b"\x90\x03" + packet_id + b"\x01" + b"\x31\x04\x00\x01tx")
        await reader.read()
        writer.close()

    story: list[str] = []
    heard = asyncio.Event()

    def receive(message: Received) -> None:
        story.append(message.topic)
        heard.set()

    server = await asyncio.start_server(broker, "127.0.0.1", 0)
    async with server:
        me = Broker(client_id="x", port=server.sockets[0].getsockname()[1], protocol="3.1.1")
        async with Connection(me, receive, subscribe=["t"], on_up=lambda: story.append("up")) as connection:
            await connection.connected(10)
            async with asyncio.timeout(10):
                await heard.wait()
    assert story == ["up", "t"]


async def test_no_broker_is_told_after_the_time_limit() -> None:
    """Where nothing listens, waiting for the link ends with the place and the cause."""
    port = free_port()
    async with Connection(Broker(client_id="x", port=port), Box()) as connection:
        with pytest.raises(ConnectionLostError, match=f"127.0.0.1:{port}.*refused"):
            await connection.connected(0.5)


async def test_a_full_buffer_refuses() -> None:
    """While the broker is away at most the bound waits; what is published beyond raises, what is posted is not taken."""
    async with Connection(Broker(client_id="x", port=free_port()), Box(), waiting_max=2) as connection:
        assert connection.post("t", b"1", room=1)
        assert not connection.post("t", b"2", room=1)
        waits = connection.publish("t", b"2")
        with pytest.raises(FullError):
            connection.publish("t", b"3")
        assert not connection.post("t", b"3")
    with pytest.raises(ConnectionLostError):
        await waits


async def test_a_callback_that_raises_ends_the_connection(broker: Server) -> None:
    """What the callback raises is a bug that must not be lost: the connection ends, loudly, and does not come back."""
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))

    def bug(_: Received) -> None:
        raise KeyError("a bug of ours")

    ended = asyncio.Event()
    async with (
        Connection(at(broker, "reader"), bug, subscribe=["t"], on_down=lambda _: ended.set()) as reader,
        Connection(at(broker, "writer"), Box()) as writer,
    ):
        await reader.connected(10)
        await writer.publish("t", b"x")
        async with asyncio.timeout(10):
            await ended.wait()
        assert isinstance(reader.failure, KeyError)
        with pytest.raises(ConnectionLostError, match="a bug of ours"):
            await reader.connected(10)
    assert reported == ["an MQTT connection has ended"]
