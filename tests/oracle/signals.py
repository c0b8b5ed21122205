"""Random signals for a live centre: mostly such as may come in its state, some that may not.

The state they are chosen from is the reference's. Each kind is a function; `KINDS` has them all with their weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from agents.model import ChannelId
from router.core.names import AgentId, AttributeValue, InteractionId, OfferId, PoolId, QueueId, SectionId
from router.core.requirement import All, Not, PoolTerm, Requirement, SkillTerm
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
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from tests.oracle.plan_parts import AGENTS, ATTRIBUTES, chance, random_requirement, seconds, some, world_of
from tests.oracle.plans import broken, mutated
from tests.oracle.reference_state import State, Work

Draw = Callable[[Random, State], Signal | None]
"""Draws a signal of one kind; None where the state has nothing to draw it for."""

_DAY_MS: Final = 24 * 60 * 60 * 1000


# ── arrivals ─────────────────────────────────────────────────────────────────────────────────────────────────────


def arrival(rng: Random, state: State) -> InteractionArrived:
    """A good arrival with a new id."""
    plan = state.plan
    section = rng.choice(plan.sections)
    attributes = {name: rng.choice(values) for name, values in ATTRIBUTES.items() if chance(rng, 40)}
    queue = rng.choice(section.queues).queue_id if chance(rng, 40) else None
    return InteractionArrived(
        interaction_id=new_id(state),
        section=section.section_id,
        channel=rng.choice(plan.channels).channel_id,
        attributes=attributes,
        queue=queue,
        priority=rng.randint(-1, 3) if chance(rng, 40) else None,
        requirement=random_requirement(rng, world_of(plan)) if chance(rng, 40) else None,
        customer=rng.choice(("c1", "c2", "c3")) if chance(rng, 50) else None,
        due_at=state.now + seconds(rng, -2, 8) if chance(rng, 30) else None,
        not_before=state.now + seconds(rng, -1, 5) if chance(rng, 20) else None,
        original_arrived_at=state.now - seconds(rng, 0, 9) if chance(rng, 25) else None,
        preferred=some(rng, AGENTS, 1, 3) if chance(rng, 20) else (),
        expires_at=state.now + seconds(rng, -1, 9) if chance(rng, 12) else None,
        position=rng.choice((1, 1, 2, 2, 3, 4, 9)) if plan.order == "strict" and chance(rng, 35) else None,
    )


def new_id(state: State) -> InteractionId:
    """The next id that nobody had."""
    return InteractionId(f"i{len(state.works) + 1}")


def _known(rng: Random, state: State) -> Work | None:
    return rng.choice(state.works[-12:]) if state.works else None


def edge_arrival(rng: Random, state: State) -> InteractionArrived:
    """An arrival that is just good enough in one thing."""
    now = state.now
    attributes: dict[str, AttributeValue] = {f"a{n}": n for n in range(64)}
    edges: list[Mapping[str, Any]] = [
        {"attributes": attributes},
        {"attributes": {"n" * 64: "x" * 1024, "big": 2**53, "small": -(2**53)}},
        {"customer": "c" * 256, "reply_to": "r" * 256},
        {"priority": rng.choice((1_000_000, -1_000_000))},
        {"original_arrived_at": now - _DAY_MS},
        {"due_at": now + rng.choice((400, -400)) * _DAY_MS},
        {"not_before": now - 400 * _DAY_MS},
        {"expires_at": now + 400 * _DAY_MS},
        *([{"position": 1_000_000_000}] if state.plan.order == "strict" else []),
        {"interaction_id": InteractionId(f"{new_id(state):_<64}")},
    ]
    return arrival(rng, state)._replace(**rng.choice(edges))


def repeated_arrival(rng: Random, state: State) -> InteractionArrived | None:
    """An arrival that came before, as it was or with one thing changed."""
    work = _known(rng, state)
    if work is None:
        return None
    if chance(rng, 60):
        return work.arrival
    match rng.randint(1, 4):
        case 1:
            return work.arrival._replace(priority=(work.arrival.priority or 0) + 1)
        case 2:
            return work.arrival._replace(customer="somebody-else")
        case 3:
            return work.arrival._replace(section=SectionId("nowhere"))
        case _:
            return work.arrival._replace(attributes={**work.arrival.attributes, "more": True})


def bad_arrival(rng: Random, state: State) -> InteractionArrived:
    """An arrival with one thing wrong with it, or two."""
    good = arrival(rng, state)
    for _ in range(2 if chance(rng, 30) else 1):
        good = good._replace(**_wrong(rng, state))
    return good


def _wrong(rng: Random, state: State) -> Mapping[str, Any]:
    now = state.now
    attributes: dict[str, AttributeValue] = {f"a{n}": n for n in range(65)}
    deep: Requirement = SkillTerm(skill=_skill())
    for _ in range(9):
        deep = Not(of=deep)
    wrong: list[Mapping[str, Any]] = [
        {"interaction_id": rng.choice(("", "a b", "x" * 65, "x\n"))},
        {"section": SectionId("nowhere")},
        {"channel": ChannelId("pigeon")},
        {"queue": QueueId("nowhere")},
        {"queue": rng.choice(state.queues()).queue_id},
        {"attributes": attributes},
        {"attributes": {"": 1}},
        {"attributes": {"n" * 65: 1}},
        {"attributes": {"long": "x" * 1025}},
        {"attributes": {"big": 2**53 + 1}},
        {"attributes": {"nan": float("nan")}},
        {"attributes": {"list": [1]}},
        {"customer": "c" * 257},
        {"reply_to": "r" * 257},
        {"preferred": (AgentId("a b"),)},
        {"preferred": (AgentId("ana"), AgentId("ana"))},
        {"preferred": tuple(AgentId(f"a{n}") for n in range(17))},
        {"priority": rng.choice((1_000_001, -1_000_001, 1.5))},
        {"requirement": deep},
        {"requirement": All(of=(PoolTerm(pool=PoolId("nobody")),))},
        {"requirement": All(of=(SkillTerm(skill=_skill(), opens_ms=1000),))},
        {"original_arrived_at": now + 1},
        {"original_arrived_at": now - _DAY_MS - 1},
        {"due_at": now + 400 * _DAY_MS + 1},
        {"not_before": now - 400 * _DAY_MS - 1},
        {"position": rng.choice((0, -1, 1_000_000_001, True, 1.5))},
        {"position": None if state.plan.order == "strict" else 1},
        {"expires_at": rng.choice((now + 400 * _DAY_MS + 1, True, 2.5))},
    ]
    return rng.choice(wrong)


def _skill() -> Any:
    return "french"


# ── the customer's side ──────────────────────────────────────────────────────────────────────────────────────────


def _any_id(rng: Random, state: State, *states: str) -> InteractionId:
    """Mostly of work in one of these states, now and then of other work, or of none."""
    if chance(rng, 90):
        fitting = [work.interaction_id for work in state.works if work.state in states]
        if fitting:
            return rng.choice(fitting)
    work = _known(rng, state)
    return work.interaction_id if work is not None and chance(rng, 90) else InteractionId("nobody")


def abandoned(rng: Random, state: State) -> Signal | None:
    """The customer leaves."""
    return InteractionAbandoned(_any_id(rng, state, "queued", "offered", "scheduled"))


def cancelled(rng: Random, state: State) -> Signal | None:
    """Somebody calls it off."""
    interaction_id = _any_id(rng, state, "queued", "offered", "scheduled", "assigned")
    return InteractionCancelled(interaction_id, rng.choice(("", "by-mistake")))


def completed(rng: Random, state: State) -> Signal | None:
    """The contact ends from the customer's side."""
    if not state.assignments and not chance(rng, 10):
        return None
    return InteractionCompleted(_any_id(rng, state, "assigned"))


def callback_requested(rng: Random, state: State) -> Signal | None:
    """The customer rather is called back."""
    now = state.now
    late = rng.choice((1, 3000, 12_000))
    number: Any = "+47 1" if chance(rng, 95) else rng.choice(("", "1" * 257, 12))
    early: Any = now + seconds(rng, -1, 4) if chance(rng, 40) else None
    return CallbackRequested(
        _any_id(rng, state, "queued", "offered", "scheduled"),
        number,
        early if chance(rng, 97) else rng.choice((now + 401 * _DAY_MS, True)),
        (now if early is None else early) + late if chance(rng, 40) else None,
    )


def _dialled_id(rng: Random, state: State) -> InteractionId | None:
    dialled = [w for w in state.works if w.callback is not None and w.callback.dialled_until is not None]
    if dialled and chance(rng, 97):
        return rng.choice(dialled).interaction_id
    return _any_id(rng, state, "queued", "assigned") if chance(rng, 5) else None


def callback_answered(rng: Random, state: State) -> Signal | None:
    """The customer who is dialled answers."""
    interaction_id = _dialled_id(rng, state)
    return None if interaction_id is None else CallbackAnswered(interaction_id)


def callback_unanswered(rng: Random, state: State) -> Signal | None:
    """The customer who is dialled does not answer."""
    interaction_id = _dialled_id(rng, state)
    return None if interaction_id is None else CallbackUnanswered(interaction_id, rng.choice(("", "busy")))


# ── the agent's side: work ───────────────────────────────────────────────────────────────────────────────────────


def _any_agent(rng: Random, state: State) -> AgentId:
    """Mostly an agent that is there, now and then one that is not."""
    return rng.choice(sorted(state.people)) if state.people and chance(rng, 95) else rng.choice(AGENTS)


def _owner_and_id(rng: Random, state: State) -> tuple[InteractionId, AgentId]:
    interaction_id = _any_id(rng, state, "assigned")
    owners = [w.owner for w in state.works if w.interaction_id == interaction_id and w.owner is not None]
    return interaction_id, owners[0] if owners and chance(rng, 95) else _any_agent(rng, state)


def finished(rng: Random, state: State) -> Signal | None:
    """The owner ends the contact."""
    if not state.assignments and not chance(rng, 10):
        return None
    return WorkFinished(*_owner_and_id(rng, state))


def wrap_up_done(rng: Random, state: State) -> Signal | None:
    """The agent is done with its after-contact work."""
    running = [a for a in state.assignments if a.is_wrap_up]
    if running and chance(rng, 90):
        one = rng.choice(running)
        return WrapUpDone(one.work.interaction_id, one.agent_id)
    work = _known(rng, state)
    if work is None or not chance(rng, 20):
        return None
    return WrapUpDone(work.interaction_id, _any_agent(rng, state))


def transferred(rng: Random, state: State) -> Signal | None:
    """The owner gives it on."""
    if not any(work.state == "assigned" for work in state.works) and not chance(rng, 10):
        return None
    interaction_id, agent_id = _owner_and_id(rng, state)
    person = state.people.get(agent_id)
    is_bot = person is not None and person.agent.kind == "automated"
    return InteractionTransferred(
        interaction_id=interaction_id,
        agent_id=agent_id,
        queue=_transfer_queue(rng, state),
        priority=_transfer_priority(rng),
        requirement=_transfer_requirement(rng, state),
        keep_place=chance(rng, 60),
        to_people=chance(rng, 50 if is_bot else 3),
    )


def _transfer_queue(rng: Random, state: State) -> QueueId | None:
    if chance(rng, 40):
        return None
    return rng.choice(state.queues()).queue_id if chance(rng, 95) else QueueId("nowhere")


def _transfer_priority(rng: Random) -> int | None:
    if chance(rng, 70):
        return None
    return rng.randint(0, 4) if chance(rng, 95) else 1_000_001


def _transfer_requirement(rng: Random, state: State) -> Requirement | None:
    if chance(rng, 75):
        return None
    good = random_requirement(rng, world_of(state.plan))
    return good if chance(rng, 95) else PoolTerm(pool=PoolId("nobody"))


# ── the agent's side: offers ─────────────────────────────────────────────────────────────────────────────────────


def _any_offer(rng: Random, state: State) -> tuple[OfferId, AgentId] | None:
    """Mostly an open offer and its agent, now and then one that ended, another's, or none."""
    offers = state.open_offers()
    if not offers or chance(rng, 12):
        offers = state.offers[-6:]
        if not offers or not chance(rng, 30):
            return None
    offer = rng.choice(offers)
    if chance(rng, 5):
        return offer.offer_id, _any_agent(rng, state)
    if chance(rng, 3):
        return OfferId(len(state.offers) + 7), offer.agent_id
    return offer.offer_id, offer.agent_id


def accepted(rng: Random, state: State) -> Signal | None:
    """The agent takes the offer."""
    offer = _any_offer(rng, state)
    return None if offer is None else OfferAccepted(*offer)


def declined(rng: Random, state: State) -> Signal | None:
    """The agent refuses the offer."""
    offer = _any_offer(rng, state)
    return None if offer is None else OfferDeclined(*offer, rng.choice(("", "busy")))


def connect_failed(rng: Random, state: State) -> Signal | None:
    """The agent could not be reached."""
    offer = _any_offer(rng, state)
    return None if offer is None else ConnectFailed(*offer, rng.choice(("", "unreachable")))


# ── the agent's side: presence ───────────────────────────────────────────────────────────────────────────────────


def signed_in(rng: Random, state: State) -> Signal | None:
    """An agent comes, mostly one that is not there."""
    away = sorted(person.agent_id for person in state.people.values() if not person.is_signed_in)
    agent_id = rng.choice(away) if away and chance(rng, 85) else _any_agent(rng, state)
    return AgentSignedIn(agent_id, chance(rng, 85), rng.choice(("", "lunch")))


def became_ready(rng: Random, state: State) -> Signal | None:
    """An agent takes work, mostly one that did not."""
    resting = sorted(p.agent_id for p in state.people.values() if p.presence in ("not-ready", "draining"))
    if not resting and not chance(rng, 10):
        return None
    return AgentBecameReady(rng.choice(resting) if resting and chance(rng, 85) else _any_agent(rng, state))


def became_not_ready(rng: Random, state: State) -> Signal | None:
    """An agent takes a break."""
    return AgentBecameNotReady(_any_agent(rng, state), rng.choice(("", "lunch")))


def started_draining(rng: Random, state: State) -> Signal | None:
    """An agent finishes what it has."""
    return AgentStartedDraining(_any_agent(rng, state))


def signed_out(rng: Random, state: State) -> Signal | None:
    """An agent leaves."""
    return AgentSignedOut(_any_agent(rng, state))


def heartbeat(rng: Random, state: State) -> Signal | None:
    """An agent is still there."""
    return AgentHeartbeat(_any_agent(rng, state))


def lost(rng: Random, state: State) -> Signal | None:
    """An agent is gone without a word, mostly one that is connected."""
    connected = sorted({a.agent_id for a in state.assignments})
    agent_id = rng.choice(connected) if connected and chance(rng, 60) else _any_agent(rng, state)
    return AgentLost(agent_id, rng.choice(("lost", "will")))


def link_changed(rng: Random, state: State) -> Signal | None:
    """Agents cannot be reached, or can be again; now and then what is so already."""
    is_lost = state.link_lost_at is not None
    return LinkRestored() if is_lost != chance(rng, 10) else LinkLost()


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────────


def plan_replaced(rng: Random, state: State) -> Signal | None:
    """The plan changes a little, now and then to an impossible one."""
    plan = mutated(rng, state.plan)
    return PlanReplaced(broken(rng, plan) if chance(rng, 7) else plan)


KINDS: Final[tuple[tuple[int, Draw], ...]] = (
    (22, arrival),
    (3, repeated_arrival),
    (3, bad_arrival),
    (1, edge_arrival),
    (2, abandoned),
    (2, cancelled),
    (3, completed),
    (6, callback_requested),
    (14, callback_answered),
    (8, callback_unanswered),
    (6, finished),
    (8, wrap_up_done),
    (8, transferred),
    (60, accepted),
    (8, declined),
    (3, connect_failed),
    (12, signed_in),
    (8, became_ready),
    (3, became_not_ready),
    (2, started_draining),
    (2, signed_out),
    (4, heartbeat),
    (3, lost),
    (3, link_changed),
    (2, plan_replaced),
)


def random_signal(rng: Random, state: State) -> Signal:
    """Draw a signal of any kind."""
    draws = [draw for _, draw in KINDS]
    weights = [weight for weight, _ in KINDS]
    while True:
        (draw,) = rng.choices(draws, weights)
        signal = draw(rng, state)
        if signal is not None:
            return signal


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def random_time(rng: Random, state: State, next_deadline: int | None) -> int:
    """Draw when the next thing happens: often at this instant, often exactly at the next deadline.

    Hours pass only while nothing waits, or they would be full of level checks and unanswered offers.
    """
    now = state.now
    kind = rng.randint(1, 1000)
    if kind <= 450:
        return now
    if kind <= 700 and next_deadline is not None:
        return max(now, next_deadline - (1 if chance(rng, 10) else 0))
    if kind <= 970:
        return now + seconds(rng, 0, 2)
    if kind <= 980:
        return now - 1 if now else now
    if kind <= 990:
        return now + rng.choice((7500, 20_000, 20_000, 60_000))
    if any(work.state in ("queued", "offered") for work in state.works):
        return now + 60_000
    return now + rng.choice((60 * 60 * 1000, 60 * 60 * 1000 + 1))
