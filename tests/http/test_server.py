"""Listening: where, and what is said when that is not possible."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest

from router.errors import ConfigError, TransportError
from router.transports.http import serve
from router.transports.http.server import check_host
from tests.http.desk import Desk


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "127.0.0.1.example.org"])
def test_a_host_that_others_can_reach_is_refused(host: str) -> None:
    """There is no authorisation yet; the message says what would do."""
    with pytest.raises(ConfigError, match=r"http\.host: .* no authorisation yet \(use 127\.0\.0\.1"):
        check_host(host)


async def test_a_port_that_is_taken_is_said(desk: Desk) -> None:
    """With the address."""
    server = serve(desk.app, "127.0.0.1", desk.server.port)
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{desk.server.port}: .* another one running"):
        await server.start()


async def test_localhost_and_ipv6_are_this_machine(desk: Desk) -> None:
    """Port 0 is any that is free, to be read back."""
    for host, url in (("localhost", "http://127.0.0.1"), ("::1", "http://[::1]")):
        async with serve(desk.app, host, 0) as server, httpx.AsyncClient(trust_env=False) as client:
            assert server.port > 0
            assert (await client.get(f"{url}:{server.port}/healthz")).status_code == 200


async def test_signals_are_left_alone(desk: Desk) -> None:
    """They belong to whoever runs the loop."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    async with serve(desk.app, "127.0.0.1", 0):
        assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_closing_twice_does_nothing(desk: Desk) -> None:
    """And a server that never started may be closed."""
    await desk.server.close()
    await desk.server.close()
    await serve(desk.app).close()


@pytest.mark.parametrize("turns", range(6))
async def test_who_comes_while_it_closes_is_not_left_waiting(desk: Desk, turns: int) -> None:
    """Whichever turn of the event loop it comes in: it is turned away, answered or hung up on."""
    loop = asyncio.get_running_loop()
    closing = asyncio.create_task(desk.server.close())
    for _ in range(turns):
        await asyncio.sleep(0)
    with socket.socket() as late:
        try:
            late.connect(("127.0.0.1", desk.server.port))
            late.setblocking(False)
            await closing
            async with asyncio.timeout(5):
                await loop.sock_sendall(late, b"GET /v1/agents/ana/inbox HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while await loop.sock_recv(late, 1_024):
                    pass
        except ConnectionError:
            pass
    await closing
