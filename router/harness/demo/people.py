"""The people of the demo: synthetic customers and agents as tasks around a live router. Each writes down itself what it did and saw."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Final

from agents.behaviour import PERSON, Behaviour, reply
from agents.distributions import Deterministic, Exponential
from agents.model import Agent
from router.core.effects import Connect, Divert, Effect, EndInteraction, ReleaseWork, SetPresence
from router.core.plan import Plan
from router.errors import OverloadedError, SignalError
from router.harness.demo.books import Books, Case
from router.harness.demo.wishes import Wish, handle_ms, wish
from router.service import AgentHandle, InteractionHandle, Offer, Router

BOT: Final = Behaviour(answer_delay=Deterministic(value=200.0))
HEARTBEAT_S: Final = 10.0
BREAK_EVERY: Final = Exponential(mean=400_000.0)
BREAK_S: Final = 20.0
TRANSFERS: Final = 0.05
"""So often a person gives the contact on within the section."""
HAND_OVERS: Final = 0.3
"""So often a bot hands over to people."""

Spawn = Callable[[Coroutine[object, object, None]], object]


class Desk:
    """One agent: its phone and its habits."""

    def __init__(self, agent: Agent, router: Router, books: Books, spawn: Spawn, seed: int) -> None:
        self._agent = agent
        self._router = router
        self._books = books
        self._spawn = spawn
        self._rng = Random(f"{seed}:agent:{agent.agent_id}")
        self._behaviour = BOT if agent.kind == "automated" else PERSON
        self._me: AgentHandle | None = None

    async def work(self) -> None:
        """Sign in, and take offers for ever."""
        self._spawn(self._beat())
        if self._agent.kind == "human":
            self._spawn(self._take_breaks())
        while True:
            me = self._me = await self._router.sign_in(self._agent.agent_id)
            async for offer in me.offers:
                self._spawn(self._consider(offer))
            if self._router.over is not None:
                return
            await self._router.sleep(5)

    def told(self, effect: Effect) -> None:
        """What the router asks this agent's phone and desktop to do."""
        match effect:
            case Connect():
                self._books.connected(effect.interaction_id, self._agent.agent_id)
            case ReleaseWork():
                is_over = effect.reason != "agent-lost"
                self._books.let_go(effect.interaction_id, self._agent.agent_id, is_over=is_over)
            case SetPresence(presence="not-ready"):
                self._spawn(self._come_back())
            case _:
                pass

    async def _consider(self, offer: Offer) -> None:
        answer = reply(self._behaviour, self._rng)
        if offer.state == "open":
            await self._router.sleep(answer.after_ms / 1000)
            try:
                match answer.kind:
                    case "accept":
                        await offer.accept()
                    case "decline":
                        await offer.decline("not now")
                    case "ignore":
                        pass
            except SignalError:
                return  # the customer left, or it took too long
        if offer.state == "accepted":
            await self._talk(offer.interaction)

    async def _talk(self, work: InteractionHandle) -> None:
        channel = work.id.partition("-")[0]
        await self._router.sleep(handle_ms(channel, self._rng) / 1000)
        me, name = self._me, self._agent.agent_id
        case = self._books.cases.get(work.id)
        if me is None or case is None or case.holder != name:
            return  # it was taken from the agent meanwhile
        is_bot = self._agent.kind == "automated"
        is_passed_on = self._rng.random() < (HAND_OVERS if is_bot else TRANSFERS)
        self._books.let_go(work.id, name, is_over=not is_passed_on)
        try:
            await (me.transfer(work, to_people=is_bot) if is_passed_on else me.finish(work))
        except SignalError:
            self._books.kept(work.id, name)
            return
        await self._wrap_up(me, work)

    async def _wrap_up(self, me: AgentHandle, work: InteractionHandle) -> None:
        if self._behaviour.wrap_up is None:
            return
        await self._router.sleep(self._behaviour.wrap_up.sample(self._rng) / 1000)
        try:
            await me.wrap_up_done(work)
        except SignalError:
            return  # there was none, or its time was over

    async def _come_back(self) -> None:
        if self._behaviour.returns_after is None or self._me is None:
            return
        await self._router.sleep(self._behaviour.returns_after.sample(self._rng) / 1000)
        await self._try(self._me.ready())

    async def _take_breaks(self) -> None:
        while True:
            await self._router.sleep(BREAK_EVERY.sample(self._rng) / 1000)
            if self._me is not None and self._me.presence == "ready":
                await self._try(self._me.not_ready("coffee"))
                await self._router.sleep(BREAK_S)
                await self._try(self._me.ready())

    async def _beat(self) -> None:
        while True:
            await self._router.sleep(HEARTBEAT_S)
            if self._me is not None and self._me.presence != "offline":
                await self._try(self._me.heartbeat())

    @staticmethod
    async def _try(sending: Coroutine[object, object, None]) -> None:
        try:
            await sending
        except SignalError:
            return  # offline meanwhile


class Street:
    """Where the customers come from: they call, wait as long as they like, and leave."""

    def __init__(self, plan: Plan, router: Router, books: Books, spawn: Spawn, seed: int) -> None:
        self._plan = plan
        self._router = router
        self._books = books
        self._spawn = spawn
        self._rng = Random(f"{seed}:street")
        self._calls: dict[str, InteractionHandle] = {}
        self._numbers: dict[str, int] = {}

    async def send(self, gap_ms: Callable[[int], float]) -> None:
        """Send customers for ever; ``gap_ms`` is the mean time to the next one, by the time since the start."""
        started_at = self._router.now()
        while True:
            gap = self._rng.expovariate(1.0) * gap_ms(self._router.now() - started_at)
            await self._router.sleep(gap / 1000)
            self._spawn(self._customer(wish(self._plan, self._rng)))

    def told(self, effect: Effect) -> None:
        """What the router tells the customers' side."""
        match effect:
            case Divert():
                self._books.ended(effect.interaction_id, "diverted")
            case EndInteraction():
                self._books.ended(effect.interaction_id, effect.how)
            case _:
                pass

    async def _customer(self, want: Wish) -> None:
        name = f"{want.channel}-{self._number(want.channel)}"
        try:
            call = await self._router.submit(
                want.section,
                want.channel,
                id=name,
                attributes=want.attributes,
                customer=want.customer,
                priority=want.priority,
            )
        except OverloadedError:
            return  # never taken: a busy tone
        self._books.submitted(name)
        self._calls[name] = call
        await self._router.sleep(want.patience_ms / 1000)
        if call.state in {"queued", "offered"} and await self._hang_up(call):
            self._books.ended(name, "abandoned")

    async def close(self, case: Case) -> None:
        """Everybody who is still waiting hangs up: the router must have had them until now."""
        call = self._calls.get(case.interaction_id)
        if call is not None and await self._hang_up(call):
            case.waits_at_close = True
        else:
            case.is_lost = True

    async def _hang_up(self, call: InteractionHandle) -> bool:
        try:
            await call.abandon()
        except SignalError:
            return False
        return True

    def _number(self, channel: str) -> int:
        self._numbers[channel] = self._numbers.get(channel, 0) + 1
        return self._numbers[channel]
