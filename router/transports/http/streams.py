"""Server-sent events: an answer that goes on, for whoever reads fast enough. A stream never makes the router wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from starlette.types import Receive, Scope, Send

from router.transports.http.handling import ProblemError
from router.transports.problems import made

_Result = TypeVar("_Result")

KEEP_ALIVE_S: Final = 15.0
STALL_S: Final = 30.0
"""A stream whose reader takes nothing for so long is closed."""
STREAMS_MAX: Final = 1_000

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


START: Final = b"retry: 1000\n\n"
KEEP_ALIVE: Final = b": still here\n\n"


def chunk(event: str, data: str) -> bytes:
    """Return one event as it goes over the line; ``data`` is JSON, which has no line breaks."""
    return f"event: {event}\ndata: {data}\n\n".encode()


class Streams:
    """All streams that are open, so that they can be ended."""

    def __init__(
        self, *, keep_alive_s: float = KEEP_ALIVE_S, stall_s: float = STALL_S, most: int = STREAMS_MAX
    ) -> None:
        self.keep_alive_s = keep_alive_s
        self.stall_s = stall_s
        self._most = most
        self._open: set[Stream] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._open)

    def check_room(self) -> None:
        """Raise ``ProblemError`` where no further stream may be opened."""
        if self._is_closed:
            raise ProblemError(made("closed", "the router is closing", 503, retry_after_s=1))
        if len(self._open) >= self._most:
            raise ProblemError(
                made(
                    "overloaded",
                    f"{self._most} streams are open, which is all there may be",
                    429,
                    retry_after_s=5,
                )
            )

    def opened(self, stream: Stream) -> None:
        """Note a stream that begins."""
        self._open.add(stream)

    def ended(self, stream: Stream) -> None:
        """Forget a stream that is over."""
        self._open.discard(stream)

    def close(self) -> None:
        """End all streams, each after what it is just sending, and open no more."""
        self._is_closed = True
        for stream in tuple(self._open):
            stream.end()


class Stream:
    """One answer that goes on. ``chunks`` yields what is to be sent.

    It ends when ``chunks`` does, when the client goes away, when nothing was taken for ``stall_s``, or by ``end``.
    """

    def __init__(self, streams: Streams, chunks: Callable[[Stream], AsyncIterator[bytes]]) -> None:
        self._streams = streams
        self._chunks = chunks
        self._ending: asyncio.Event = asyncio.Event()
        self._resting: asyncio.Future[bool] | None = None
        streams.check_room()

    @property
    def is_ending(self) -> bool:
        """Nothing more is to be sent."""
        return self._ending.is_set()

    def end(self) -> None:
        """Let the stream end."""
        self._ending.set()
        self.ring()

    def ring(self) -> None:
        """End the rest, if there is one: there is something to send."""
        self._end_rest(is_rung=True)

    async def rest(self) -> bool:
        """Return True once ``ring`` or ``end`` is called, False where a keep-alive is due first. Makes no tasks, unlike ``wait``: an inbox
        rests after every message.
        """
        loop = asyncio.get_running_loop()
        resting: asyncio.Future[bool] = loop.create_future()
        self._resting = resting
        due = loop.call_later(self._streams.keep_alive_s, partial(self._end_rest, is_rung=False))
        try:
            return await resting
        finally:
            due.cancel()
            self._resting = None

    def _end_rest(self, *, is_rung: bool) -> None:
        if self._resting is not None and not self._resting.done():
            self._resting.set_result(is_rung)

    async def wait(self, for_what: Coroutine[Any, Any, _Result]) -> _Result | None:
        """Return the result; None where a keep-alive is due first, or the stream ends."""
        waiting = asyncio.ensure_future(for_what)
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait(
                {waiting, ending},
                timeout=self._streams.keep_alive_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            return waiting.result() if waiting.done() else None
        finally:
            waiting.cancel()
            ending.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what there is until it ends."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        self._streams.opened(self)
        leaving = asyncio.create_task(self._end_when_gone(receive))
        try:
            async for data in self._chunks(self):
                async with asyncio.timeout(self._streams.stall_s):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            async with asyncio.timeout(self._streams.stall_s):
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            pass  # returning without the end of the answer closes the connection
        finally:
            self._streams.ended(self)
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving

    async def _end_when_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()
