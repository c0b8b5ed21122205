"""The demo over the wire: daemon, agents and customers as processes of their own; what happens is read from the daemon's events, and
the verdict comes from the books that agents and customers kept themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from agents import views
from agents.http import Watcher
from router.core.facts import Fact, InteractionQueued, OfferMade
from router.core.plan import Plan
from router.errors import TransportError
from router.harness.demo import DRAIN_S, Settings
from router.harness.demo.books import Verdict
from router.harness.demo.commentary import Commentary, Line
from router.harness.demo.wishes import mean_gap_ms
from router.harness.live.run import LiveRun, LiveSettings, Transport, live_run
from router.transports.events import EVENT_TYPES

LOOK_S: Final = 0.2

FACTS: Final[Mapping[str, type[Fact]]] = {name: kind for kind, name in EVENT_TYPES.items()}


async def run_live(
    plan: Plan,
    centre: Path,
    settings: Settings,
    transport: Transport,
    folder: Path,
    show: Callable[[Line], None],
    stop: asyncio.Event,
) -> Verdict:
    """Route until the time is over or ``stop`` is set, and return the verdict. Raises ``TransportError`` where a process fails."""
    live = LiveSettings(
        centre=centre,
        transport=transport,
        gap_ms=mean_gap_ms(plan),
        seed=settings.seed,
        speed=settings.speed,
    )
    async with live_run(plan, live, folder) as run:
        begun_at = time.monotonic()
        telling = asyncio.create_task(_tell(run, show))
        try:
            await _until_time_is_over(run, telling, settings, stop)
            run.let_no_more_come()
            await asyncio.sleep(DRAIN_S)
            seconds = time.monotonic() - begun_at
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        books = await run.close()
    return books.verdict(seed=settings.seed, seconds=seconds, speed=settings.speed)


async def _until_time_is_over(
    run: LiveRun, telling: asyncio.Task[None], settings: Settings, stop: asyncio.Event
) -> None:
    loop = asyncio.get_running_loop()
    end = None if settings.seconds is None else loop.time() + settings.seconds
    while not stop.is_set() and (end is None or loop.time() < end):
        run.check()
        if telling.done():
            telling.result()  # raises what it failed with: a demo that shows nothing is none
            raise TransportError("the daemon has ended its events")
        rest = LOOK_S if end is None else min(LOOK_S, max(0.0, end - loop.time()))
        try:
            await asyncio.wait_for(stop.wait(), rest)
        except TimeoutError:
            continue


async def _tell(run: LiveRun, show: Callable[[Line], None]) -> None:
    """Show what happens, until the daemon ends."""
    explained: dict[str, views.Explanation] = {}
    commentary: Commentary | None = None
    async with Watcher(run.http_url) as watcher:
        async for fact in _facts(watcher):
            if commentary is None:
                commentary = Commentary(run.plan, fact.at, explained.get, show)
            if isinstance(fact, OfferMade | InteractionQueued):
                why = await watcher.explanation(fact.interaction_id)
                if why is not None:
                    explained[fact.interaction_id] = why
            commentary.read(fact)
            await asyncio.sleep(0)  # the commentary looks again once the moment is told
            explained.clear()


async def _facts(watcher: Watcher) -> AsyncIterator[Fact]:
    """Yield what happens, as the daemon's events tell it."""
    async for event in watcher.events():
        kind = FACTS.get(event.type)
        if kind is not None:
            yield kind(**{name: _value(value) for name, value in event.data.items()})


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
