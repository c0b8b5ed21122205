"""Listening: uvicorn in the running event loop, on loopback only. Signals are the business of whoever runs the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Self

import uvicorn
from fastapi import FastAPI

from router.errors import ConfigError, Problem, TransportError
from router.transports.http.gate import is_loopback
from router.transports.http.streams import Streams

BACKLOG: Final = 1_024
GRACE_S: Final = 5
"""So long requests may take that are being answered when the server is closed."""
KEEP_ALIVE_S: Final = 75


class _QuietServer(uvicorn.Server):
    """A uvicorn that leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        """Stop, without waiting for the next look at the clock."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Keep the date of the answers up to date until it is time to leave."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), timeout=1)


class Server:
    """Serves an application while it is entered: ``async with serve(app, "127.0.0.1", 0) as server: … server.port``."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        check_host(host)
        self.host = host
        self.port = port
        """The port it listens on; chosen by the system where it was 0."""
        self._app = app
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._listening: socket.socket

    async def start(self) -> None:
        """Listen. Raises ``TransportError`` where the address cannot be had."""
        listener = self._listening = self._listener()
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http="httptools" if find_spec("httptools") is not None else "h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="http")
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise TransportError("HTTP did not start")
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Take no more connections, end the event streams, answer what is being answered, and stop."""
        if self._server is None or self._serving is None:
            return
        streams = self._app.state.streams
        assert isinstance(streams, Streams)
        streams.close()
        # A connection that asyncio has accepted and not yet made when its server closes is neither served nor closed (CPython
        # gh-109564): its client would wait for ever. So accept no more, and let those be made that are accepted: a task, a call.
        asyncio.get_running_loop().remove_reader(self._listening)
        for _ in range(3):
            await asyncio.sleep(0)
        self._server.leave()
        await self._serving
        self._server = self._serving = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _listener(self) -> socket.socket:
        host = "127.0.0.1" if self.host.lower() == "localhost" else self.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named, or asyncio does not switch Nagle's algorithm off, and every answer takes 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, self.port))
        except OSError as error:
            listener.close()
            raise TransportError(
                f"HTTP cannot listen on {self.host}:{self.port}: {error.strerror}; is another one running there?"
            ) from error
        listener.setblocking(False)
        return listener


def serve(app: FastAPI, host: str = "127.0.0.1", port: int = 8080) -> Server:
    """Return the server of an application, to be entered. Raises ``ConfigError`` for a host that is not this machine alone."""
    return Server(app, host, port)


def check_host(host: str) -> None:
    """Raise ``ConfigError`` unless only this machine can reach the host: there is no authorisation yet."""
    if not is_loopback(host):
        raise ConfigError(
            [
                Problem(
                    "",
                    0,
                    0,
                    "http.host",
                    f"{host!r} can be reached by other machines, and HTTP knows no authorisation yet",
                    "use 127.0.0.1, ::1 or localhost, and a proxy that authorises in front of it",
                )
            ]
        )
