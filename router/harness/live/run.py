"""One live run: everything is started, customers call for a while, the daemon may be killed meanwhile, and the books are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGUSR1
from typing import Literal

from agents.submitter import SubmitterClient
from router.core.plan import Plan
from router.harness.demo.books import Books
from router.harness.live.children import (
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
        )
        self.http_url = f"http://127.0.0.1:{self.http_port}"
        self.url = self.http_url if mqtt_port is None else f"mqtt://127.0.0.1:{mqtt_port}"
        self.books_of = {name: folder / f"{name}.jsonl" for name in ("bots", "street")}
        common = ["--url", self.url, "--seed", str(settings.seed), "--speed", str(settings.speed)]
        names = ",".join(agent.agent_id for agent in plan.agents)
        bots = [*common, "--centre", plan.centre_id, "--agents", names, "--books", str(self.books_of["bots"])]
        street = [*common, "--centre", str(settings.centre), "--gap-ms", str(settings.gap_ms)]
        street += ["--books", str(self.books_of["street"])]
        self.bots = make_python("bots", "agents.bot", bots, folder)
        self.street = make_python("street", "router.harness.live.street", street, folder)

    async def start(self) -> None:
        """Start the daemon, then agents, then customers."""
        await self.daemon.start()
        await self.bots.start()
        await self.street.start()

    def check(self) -> None:
        """Raise ``TransportError`` when one of the processes has ended by itself."""
        for child in (self.broker, self.daemon.child, self.bots, self.street):
            if child is not None:
                child.check()

    async def close(self, drain_s: float) -> Books:
        """Let no more customers come, those who wait be answered for a while, and return the books of everybody."""
        self.check()
        self.street.send_signal(SIGUSR1)
        await asyncio.sleep(drain_s)
        async with SubmitterClient(self.http_url, name="auditor", centre=self.plan.centre_id) as client:
            books = await close_books(list(self.books_of.values()), client)
        self.check()
        for child in (self.street, self.bots, self.daemon.child):
            await child.end()
        return books


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
    children = [run.street, run.bots, run.daemon.child, *([] if broker is None else [broker])]
    async with ended_with(*children):
        if broker is not None and port is not None:
            await broker.start()
            await until_listening(broker, port)
        await run.start()
        yield run
