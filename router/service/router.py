"""The library: a centre inside somebody's asyncio program. Submits, hands out offers, tells what happened and why; the engine decides."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar, overload

from agents.waiting import Bell
from router.core.centre import Centre
from router.core.checks import only_channel
from router.core.effects import Effect
from router.core.engine import Engine
from router.core.estimated import Estimate
from router.core.estimates import estimate_arrival, estimate_waiting
from router.core.explain import Explanation, explain
from router.core.facts import Fact
from router.core.names import AgentId, AttributeValue, ChannelId, InteractionId, QueueId, SectionId
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.core.signals import (
    NO_ATTRIBUTES,
    AgentSignedIn,
    InteractionArrived,
    InteractionCancelled,
    PlanReplaced,
    Signal,
)
from router.errors import RouterError, SignalError, shown
from router.policies import BUILT_IN
from router.ports import Clock, EffectSink, FactSink, Journal
from router.service.clock import SystemClock, sleep_until
from router.service.directory import Directory
from router.service.handles import AgentHandle, InteractionHandle
from router.service.subscription import Subscription
from router.service.writer import Reply, Writer

MAILBOX: Final = 10_000
"""So many signals may wait to be taken before further ones are refused as ``OverloadedError``."""

Moment = int | datetime | timedelta
"""Milliseconds of the router's clock, a moment with its time zone, or a time from now."""


_Told = TypeVar("_Told", Fact, Effect)
_One = TypeVar("_One", bound=Fact)
_Two = TypeVar("_Two", bound=Fact)


class Router:
    """A centre that routes in real time, in the running event loop: ``async with Router(plan) as router``.

    One writer takes all signals, in the order in which they were sent. A signal is sent when the call returns its awaitable's
    result; cancelling the call before it was taken withdraws it. Everything here is for one event loop and one thread.
    Methods that send raise ``SignalError`` when the signal is not legal (code ``closed`` before the start and after the end),
    ``OverloadedError`` when the mailbox is full.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        clock: Clock | None = None,
        mailbox: int = MAILBOX,
        journal: Journal | None = None,
        snapshot: Mapping[str, object] | None = None,
        engine: Engine | None = None,
    ) -> None:
        """``snapshot`` or ``engine``, not both: where to go on; an engine is of that ``plan`` and of nobody else's.

        Raises ``TypeError`` for a ``plan`` that is none, such as a path.
        """
        if not isinstance(plan, Plan):
            raise TypeError(f"expected a Plan, as router.load(path) returns it, found {shown(plan)}")
        if snapshot is not None and engine is not None:
            raise ValueError("a router goes on from a snapshot or from an engine, not from both")
        self._plan = plan
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._mailbox = mailbox
        self._journal = journal
        self._snapshot = snapshot
        self._recovered = engine
        self._engine: Engine | None = None
        self._writer: Writer | None = None
        self._directory = Directory(self)
        self._subscriptions: list[Subscription[Fact]] = []
        self._fact_sinks: list[FactSink] = []
        self._effect_sinks: list[EffectSink] = []
        self._numbers = itertools.count(1)
        self._over: RouterError | None = None
        self._end = Bell()

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        """Start: from the snapshot or engine if there is one, else with nobody signed in and nothing waiting."""
        if self._writer is not None:
            raise RuntimeError("a router is started once")
        now = self._clock.now()
        if self._snapshot is not None:
            self._recovered = Engine.restore(self._plan, BUILT_IN, self._snapshot)
            self._snapshot = None
        if self._recovered is not None:
            self._engine, self._recovered = self._recovered, None
            self._directory.recall(self._engine.centre)
        else:
            self._engine = Engine(self._plan, BUILT_IN, now=now)
        self._writer = Writer(
            self._engine,
            self._clock,
            self._deliver,
            self._stop,
            now=self._engine.now,
            mailbox=self._mailbox,
            journal=self._journal,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Take what was sent before, then stop. Decides nothing: open offers stay open in a ``snapshot``.

        Whoever still waits for an offer, an answer or an end gets ``SignalError`` with code ``closed``; iterators end.
        """
        if self._writer is not None:
            await self._writer.close()
        if self._over is None:
            self._stop(SignalError("closed", "the router is closed"))

    @property
    def over(self) -> RouterError | None:
        """Why nothing will happen any more: it was closed, or has stopped on an error; None while it runs."""
        return self._over

    async def ended(self) -> RouterError:
        """Wait until nothing will happen any more, and return why."""
        while self._over is None:
            await self._end.wait()
        return self._over

    @property
    def plan(self) -> Plan:
        """The plan under which decisions are made."""
        return self._plan if self._engine is None else self._engine.plan

    @property
    def mailbox_depth(self) -> int:
        """How many signals wait to be taken."""
        return 0 if self._writer is None else self._writer.depth

    @property
    def centre(self) -> Centre:
        """The state of the engine, to be read within one turn of the event loop, never changed."""
        return self._running().centre

    def now(self) -> int:
        """Return the time by the router's clock, in milliseconds."""
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Wait by the router's clock, whichever that is: under a manual clock until a test lets the time pass."""
        if seconds > 0:
            await sleep_until(self._clock, self._clock.now() + round(seconds * 1000))
        else:
            await asyncio.sleep(0)

    # ── signals ──────────────────────────────────────────────────────────────────────────────────────────────

    def post(self, signal: Signal, at: int | None = None) -> Reply:
        """Send a signal from a plain callback; the future is the engine's answer. ``at``: when it happened, in milliseconds, if not now;
        a time before the engine's is taken for the engine's.

        Cancelled before the router has taken the signal, it withdraws it.
        """
        if self._writer is None:
            raise SignalError("closed", "the router is not running yet: use `async with`")
        return self._writer.post(signal, at)

    async def send(self, signal: Signal) -> str:
        """Send a signal and return the engine's answer."""
        return await self.post(signal)

    async def submit(
        self,
        section: str,
        channel: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - what everybody calls it
        attributes: Mapping[str, AttributeValue] = NO_ATTRIBUTES,
        queue: str | None = None,
        priority: int | None = None,
        requirement: Requirement | None = None,
        customer: str | None = None,
        due_at: Moment | None = None,
        not_before: Moment | None = None,
        original_arrived_at: Moment | None = None,
        reply_to: str | None = None,
        expires_at: Moment | None = None,
        position: int | None = None,
        preferred: Sequence[str] = (),
    ) -> InteractionHandle:
        """Submit an interaction and return its handle once the router has taken it.

        ``channel`` may be left out where the centre has one only. ``id`` is the idempotency key: the same id with the same content
        returns the same interaction, with other content ``SignalError`` (``conflict``). Without one, the router makes up a name, and a
        call that is cancelled leaves no interaction behind. An interaction that was refused or diverted at once has its ``end``.
        """
        arrival = InteractionArrived(
            InteractionId(id if id is not None else self._new_id()),
            SectionId(section),
            self._channel(channel),
            _kept(attributes),
            None if queue is None else QueueId(queue),
            priority,
            requirement,
            customer,
            self._moment(due_at),
            self._moment(not_before),
            self._moment(original_arrived_at),
            reply_to,
            self._moment(expires_at),
            position,
            tuple(AgentId(agent) for agent in preferred),
        )
        handle = self._directory.interaction(arrival.interaction_id)
        try:
            reply = self.post(arrival)
        except RouterError:
            self._forget_new(handle)
            raise
        try:
            await reply
        except SignalError:
            self._forget_new(handle)
            raise
        except asyncio.CancelledError:
            if not reply.is_taken:
                self._forget_new(handle)
            elif id is None and handle.end is None:
                self._call_off(handle.id)
            raise
        if handle.state == "new":  # answered as the first time, and the first time was before this handle
            self._forget_new(handle)
            return self.interaction(handle.id)
        return handle

    def interaction(self, interaction_id: str) -> InteractionHandle:
        """Return the handle of an interaction; raises ``SignalError`` when the router does not know it."""
        known = self._directory.interactions.get(InteractionId(interaction_id))
        if known is not None and known.state != "new":
            return known
        record = self._running().centre.known(InteractionId(interaction_id))
        if record.state != "ended":
            return self._directory.interaction(record.id)
        handle = InteractionHandle(self, record.id)
        handle.ended_before(record.ended_how or "", record.queue.plan.queue_id)
        return handle

    async def sign_in(self, agent_id: str, *, ready: bool = True, reason: str = "") -> AgentHandle:
        """Sign the agent in and return its handle; the same one for every sign-in of that agent."""
        answer = await self.send(AgentSignedIn(AgentId(agent_id), ready, reason))
        handle = self._directory.agent(AgentId(agent_id))
        if answer == "unchanged":
            handle.presence = "ready" if ready else "not-ready"
        return handle

    def agent(self, agent_id: str) -> AgentHandle:
        """Return the handle of an agent, signed in or not; raises ``SignalError`` when the plan has no such agent."""
        known = self._directory.agents.get(AgentId(agent_id))
        if known is not None:
            return known
        if all(agent.agent_id != agent_id for agent in self.plan.agents):
            raise SignalError("unknown-agent", f"no agent is called {agent_id!r}")
        return self._directory.agent(AgentId(agent_id))

    async def replace_plan(self, plan: Plan) -> None:
        """Go on under another plan, all of it at once; ``SignalError`` (``plan-rejected``) names all that is impossible."""
        await self.send(PlanReplaced(plan))

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────

    @overload
    def subscribe(self, kind: type[_One], /, *, capacity: int = ...) -> Subscription[_One]: ...

    @overload
    def subscribe(
        self, kind: type[_One], other: type[_Two], /, *, capacity: int = ...
    ) -> Subscription[_One | _Two]: ...

    @overload
    def subscribe(self, *kinds: type[Fact], capacity: int = ...) -> Subscription[Fact]: ...

    def subscribe(self, *kinds: type[Any], capacity: int = 1_000) -> Subscription[Any]:
        """Read facts as they happen, of these kinds or all: ``async for fact in router.subscribe()``.

        A reader that falls more than ``capacity`` facts behind gets ``LagError``.
        """
        subscription: Subscription[Fact] = Subscription(kinds, capacity)
        if self._over is not None:
            subscription.close()
        self._subscriptions = [other for other in self._subscriptions if other.is_open]
        self._subscriptions.append(subscription)
        return subscription

    def on_fact(self, sink: FactSink) -> Callable[[], None]:
        """Have ``sink`` called with every fact as it gets out; call what is returned to end that.

        What it raises goes to the event loop's exception handler and stops nothing.
        """
        self._fact_sinks.append(sink)
        return lambda: self._fact_sinks.remove(sink) if sink in self._fact_sinks else None

    def on_effect(self, sink: EffectSink) -> Callable[[], None]:
        """Have ``sink`` called with everything the world is asked to do; call what is returned to end that.

        What it raises goes to the event loop's exception handler and stops nothing.
        """
        self._effect_sinks.append(sink)
        return lambda: self._effect_sinks.remove(sink) if sink in self._effect_sinks else None

    def explain(self, interaction_id: str) -> Explanation:
        """Say where an interaction is, who could take it, and why the others cannot; as of now."""
        return explain(self._running(), InteractionId(interaction_id), now=self._clock.now())

    def estimate(self, interaction_id: str) -> Estimate:
        """Say where an interaction stands and how long it has still to wait, as of now; raises ``SignalError`` when it is not known."""
        centre = self._running().centre
        return estimate_waiting(centre, InteractionId(interaction_id), now=self._clock.now())

    def estimate_arrival(self, queue: str, channel: str | None = None) -> Estimate:
        """Say how long would wait what arrived now in the queue; ``channel`` may be left out where the centre has one only.

        Raises ``SignalError`` (``unknown-queue``, ``unknown-channel``).
        """
        centre = self._running().centre
        return estimate_arrival(centre, QueueId(queue), self._channel(channel), now=self._clock.now())

    def snapshot(self) -> dict[str, object]:
        """Return the whole state as plain data that JSON can carry, to start another router from, under the same plan."""
        return self._running().snapshot()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────

    def _running(self) -> Engine:
        if self._engine is None:
            raise SignalError("closed", "the router is not running yet: use `async with`")
        return self._engine

    def _new_id(self) -> str:
        while True:
            name = f"i-{next(self._numbers)}"
            if name not in self._directory.interactions:
                return name

    def _channel(self, channel: str | None) -> ChannelId:
        if channel is not None:
            return ChannelId(channel)
        return only_channel([each.channel_id for each in self.plan.channels])

    def _moment(self, moment: Moment | None) -> int | None:
        match moment:
            case datetime():
                if moment.tzinfo is None:
                    raise ValueError(f"{moment.isoformat()} has no time zone")
                return round(moment.timestamp() * 1000)
            case timedelta():
                return self._clock.now() + moment // timedelta(milliseconds=1)
            case _:
                return moment

    def _forget_new(self, handle: InteractionHandle) -> None:
        if handle.state == "new":
            self._directory.forget(handle)

    def _call_off(self, interaction_id: InteractionId) -> None:
        """Cancel what nobody holds, without waiting; a full mailbox or an end of its own leaves it as it is."""
        try:
            reply = self.post(InteractionCancelled(interaction_id, "submit-cancelled"))
        except RouterError:
            return
        reply.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _deliver(self, outcome: Outcome) -> None:
        for fact in outcome.facts:
            self._directory.read(fact)
            for subscription in self._subscriptions:
                subscription.take(fact)
            for sink in tuple(self._fact_sinks):
                self._call(sink, fact)
        if self._effect_sinks:
            for effect in outcome.effects:
                for carry_out in tuple(self._effect_sinks):
                    self._call(carry_out, effect)

    def _call(self, sink: Callable[[_Told], object], value: _Told) -> None:
        try:
            sink(value)
        except Exception as error:  # noqa: BLE001 - the caller's code; it must not stop the router
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"a sink failed on {type(value).__name__}", "exception": error}
            )

    def _stop(self, error: RouterError) -> None:
        """Wake everybody: nothing will happen any more."""
        self._over = error
        self._end.ring()
        self._directory.ring()
        failure = None if isinstance(error, SignalError) else error
        for subscription in self._subscriptions:
            subscription.close(failure)


def _kept(attributes: object) -> Any:
    """A copy of a map: callers go on with their own, and what arrived must stay as it arrived. What is none is refused later."""
    return dict(attributes) if isinstance(attributes, Mapping) else attributes
