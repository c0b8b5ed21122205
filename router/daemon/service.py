"""The daemon from start to end: recover, route, listen, say ready; then drain, and leave. The composition root."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from router.config.requirements import RequirementReader
from router.core.signals import LinkLost
from router.daemon.gate import Gate
from router.daemon.listening import Listening, listen
from router.daemon.notify import feed_watchdog, notify
from router.daemon.plans import Plans, check_centre, load_first
from router.daemon.recovery import TOLD, Snapshots, journal_bound, open_journal
from router.daemon.settings import Settings
from router.errors import RouterError, SignalError
from router.service import Router, SystemClock
from router.stores.sqlite import SqliteStore
from router.telemetry.log import log_facts
from router.transports.commands import Translator
from router.transports.events import EventLog

TOLD_AGAIN_MS: Final = 30_000
"""After a crash, what happened in so much time before it is told to submitters again."""
LOOK_S: Final = 0.05
"""While draining, the daemon looks so often whether agents are done."""


async def serve(settings: Settings, log: FilteringBoundLogger) -> None:
    """Run the daemon until it is told to end (SIGTERM, SIGINT: drain; a second one: at once).

    Raises ``ConfigError`` for a centre that cannot be loaded, ``StoreError`` for a journal that cannot be had or trusted,
    ``TransportError`` where it cannot listen, and whatever made the router stop.
    """
    started_at = time.monotonic()
    log_faults(log)
    plan = load_first(settings.centre, SystemClock(settings.speed).now())
    ending = _Ending(log)
    gc.disable()  # until all is recovered: with very much waiting it would look at everything again and again, and find nothing
    async with AsyncExitStack() as stack:
        # At the very end: a signal while all is being closed must not end it half-way.
        stack.callback(ending.stop_listening)
        stack.callback(gc.enable)
        ending.listen_to_signals()
        kept = await open_journal(settings, plan, SystemClock(settings.speed).now(), log)
        clock = SystemClock(settings.speed, at_least=kept.engine.now)
        router = Router(kept.engine.plan, clock=clock, journal=kept.store, engine=kept.engine)
        gate = Gate(router, log)
        events = EventLog(gate, centre_id=plan.centre_id, next_sequence=kept.told + 1, recent=kept.recent)
        if kept.store is not None:
            stack.push_async_callback(_leave_journal, kept.store, router, events)
        check_centre(kept.engine.plan, plan, "the journal is of centre", "give it a --journal of its own")
        stopped_at = kept.engine.now
        await stack.enter_async_context(router)
        if log.is_enabled_for(10):
            router.on_fact(log_facts(log))
        if not kept.is_new:  # nobody could answer while there was no router
            await router.post(LinkLost(), stopped_at)
        plans = Plans(router, plan, settings.centre, log)
        await plans.start(plan)
        gc.freeze()  # what was recovered stays: the collector need not look at it again
        gc.enable()
        recent = [fact for fact in kept.recent if fact.at > stopped_at - TOLD_AGAIN_MS]
        translator = Translator(lambda: router.plan, RequirementReader())
        listening = await stack.enter_async_context(
            listen(settings, gate, translator, events, log, recent, plans)
        )
        if kept.store is not None:
            _run_along(stack, Snapshots(kept.store, settings, log, kept.replayed).run())
        _run_along(stack, feed_watchdog(lambda: router.over is None))
        _run_along(stack, _reload_on_demand(router, plans, log))
        # What runs along must have begun, and hear SIGHUP, before anybody is told that we are ready.
        await asyncio.sleep(0)
        log.info(
            "daemon.started",
            centre=plan.centre_id,
            plan=router.plan.version,
            http=str(listening.http) if listening.http else None,
            mqtt=str(listening.mqtt) if listening.mqtt else None,
            durability=settings.durability,
            bound=journal_bound(kept.store),
            replayed=kept.replayed,
            waiting=router.centre.waiting,
            start_ms=round((time.monotonic() - started_at) * 1000),
            pid=os.getpid(),
        )
        notify(f"READY=1\nSTATUS=routing for {plan.centre_id}")
        await _until_told(router, listening, ending)
        notify("STOPPING=1")
        gate.is_draining = True
        await _drain(router, settings, listening, ending, log)
        await router.close()  # before the transports: what was sent is answered
    log.info("daemon.stopped", waiting=router.centre.waiting)


def log_faults(log: FilteringBoundLogger) -> None:
    """Have what goes wrong beside everything else written as a line of the log, like all the rest, instead of as bare text."""

    def write(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.error("daemon.fault", detail=context["message"], exc_info=context.get("exception"))

    asyncio.get_running_loop().set_exception_handler(write)


async def _leave_journal(store: SqliteStore, router: Router, events: EventLog) -> None:
    """Keep the state as it is at the end, so that the next start replays nothing and may decide by newer rules; then let go."""
    try:
        if isinstance(router.over, SignalError):  # it was closed, and has not failed
            snapshot = {**router.snapshot(), TOLD: events.next_sequence - 1}
            await store.keep(router.plan, snapshot, store.last)
    finally:
        await store.close()


class _Ending:
    """What the signals of the system ask for."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self.drain = asyncio.Event()
        self.now = asyncio.Event()

    def listen_to_signals(self) -> None:
        """Hear SIGTERM and SIGINT from now on; a SIGHUP before anybody reads the centre again finds it just read."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._hear, number)

    def stop_listening(self) -> None:
        """Hear no more signals: the process is about to leave, and does not do so faster for being told again."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        signal.pthread_sigmask(
            signal.SIG_BLOCK, numbers
        )  # the loop's way of letting go would have them end us
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

    def _hear(self, number: signal.Signals) -> None:
        is_second = self.drain.is_set()
        self._log.info("signal.heard", signal=number.name, then="now" if is_second else "drain")
        (self.now if is_second else self.drain).set()


async def _until_told(router: Router, listening: Listening, ending: _Ending) -> None:
    """Wait until the daemon is told to end; raises what made the router or a transport stop before."""
    over = asyncio.ensure_future(router.ended())
    failed = asyncio.ensure_future(listening.failed())
    told = asyncio.ensure_future(ending.drain.wait())
    try:
        await asyncio.wait({over, failed, told}, return_when=asyncio.FIRST_COMPLETED)
        for ended in (over, failed):
            if ended.done():
                raise ended.result()
    finally:
        for waiting in (over, failed, told):
            waiting.cancel()


async def _drain(
    router: Router, settings: Settings, listening: Listening, ending: _Ending, log: FilteringBoundLogger
) -> None:
    """Let agents finish what they are at, for a while; what waits is in the journal and waits there."""
    listening.say_draining()
    log.info("daemon.draining", at_agents=_at_agents(router), limit_s=settings.drain_s)
    give_up_at = time.monotonic() + settings.drain_s
    while _at_agents(router) and time.monotonic() < give_up_at and router.over is None:
        try:
            await asyncio.wait_for(ending.now.wait(), LOOK_S)
        except TimeoutError:
            continue
        return
    if router.over is not None:
        raise router.over


def _at_agents(router: Router) -> int:
    """Count what is offered to an agent, or with one."""
    return sum(
        holding.state in {"offered", "connected"}
        for agent in router.centre.agents.values()
        for holding in agent.holdings
    )


async def _reload_on_demand(router: Router, plans: Plans, log: FilteringBoundLogger) -> None:
    """On SIGHUP read the centre again: all of it is adopted, or none, and the log says why."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    while True:
        await asked.wait()
        asked.clear()
        try:
            await plans.read_files()
        except RouterError as error:
            log.error("plan.refused", detail=str(error), kept=router.plan.version)


def _run_along(stack: AsyncExitStack, work: Coroutine[object, object, None]) -> None:
    """Run the work beside until the stack is unwound."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def report(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            loop.call_exception_handler({"message": "a part of the daemon has failed", "exception": error})

    task.add_done_callback(report)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
