"""Errors before anything is sent: wrong addresses, names, and libraries that are missing."""

from __future__ import annotations

import asyncio
import sys

import pytest

from agents.client import AgentClient
from agents.errors import AddressError, MissingExtraError
from agents.submitter import SubmitterClient


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:8080", "no address of a router"),
        ("ftp://127.0.0.1", "no address of a router"),
        ("http://127.0.0.1:port", "no address"),
        ("http://127.0.0.1:8080/v1", "leave out what follows the port"),
        ("mqtt://anna:secret@127.0.0.1", "user or password"),
    ],
)
def test_a_wrong_address_says_what_would_do(url: str, says: str) -> None:
    """What is no router's address is refused at once; a password in it is not repeated."""
    with pytest.raises(AddressError, match=says) as error:
        AgentClient(url, agent="ana", centre="test")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", ["", "ana/commands", "a b", "x" * 65, "+"])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    """Names become parts of topics and paths: they are ids."""
    with pytest.raises(AddressError, match="1 to 64 letters"):
        SubmitterClient("http://127.0.0.1:8080", name=name)


def test_mqtt_needs_the_centres_name() -> None:
    """Over MQTT the centre is part of every topic, and has to be given."""
    with pytest.raises(AddressError, match="centre: .* none was given"):
        AgentClient("mqtt://127.0.0.1", agent="ana")


@pytest.mark.parametrize(
    ("library", "url", "extra"),
    [("aiomqtt", "mqtt://127.0.0.1", "mqtt"), ("httpx", "http://127.0.0.1", "client")],
)
def test_a_missing_library_says_what_to_install(
    library: str, url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its extra a transport says what to install."""
    for module in ("agents.mqtt", "agents.mqtt_connection", "agents.mqtt_line", "agents.http", library):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'switchroom\[{extra}\]'"):
        AgentClient(url, agent="ana", centre="test")


async def test_an_address_of_something_else() -> None:
    """A server that is no router is told from one, whatever it answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AddressError, match="is not a router: HTTP 200 with 'hello'"):
            async with AgentClient(f"http://127.0.0.1:{port}", agent="ana"):
                pass
