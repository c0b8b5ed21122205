"""What the tests of HTTP talk to: a router with a journal in memory, its application on a free port of loopback, and a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx
import structlog
from fastapi import FastAPI
from pydantic import JsonValue

from router.core.names import SkillName
from router.core.plan import Plan
from router.core.requirement import All, Requirement, SkillTerm
from router.daemon.plans import Plans
from router.errors import ConfigError, Problem
from router.ports import Entry
from router.service.router import Router
from router.transports.commands import Translator
from router.transports.events import CAPACITY, EventLog
from router.transports.http import Server, create_app, serve
from router.transports.http.feeds import LETTERS_MAX
from router.transports.http.streams import Streams

LIMIT_S: Final = 60
"""Whatever takes longer has failed."""


class SlowJournal:
    """Keeps nothing, and may be told to take its time."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def append(self, entries: Sequence[Entry]) -> None:
        await self.gate.wait()


def read_requirement(written: JsonValue, plan: Plan) -> Requirement:
    """Read `{skill: level}` only; the daemon reads all that the files may say."""
    if not isinstance(written, dict):
        raise ConfigError([Problem("", 0, 0, "requirement", "expected skills with their levels")])
    terms: list[SkillTerm] = []
    for name, level in written.items():
        if not isinstance(level, int):
            raise ConfigError([Problem("", 0, 0, f"requirement.{name}", "expected a level", "1 to 10")])
        terms.append(SkillTerm(skill=SkillName(name), level=level))
    return All(of=tuple(terms))


class Sse(NamedTuple):
    """One server-sent event."""

    event: str
    data: Any
    id: str


async def events_of(response: httpx.Response) -> AsyncIterator[Sse]:
    """Yield the events of a stream; comments, and blocks without data, are left out."""
    event, data, number = "message", "", ""
    async for line in response.aiter_lines():
        if not line:
            if data:
                yield Sse(event, json.loads(data), number)
            event, data = "message", ""
            continue
        name, _, value = line.partition(": ")
        match name:
            case "event":
                event = value
            case "data":
                data = value
            case "id":
                number = value
            case _:
                pass


async def until(is_so: Callable[[], bool]) -> None:
    """Let everything else run until it is so; fails when that does not happen."""
    for _ in range(200_000):
        if is_so():
            return
        await asyncio.sleep(0)
    raise AssertionError("waited in vain")


class Desk:
    """Everything together, to be entered."""

    def __init__(
        self,
        plan: Plan,
        *,
        mailbox: int = 10_000,
        streams: Streams | None = None,
        events_kept: int = CAPACITY,
        letters_max: int = LETTERS_MAX,
        centre: Path | None = None,
    ) -> None:
        self.journal = SlowJournal()
        self.router = Router(plan, journal=self.journal, mailbox=mailbox)
        self.not_ready = ""
        self.plans = None if centre is None else Plans(self.router, plan, centre, structlog.get_logger())
        self._streams = streams
        self._events_kept = events_kept
        self._letters_max = letters_max
        self.app: FastAPI
        self.server: Server
        self.events: EventLog
        self.http: httpx.AsyncClient

    async def __aenter__(self) -> Self:
        await self.router.__aenter__()
        self.events = EventLog(
            self.router, centre_id=str(self.router.plan.centre_id), capacity=self._events_kept
        )
        self.app = self._application()
        self.server = serve(self.app, "127.0.0.1", 0)
        await self.server.start()
        self.http = self.client()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.journal.gate.set()
        await self.http.aclose()
        await self.server.close()
        self.events.close()
        await self.router.close()

    def _application(self) -> FastAPI:
        return create_app(
            self.router,
            Translator(lambda: self.router.plan, read_requirement),
            self.events,
            why_not_ready=lambda: self.not_ready,
            streams=self._streams,
            letters_max=self._letters_max,
            plans=self.plans,
        )

    @asynccontextmanager
    async def again(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serve the router by a further application, made now, and return a client for it."""
        async with (
            serve(self._application(), "127.0.0.1", 0) as server,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client,
        ):
            yield client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def waiting(self) -> list[asyncio.Future[str]]:
        """Return the commands that are not answered yet."""
        writer = self.router._writer
        assert writer is not None
        return [*writer._taken, *(reply for _, _, reply in writer._mailbox if not reply.cancelled())]

    def open_streams(self) -> int:
        """Return how many event streams are open."""
        return len(self.app.state.streams)

    def has_lagging_reader(self) -> bool:
        """Say whether a reader of an inbox has been cut off and not been told yet."""
        return any(box.is_lagging for boxes in self.app.state.feeds._boxes.values() for box in boxes)

    def listeners(self) -> int:
        """Return how many listen to the router's effects."""
        return len(self.router._effect_sinks)

    def client(self) -> httpx.AsyncClient:
        """Return a further client."""
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a command; underscores in the names of headers stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return await self.http.post(path, headers=named)
        return await self.http.post(path, json=body, headers=named)

    async def submit(self, interaction_id: str, section: str = "support", **fields: Any) -> httpx.Response:
        """Submit an interaction."""
        return await self.post(
            "/v1/interactions", {"interaction_id": interaction_id, "section": section, **fields}
        )

    async def raw(self, request: bytes) -> bytes:
        """Send bytes over a connection of its own and return all that comes back until the server closes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(request)
            await writer.drain()
            async with asyncio.timeout(LIMIT_S):
                return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    @asynccontextmanager
    async def stream(self, path: str, **headers: str) -> AsyncIterator[AsyncIterator[Sse]]:
        """Open an event stream."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            asyncio.timeout(LIMIT_S),  # keep-alives would feed the client's own limit for ever
            self.client() as client,
            client.stream("GET", path, headers=named) as response,
        ):
            assert response.status_code == 200, await response.aread()
            yield events_of(response)
