"""How the benchmark's clients talk, over MQTT by the client that everybody uses, over HTTP by as little as a client can be: commands out,
replies and inboxes in. Measures nothing.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence

import orjson

from agents import wire
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, Received
from benchmarks.durable.centre import CENTRE

CONNECTIONS = 32
"""So many requests of one HTTP client are under way at once."""

OnReply = Callable[[str, bool, bytes], None]
"""Told the command's request, whether it was accepted, and the reply."""
OnLetter = Callable[[str, bytes], None]
"""Told whose inbox, and the message."""


class MqttLine:
    """All names of one kind on one connection."""

    def __init__(self, port: int, kind: str, names: Sequence[str], replied: OnReply, told: OnLetter) -> None:
        self._root = f"{wire.Topics(CENTRE).root}/{kind}"
        self._replied = replied
        self._told = told
        self._connection = Connection(
            Broker(client_id=f"bench-{kind}-{os.getpid()}", port=port),
            self._receive,
            subscribe=[f"{self._root}/+/replies", f"{self._root}/+/inbox"],
            waiting_max=1_000_000,
        )

    async def start(self) -> None:
        await self._connection.__aenter__()
        await self._connection.connected(10)

    async def close(self) -> None:
        await self._connection.__aexit__()

    def send(self, name: str, verb: str, request: str, fields: dict[str, object]) -> None:
        body = orjson.dumps({"request": request, **fields})
        assert self._connection.post(f"{self._root}/{name}/commands/{verb}", body)

    def _receive(self, message: Received) -> None:
        _, name, what = message.topic.rsplit("/", 2)
        if what == "inbox":
            self._told(name, message.payload)
            return
        reply = orjson.loads(message.payload)
        self._replied(reply["request"], reply["type"] == "accepted", message.payload)


class HttpLine:
    """A stream for each name's inbox, and some connections for commands, each with one request at a time."""

    def __init__(self, port: int, kind: str, names: Sequence[str], replied: OnReply, told: OnLetter) -> None:
        self._port = port
        self._kind = kind
        self._names = names
        self._replied = replied
        self._told = told
        self._idle: list[_Post] = []
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._head = f"host: 127.0.0.1\r\ncontent-type: application/json\r\nreply-to: {names[0]}\r\n"
        self._open: list[asyncio.BaseTransport] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        for name in self._names:
            stream = _Stream(name, self._told)
            transport, _ = await loop.create_connection(lambda s=stream: s, "127.0.0.1", self._port)
            transport.write(f"GET /v1/{self._kind}/{name}/inbox HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
            self._open.append(transport)
            await stream.begun.wait()
        for _ in range(CONNECTIONS):
            post = _Post(self._answered)
            transport, _ = await loop.create_connection(lambda p=post: p, "127.0.0.1", self._port)
            self._open.append(transport)
            self._idle.append(post)

    async def close(self) -> None:
        for transport in self._open:
            transport.close()

    def send(self, name: str, verb: str, request: str, fields: dict[str, object]) -> None:
        body = orjson.dumps({"request": request, **fields})
        path = self._path(name, verb, fields)
        data = f"POST {path} HTTP/1.1\r\n{self._head}content-length: {len(body)}\r\n\r\n".encode() + body
        if self._idle:
            self._idle.pop().send(request, data)
        else:
            self._waiting.append((request, data))

    def _path(self, name: str, verb: str, fields: dict[str, object]) -> str:
        match verb:
            case "submit":
                return "/v1/interactions"
            case "accept":
                return f"/v1/agents/{name}/offers/{fields['offer_id']}/{verb}"
            case "finish":
                return f"/v1/agents/{name}/interactions/{fields['interaction_id']}/{verb}"
            case _:
                return f"/v1/agents/{name}/{verb}"

    def _answered(self, post: "_Post", request: str, status: int, body: bytes) -> None:
        if self._waiting:
            post.send(*self._waiting.popleft())
        else:
            self._idle.append(post)
        self._replied(request, status in {200, 201}, body)


class _Post(asyncio.Protocol):
    def __init__(self, answered: Callable[["_Post", str, int, bytes], None]) -> None:
        self._answered = answered
        self._request = ""
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # uvloop's is no subclass of asyncio's

    def send(self, request: str, data: bytes) -> None:
        self._request = request
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        at = self._buffer.find(b"content-length: ") + 16
        length = int(self._buffer[at : self._buffer.find(b"\r\n", at)])
        if len(self._buffer) < head_end + 4 + length:
            return
        status, body = int(self._buffer[9:12]), self._buffer[head_end + 4 :]
        self._buffer = b""
        self._answered(self, self._request, status, body)


class _Stream(asyncio.Protocol):
    def __init__(self, name: str, told: OnLetter) -> None:
        self._name = name
        self._told = told
        self._rest = b""
        self.begun = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.begun.set()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                self._told(self._name, line[6:])


Line = MqttLine | HttpLine
LINES: dict[str, type[MqttLine] | type[HttpLine]] = {"mqtt": MqttLine, "http": HttpLine}
