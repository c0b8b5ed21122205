"""One live run: everything is started, customers call for a while, the daemon may be killed meanwhile, and the books are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGUSR1
from typing import Final, Literal

from agents.model import AgentKind
from agents.submitter import SubmitterClient
from router.core.plan import Plan
from router.errors import TransportError
from router.harness.demo.books import Books
from router.harness.demo.people import HAND_OVERS
from router.harness.live.children import (
    LOOK_S,
    START_S,
    Child,
    Daemon,
    ended_with,
    find_broker,
    free_port,
    make_broker,
    make_python,
    until_listening,
)
from router.harness.live.verdict import close_books

Transport = Literal["mqtt", "http"]
LEAVE_S: Final = 1.0
"""The books are closed: agents and customers get so long to say goodbye."""
KINDS: Final[tuple[AgentKind, ...]] = ("human", "automated")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """``gap_ms``: mean time between two customers, of the centre's time, which runs ``speed`` times as fast."""

    centre: Path
    transport: Transport
    gap_ms: float
    seed: int = 1
    speed: float = 1.0
    durability: Literal["memory", "relaxed", "strict"] = "strict"


class LiveRun:
    """The processes of a run that goes on, and where they write."""

    def __init__(
        self, plan: Plan, settings: LiveSettings, folder: Path, broker: Child | None, mqtt_port: int | None
    ) -> None:
        self.plan = plan
        self.settings = settings
        self.http_port = free_port()
        self.broker = broker
        self.daemon = Daemon(
            settings.centre,
            folder,
            http_port=self.http_port,
            mqtt_port=mqtt_port,
            speed=settings.speed,
            durability=settings.durability,
            options=["--drain", "1"],
        )
        self.http_url = f"http://127.0.0.1:{self.http_port}"
        self.url = self.http_url if mqtt_port is None else f"mqtt://127.0.0.1:{mqtt_port}"
        self.books_of = {name: folder / f"{name}.jsonl" for name in (*KINDS, "street")}
        common = ["--url", self.url, "--seed", str(settings.seed), "--speed", str(settings.speed)]
        street = [*common, "--centre", str(settings.centre), "--gap-ms", str(settings.gap_ms)]
        street += ["--books", str(self.books_of["street"])]
        self.bots = [self._bots(kind, common, folder) for kind in KINDS if self._named(kind)]
        self.street = make_python("street", "router.harness.live.street", street, folder)

    def _named(self, kind: AgentKind) -> str:
        return ",".join(agent.agent_id for agent in self.plan.agents if agent.kind == kind)

    def _bots(self, kind: AgentKind, common: Sequence[str], folder: Path) -> Child:
        arguments = [*common, "--centre", self.plan.centre_id, "--agents", self._named(kind)]
        arguments += ["--books", str(self.books_of[kind])]
        if kind == "automated":  # quick to answer, and gives much on to people
            arguments += ["--habits", "prompt", "--transfers", str(HAND_OVERS), "--to-people"]
        return make_python(f"{kind}-agents", "agents.bot", arguments, folder)

    @property
    def people(self) -> list[Child]:
        """The processes of customers and agents."""
        return [self.street, *self.bots]

    async def start(self) -> None:
        """Start the daemon, then agents, then customers."""
        await self.daemon.start()
        for child in self.bots:
            await child.start()
        await self.street.start()
        for name, said, count in (
            *(
                (kind, b'"signed-in"', len(self._named(kind).split(",")))
                for kind in KINDS
                if self._named(kind)
            ),
            ("street", b'"opened"', 1),
        ):
            await self._until_said(self.books_of[name], said, count)

    async def _until_said(self, books: Path, what: bytes, count: int) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + START_S
        while _lines_with(books, what) < count:
            self.check()
            if loop.time() > give_up_at:
                raise TransportError(f"{books.stem}: not everybody is there after {START_S:g} s")
            await asyncio.sleep(LOOK_S)

    def check(self) -> None:
        """Raise ``TransportError`` when one of the processes has ended by itself."""
        for child in (self.broker, self.daemon.child, *self.people):
            if child is not None:
                child.check()

    def let_no_more_come(self) -> None:
        """Tell the customers' process that it is enough: nobody calls any more, and nobody who waits hangs up."""
        self.check()
        self.street.send_signal(SIGUSR1)

    async def close(self) -> Books:
        """Close the books of everybody, and end all processes."""
        self.check()
        async with SubmitterClient(self.http_url, name="auditor", centre=self.plan.centre_id) as client:
            books = await close_books(list(self.books_of.values()), client)
        self.check()
        await asyncio.gather(*(child.end(LEAVE_S) for child in self.people))
        await self.daemon.child.end()
        return books


def _lines_with(books: Path, what: bytes) -> int:
    return books.read_bytes().count(what) if books.exists() else 0


@asynccontextmanager
async def live_run(plan: Plan, settings: LiveSettings, folder: Path) -> AsyncIterator[LiveRun]:
    """Start a run in an empty folder. Raises ``TransportError`` where something does not start; leaves no process behind."""
    broker: Child | None = None
    port: int | None = None
    if settings.transport == "mqtt":
        program = find_broker()
        assert program is not None, "ask find_broker first"
        port = free_port()
        broker = make_broker(program, port, folder)
    run = LiveRun(plan, settings, folder, broker, port)
    children = [*run.people, run.daemon.child, *([] if broker is None else [broker])]
    async with ended_with(*children):
        if broker is not None and port is not None:
            await broker.start()
            await until_listening(broker, port)
        await run.start()
        yield run
