"""The shipped engine under a case: signals made from what happens, and everything that came of them.

Time starts at 0, so that every moment the engine tells is one of the case. What is compared with what is in `comparing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from router.core.engine import Engine
from router.core.explain import Explanation, explain_decision
from router.core.facts import Fact, InteractionAssigned, OfferMade, PlanAdopted
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.records import Interaction
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import SignalError
from router.harness.cases.script import Act
from router.policies import BUILT_IN
from router.telemetry.kpis import Kpis

_REASON_WHEN_LOST: Final = "lost"


class Missing(Exception):
    """What the case says happens cannot: nothing was ever offered, nobody was connected."""


class World:
    """A centre in virtual time. ``facts`` are all there were, ``now`` is in milliseconds from the start."""

    def __init__(self, plan: Plan, *, short_abandon_ms: int) -> None:
        self.now = 0
        self.refusal = ""
        self.facts: list[Fact] = []
        self.engine = Engine(plan, BUILT_IN)
        self.kpis = Kpis(plan, short_abandon_ms=short_abandon_ms)
        self._first_plan = plan
        self._history: list[tuple[Signal, int]] = []
        self._offers: dict[InteractionId, list[OfferMade]] = {}
        self._owners: dict[InteractionId, AgentId] = {}
        self._silent: set[AgentId] = set()
        self._beaten_at = 0

    def pass_time(self, until: int) -> None:
        """Let time pass, from deadline to deadline; desktops that are not silent send their heartbeats meanwhile."""
        while (ttl_ms := self.engine.plan.presence_ttl_ms) is not None:
            due = self._beaten_at + max(ttl_ms // 2, 1)
            if due > until:
                break
            self._advance(max(due, self.now))
            self._send_heartbeats()
        self._advance(until)

    def _send_heartbeats(self) -> None:
        self._beaten_at = self.now
        for agent_id, agent in sorted(self.engine.centre.agents.items()):
            if agent.presence != "offline" and agent_id not in self._silent:
                self._send(AgentHeartbeat(agent_id))

    def _advance(self, until: int) -> None:
        self.now = until
        self._keep(self.engine.advance(until))

    def _send(self, signal: Signal) -> Outcome:
        self._history.append((signal, self.now))
        outcome = self.engine.handle(signal, self.now)
        self._keep(outcome)
        return outcome

    def act(self, act: Act) -> tuple[str, str]:
        """Let something happen; returns the answer, or an error's code, and the state it names.

        Raises ``Missing`` when there is nothing it could be said of. ``refusal`` is then why the engine did not take it;
        empty where it did.
        """
        if act.verb == "silent":
            self._silent.add(AgentId(act.name))
            return "done", ""
        signal = _SIGNALS[act.verb](self, act)
        if isinstance(signal, PlanReplaced) and signal.plan.presence_ttl_ms is not None:
            self._send_heartbeats()  # desktops were there all the time, also while the plan did not ask for it
        if isinstance(signal, AgentSignedIn):
            self._silent.discard(signal.agent_id)
        try:
            outcome = self._send(signal)
        except SignalError as error:
            self.refusal = str(error)
            return error.code, error.state
        self.refusal = ""
        return outcome.answer, ""

    def interaction(self, name: str) -> Interaction | None:
        """Return work that the engine knows."""
        return self.engine.centre.interactions.get(InteractionId(name))

    def waiting(self) -> list[Interaction]:
        """Return all that waits in the centre and is offered to nobody, in the one total order."""
        queued = [each for each in self.engine.centre.interactions.values() if each.state == "queued"]
        return sorted(queued, key=lambda each: each.key or (0, 0, 0, 0))

    def last_offer(self, name: str, agent: str | None = None) -> OfferMade | None:
        """Return the last offer that was made of the work, to this agent where there is one."""
        offers = self._offers.get(InteractionId(name), [])
        own = [offer for offer in offers if offer.agent_id == agent] or offers
        return own[-1] if own else None

    def last_assigned(self, name: str) -> InteractionAssigned | None:
        """Return how the work was connected the last time."""
        return next(
            (
                fact
                for fact in reversed(self.facts)
                if isinstance(fact, InteractionAssigned) and fact.interaction_id == name
            ),
            None,
        )

    def last_decision(self, name: str) -> int | None:
        """Return the number of the last decision about the work."""
        decisions = (
            fact.decision
            for fact in reversed(self.facts)
            if isinstance(fact, OfferMade | InteractionAssigned) and fact.interaction_id == name
        )
        return next(decisions, None)

    def why(self, decision: int) -> Explanation:
        """Explain a decision as of its moment: another engine lives through all of it again."""
        # A signal that is illegal changes nothing but lets time pass: decisions that time alone has brought since the last
        # signal are made again too.
        until_now = (InteractionAbandoned(InteractionId("")), self.now)
        return explain_decision(Engine(self._first_plan, BUILT_IN), [*self._history, until_now], decision)

    def _keep(self, outcome: Outcome) -> None:
        self.facts += outcome.facts
        if any(isinstance(fact, PlanAdopted) for fact in outcome.facts):
            self.kpis.adopt(self.engine.plan)
        self.kpis.take(outcome.facts)
        for fact in outcome.facts:
            match fact:
                case OfferMade():
                    self._offers.setdefault(fact.interaction_id, []).append(fact)
                case InteractionAssigned():
                    self._owners[fact.interaction_id] = fact.agent_id
                case _:
                    pass

    # ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────

    def offer_of(self, act: Act) -> tuple[OfferId, AgentId]:
        """Return the last offer of the work, and whose word the answer is."""
        agent = act.reply.agent
        offers = self._offers.get(InteractionId(act.name), [])
        own = [offer for offer in offers if agent is None or offer.agent_id == agent] or offers
        if not own:
            raise Missing(f"{act.name} has never been offered to anybody")
        return own[-1].offer_id, AgentId(agent) if agent is not None else own[-1].agent_id

    def owner_of(self, act: Act) -> AgentId:
        """Return whose word it is about connected work: that of who has it, or had it last."""
        if act.reply.agent is not None:
            return AgentId(act.reply.agent)
        owner = self._owners.get(InteractionId(act.name))
        if owner is None:
            raise Missing(f"nobody has ever been connected to {act.name}")
        return owner

    def arrival(self, act: Act) -> InteractionArrived:
        """Return the signal for work that arrives now."""
        said = act.arrival
        assert said is not None
        return InteractionArrived(
            interaction_id=InteractionId(act.name),
            section=SectionId(said.section or ""),
            channel=ChannelId(said.channel or ""),
            attributes=said.attributes,
            queue=None if said.queue is None else QueueId(said.queue),
            priority=said.priority,
            requirement=act.requirement,
            customer=said.customer,
            due_at=said.due_at,
            not_before=said.not_before,
            original_arrived_at=None if said.waited is None else self.now - said.waited,
            expires_at=said.expires_at,
            position=said.position,
            preferred=tuple(AgentId(name) for name in said.preferred),
        )

    def transfer(self, act: Act) -> InteractionTransferred:
        """Return the signal for work that is given on now."""
        said = act.transfer
        assert said is not None
        return InteractionTransferred(
            InteractionId(act.name),
            self.owner_of(act),
            queue=None if act.queue is None else QueueId(act.queue),
            priority=said.priority,
            requirement=act.requirement,
            keep_place=said.keep_place,
            to_people=said.to_people,
        )


def _callback(_: World, act: Act) -> CallbackRequested:
    said = act.callback
    assert said is not None
    return CallbackRequested(InteractionId(act.name), said.number, said.not_before, said.not_after)


def _reload(_: World, act: Act) -> PlanReplaced:
    assert act.plan is not None
    return PlanReplaced(act.plan)


_SIGNALS: Final[dict[str, Callable[[World, Act], Signal]]] = {
    "sign_in": lambda _, act: AgentSignedIn(AgentId(act.name)),
    "sign_in_not_ready": lambda _, act: AgentSignedIn(
        AgentId(act.name), ready=False, reason=act.reply.reason or ""
    ),
    "ready": lambda _, act: AgentBecameReady(AgentId(act.name)),
    "not_ready": lambda _, act: AgentBecameNotReady(AgentId(act.name), act.reply.reason or ""),
    "drain": lambda _, act: AgentStartedDraining(AgentId(act.name)),
    "sign_out": lambda _, act: AgentSignedOut(AgentId(act.name)),
    "heartbeat": lambda _, act: AgentHeartbeat(AgentId(act.name)),
    "lose": lambda _, act: AgentLost(AgentId(act.name), act.reply.reason or _REASON_WHEN_LOST),
    "arrive": World.arrival,
    "abandon": lambda _, act: InteractionAbandoned(InteractionId(act.name)),
    "cancel": lambda _, act: InteractionCancelled(InteractionId(act.name), act.reply.reason or ""),
    "complete": lambda _, act: InteractionCompleted(InteractionId(act.name)),
    "callback": _callback,
    "reached": lambda _, act: CallbackAnswered(InteractionId(act.name)),
    "not_reached": lambda _, act: CallbackUnanswered(InteractionId(act.name), act.reply.reason or ""),
    "accept": lambda world, act: OfferAccepted(*world.offer_of(act)),
    "decline": lambda world, act: OfferDeclined(*world.offer_of(act), act.reply.reason or ""),
    "connect_fails": lambda world, act: ConnectFailed(*world.offer_of(act), act.reply.reason or ""),
    "finish": lambda world, act: WorkFinished(InteractionId(act.name), world.owner_of(act)),
    "wrap_up_done": lambda world, act: WrapUpDone(InteractionId(act.name), world.owner_of(act)),
    "transfer": World.transfer,
    "reload": _reload,
}
