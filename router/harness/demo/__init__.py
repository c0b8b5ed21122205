"""The demo: live synthetic traffic through the async library in real time, and a verdict by the demo's own books.

``run`` is the whole of it; what is shown and where is its caller's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import router as package
from router.core.effects import Connect, Effect, ReleaseWork, SetPresence
from router.core.explain import Explanation
from router.core.plan import Plan
from router.errors import RouterError, SignalError
from router.harness.demo.books import Books, Verdict
from router.harness.demo.commentary import Commentary, Line
from router.harness.demo.people import Desk, Street
from router.harness.demo.wishes import mean_gap_ms, wave
from router.ports import Clock
from router.service import Router, SystemClock

__all__ = ["QUICKSTART", "Settings", "Verdict", "find_centre", "run"]

QUICKSTART: Final = "configs/quickstart"
DRAIN_S: Final = 1.0
"""So long (real seconds) those who wait at the end may still be answered."""
DRAIN_LOOKS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``seconds`` of real time in which customers come (None: until told to stop), ``speed`` times real time."""

    seconds: float | None = 20.0
    speed: float = 10.0
    seed: int = 1


def find_centre(path: str | None) -> Path | None:
    """Return where the centre is: at ``path``, else the quickstart here or beside the package; None if there is none."""
    if path is not None:
        return Path(path) if Path(path).exists() else None
    beside = Path(package.__file__).resolve().parent.parent
    return next((place for place in (Path(QUICKSTART), beside / QUICKSTART) if place.exists()), None)


async def run(
    plan: Plan,
    settings: Settings,
    show: Callable[[Line], None],
    stop: asyncio.Event,
    *,
    clock: Clock | None = None,
) -> Verdict:
    """Route until the time is over or ``stop`` is set, and return the verdict. Raises what any of the people raised."""
    demo = _Demo(plan, settings, clock if clock is not None else SystemClock(settings.speed))
    return await demo.run(show, stop)


class _Demo:
    def __init__(self, plan: Plan, settings: Settings, clock: Clock) -> None:
        self._plan = plan
        self._settings = settings
        self._books = Books()
        self._router = Router(plan, clock=clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._is_stopped = asyncio.Event()
        seed = settings.seed
        self._street = Street(plan, self._router, self._books, self._spawn, seed)
        self._desks = {
            agent.agent_id: Desk(agent, self._router, self._books, self._spawn, seed) for agent in plan.agents
        }

    async def run(self, show: Callable[[Line], None], stop: asyncio.Event) -> Verdict:
        async with self._router as router:
            begun_at = router.now()
            router.on_effect(self._told)
            commentary = Commentary(router.plan, begun_at, self._explain, show)
            fall_silent = router.on_fact(commentary.read)
            try:
                for desk in self._desks.values():
                    self._spawn(desk.work())
                sending = self._spawn(self._street.send(self._gap_ms))
                await self._until_time_is_over(stop)
                sending.cancel()
                await self._drain()
                fall_silent()
                for case in list(self._books.open_cases()):
                    await self._street.close(case)
                seconds = (router.now() - begun_at) / 1000 / self._settings.speed
            finally:
                await self._send_home()
        if self._error is not None:
            raise self._error
        return self._books.verdict(seed=self._settings.seed, seconds=seconds, speed=self._settings.speed)

    def _explain(self, interaction_id: str) -> Explanation | None:
        try:
            return self._router.explain(interaction_id)
        except SignalError:
            return None

    async def _until_time_is_over(self, stop: asyncio.Event) -> None:
        ends = [stop.wait(), self._is_stopped.wait()]
        if self._settings.seconds is not None:
            ends.append(self._rest(self._settings.seconds))
        tasks = {asyncio.ensure_future(end) for end in ends}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _rest(self, seconds: float) -> Literal[True]:
        """Let that much real time pass; by the router's clock, so that a manual one can move it."""
        await self._router.sleep(seconds * self._settings.speed)
        return True

    async def _drain(self) -> None:
        for _ in range(DRAIN_LOOKS):
            if self._is_stopped.is_set() or not any(self._books.open_cases()):
                return
            await self._rest(DRAIN_S / DRAIN_LOOKS)

    async def _send_home(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _gap_ms(self, since_start_ms: int) -> float:
        return mean_gap_ms(self._plan) / wave(since_start_ms)

    def _told(self, effect: Effect) -> None:
        match effect:
            case Connect() | ReleaseWork() | SetPresence():
                self._desks[effect.agent_id].told(effect)
            case _:
                self._street.told(effect)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        async def watched() -> None:
            try:
                await work
            except RouterError as error:
                if self._router.over is None:
                    raise
                self._fail(error)

        task = asyncio.get_running_loop().create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        self._is_stopped.set()
