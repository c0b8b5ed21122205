"""The whole state of a centre as plain data, and back.

What can be worked out again (classes, profiles, free sets, deadlines) is not written down. Interactions are referred to
by their number, holdings by their decision. Of these and of agents there may be very many, so that each is a row of values, and the names
of the columns are written once. The plan is named, not contained: whoever keeps snapshots keeps plans too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any as Whatever
from typing import Final

from router.core.affinity import Favour, forget_customers
from router.core.broadcast import look_further
from router.core.centre import (
    CALLBACK_DUE,
    DIAL_END,
    HOLD_END,
    LADDER_STEP,
    LEASE_END,
    LEVEL_CHECK,
    NEED_CHANGE,
    OFFER_EXPIRY,
    PAUSE_END,
    REFUSAL_END,
    REFUSALS_CLEAR,
    START,
    WRAP_UP_END,
    Centre,
)
from router.core.demand import QueueState
from router.core.encoding import from_data, to_data
from router.core.hours import adopt_hours
from router.core.names import AgentId, OfferId
from router.core.plan import Channel, Plan, Queue
from router.core.policy import Policies
from router.core.queueing import enlist_new_work, rekey, wait
from router.core.rates import account, restore_account
from router.core.records import AgentState, CallbackState, Holding, Interaction, LadderState
from router.core.running_figures import RunningFigures
from router.core.signals import InteractionArrived
from router.core.standings import dump_standings, keep_standings, load_standing

FORMAT: Final = "switchroom.snapshot/2"

Data = dict[str, Whatever]
Row = list[Whatever]

_INTERACTION_FIELDS: Final = (
    "number",
    "priority",
    "origin",
    "rule",
    "state",
    "answer",
    "queued_at",
    "waiting_since",
    "waited_ms",
    "ladder_at",
    "ladder_due",
    "need_due",
    "elapsed_floor",
    "expedited",
    "people_only",
    "refused_clear_at",
    "hops",
    "ended_how",
    "ended_at",
)
_HOLDING_FIELDS: Final = (
    "decision",
    "offer_id",
    "units",
    "tier",
    "score",
    "choice",
    "state",
    "counts",
    "suspended",
    "until",
    "held_until",
    "connected_at",
    "wrap_up_at",
    "scope",
    "queue_id",
    "section_id",
    "offer_end",
    "offer_ended_at",
)
_AGENT_FIELDS: Final = (
    "presence",
    "reason",
    "units",
    "has_suspended",
    "idle_since",
    "paused_until",
    "no_answers",
    "last_heard",
    "lease_due",
    "leaving",
)
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "interactions": (
        *_INTERACTION_FIELDS,
        "queue",
        "channel",
        "requirement",
        "relaxations",
        "opened",
        "refused",
        "ladder",
        *(f"arrival.{name}" for name in InteractionArrived._fields),
    ),
    "holdings": (*_HOLDING_FIELDS, "interaction", "agent", "is_owner"),
    "agents": (*_AGENT_FIELDS, "id", "spec", "holdings"),
}
_ADDED: Final[Mapping[str, Whatever]] = {
    "arrival.expires_at": None,
    "arrival.position": None,
    "arrival.preferred": (),
}
"""Columns that older snapshots of this format have not, with what stands there then."""

_ARRIVAL: Final = len(_INTERACTION_FIELDS) + 7
"""The first of the columns that make the arrival."""
_ATTRIBUTES: Final = _ARRIVAL + InteractionArrived._fields.index("attributes")
_REQUIREMENT: Final = _ARRIVAL + InteractionArrived._fields.index("requirement")

_of_interaction: Final[Callable[[Interaction], tuple[Whatever, ...]]] = attrgetter(*_INTERACTION_FIELDS)
_of_holding: Final[Callable[[Holding], tuple[Whatever, ...]]] = attrgetter(*_HOLDING_FIELDS)
_of_agent: Final[Callable[[AgentState], tuple[Whatever, ...]]] = attrgetter(*_AGENT_FIELDS)

_CALLBACK_FIELDS: Final = (
    "number",
    "not_before",
    "not_after",
    "attempts",
    "is_dialling",
    "held",
    "dial_due",
    "resume_at",
)
_of_callback: Final[Callable[[CallbackState], tuple[Whatever, ...]]] = attrgetter(*_CALLBACK_FIELDS)

_CENTRE_FIELDS: Final = ("now", "last_number", "last_decision", "last_offer", "link_lost_at")


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def dump(centre: Centre) -> Data:
    """Return the state as plain data."""
    # When what ended long ago is really dropped depends on who asked since, refused or not; what is written down must not.
    centre.forget()
    forget_customers(centre)
    holdings: dict[int, Holding] = {}
    for agent in centre.agents.values():
        holdings.update({holding.decision: holding for holding in agent.holdings})
    holdings.update({holding.decision: holding for holding in centre.offers.values()})
    interactions = {interaction.number: interaction for interaction in centre.interactions.values()}
    interactions.update({holding.interaction.number: holding.interaction for holding in holdings.values()})
    return {
        "format": FORMAT,
        "plan": centre.plan.version,
        **{name: getattr(centre, name) for name in _CENTRE_FIELDS},
        "facts": [to_data(fact) for fact in centre.facts],
        "effects": [to_data(effect) for effect in centre.effects],
        "offered_unheard": {str(offer_id): at for offer_id, at in sorted(centre.offered_unheard.items())},
        "known": sorted(interaction.number for interaction in centre.interactions.values()),
        "ended": [
            [at, interaction.number] for at, interaction in centre.ended if interaction.number in interactions
        ],
        "ended_offers": [holding.decision for holding in centre.ended_offers],
        "failed_matches": {name: section.intake.failed for name, section in centre.sections.items()},
        "queues": {
            name: {"tick_at": queue.tick_at, "last_picked": queue.last_picked}
            for name, queue in centre.queues.items()
            if queue.tick_at is not None or queue.last_picked
        },
        "figures": None if centre.figures is None else centre.figures.dump(),
        "tails": [
            [number, list(interactions[number].tail or ())]
            for number in sorted(interactions)
            if interactions[number].tail is not None
        ],
        "handle_times": dict(sorted(centre.handle_times.items())),
        "columns": {name: list(columns) for name, columns in _COLUMNS.items()},
        "callbacks": {
            str(number): list(_of_callback(interaction.callback))
            for number, interaction in sorted(interactions.items())
            if interaction.callback is not None
        },
        "interactions": [_dump_interaction(interactions[number]) for number in sorted(interactions)],
        "holdings": [_dump_holding(holdings[decision]) for decision in sorted(holdings)],
        "agents": [_dump_agent(centre.agents[agent_id]) for agent_id in sorted(centre.agents)],
        "standings": dump_standings(centre),
        "last_agents": [[customer, *known] for customer, known in centre.last_agents.items()],
        "favours": {
            str(number): [interaction.favour.last_agent, list(interaction.favour.preferred)]
            for number, interaction in sorted(interactions.items())
            if interaction.favour is not None
        },
        "rates": {
            agent_id: counted
            for agent_id, agent in sorted(centre.agents.items())
            if (counted := account(agent, centre.now))
        },
    }


def _dump_interaction(interaction: Interaction) -> Row:
    ladder = interaction.ladder
    refused, relaxations = interaction.refused, interaction.relaxations
    row = [
        *_of_interaction(interaction),
        interaction.queue.plan.queue_id,
        interaction.channel.channel_id,
        None if interaction.origin == "queue" else to_data(interaction.asked.tree),
        to_data(relaxations) if relaxations else [],
        list(interaction.opened),
        None if refused is None else dict(sorted(refused.items())),
        None
        if ladder is None
        else {
            "taken": sorted(map(list, ladder.taken)),
            "caught_up": sorted(map(list, ladder.caught_up)),
            "repeats": sorted([*key, *repeated] for key, repeated in ladder.repeats.items()),
            "waiting": to_data(ladder.waiting),
        },
        *interaction.arrival,
    ]
    row[_ATTRIBUTES] = dict(row[_ATTRIBUTES])
    if row[_REQUIREMENT] is not None:
        row[_REQUIREMENT] = to_data(row[_REQUIREMENT])
    return row


def _dump_holding(holding: Holding) -> Row:
    interaction = holding.interaction
    return [*_of_holding(holding), interaction.number, holding.agent.id, interaction.owner is holding]


def _dump_agent(agent: AgentState) -> Row:
    spec = to_data(agent.spec) if agent.leaving else None
    return [*_of_agent(agent), agent.id, spec, [holding.decision for holding in agent.holdings]]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def load(plan: Plan, policies: Policies, snapshot: Mapping[str, Whatever]) -> Centre:
    """Return the centre of the snapshot. Raises ``ValueError`` when it is of another plan or format, or damaged."""
    if snapshot.get("format") != FORMAT:
        raise ValueError(
            f"the snapshot's format is {snapshot.get('format')!r}; this version reads {FORMAT!r}"
        )
    if snapshot.get("plan") != plan.version:
        raise ValueError(
            f"the snapshot was taken under plan {snapshot.get('plan')!r}, not under {plan.version!r}"
        )
    try:
        return _load(plan, policies, snapshot)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the snapshot is damaged: {type(error).__name__}: {error}") from error


def _load(plan: Plan, policies: Policies, snapshot: Mapping[str, Whatever]) -> Centre:
    rows = {name: _rows(snapshot, name) for name in _COLUMNS}
    centre = Centre(plan, policies, snapshot["now"])
    adopt_hours(centre)
    for name in _CENTRE_FIELDS:
        setattr(centre, name, snapshot[name])
    centre.facts = [from_data(fact) for fact in snapshot["facts"]]
    centre.effects = [from_data(effect) for effect in snapshot["effects"]]
    centre.offered_unheard = {
        OfferId(int(offer_id)): at for offer_id, at in snapshot["offered_unheard"].items()
    }
    centre.handle_times.update(snapshot.get("handle_times", {}))
    for name, failed in snapshot["failed_matches"].items():
        centre.sections[name].intake.failed = failed

    interactions = {row[0]: _load_interaction(centre, row) for row in rows["interactions"]}
    for number, tail in snapshot.get("tails", ()):
        interactions[number].tail = tuple(tail)
    for number in snapshot["known"]:
        centre.interactions[interactions[number].id] = interactions[number]
    centre.ended = deque((at, interactions[number]) for at, number in snapshot["ended"])
    _load_agents(centre, rows["agents"])
    keep_standings(centre)
    for agent_id, standing in snapshot.get("standings", {}).items():
        load_standing(centre.agents[agent_id], standing)
    holdings = {row[0]: _load_holding(centre, interactions, row) for row in rows["holdings"]}
    for *_, agent_id, _, decisions in rows["agents"]:
        agent = centre.agents[agent_id]
        for decision in decisions:
            _hold_again(centre, agent, holdings[decision])
        if agent.profile.rate is not None:
            restore_account(centre, agent, snapshot.get("rates", {}).get(agent_id, ()))
    for holding in holdings.values():
        if holding.offer_id and holding.offer_end is None:
            centre.offers[holding.offer_id] = holding
    for decision in snapshot["ended_offers"]:
        centre.ended_offers.append(holdings[decision])
        centre.offers[holdings[decision].offer_id] = holdings[decision]

    centre.last_agents = {
        customer: (AgentId(agent_id), at) for customer, agent_id, at in snapshot.get("last_agents", [])
    }
    for written, (last_agent, preferred) in snapshot.get("favours", {}).items():
        interactions[int(written)].favour = Favour(last_agent, tuple(preferred))
    for number, values in snapshot.get("callbacks", {}).items():
        callback = interactions[int(number)].callback = CallbackState("", None, None)
        for name, value in zip(_CALLBACK_FIELDS, values, strict=True):
            setattr(callback, name, value)
    for number in sorted(interactions):
        _resume(centre, interactions[number])
    for name, data in snapshot["queues"].items():
        queue = centre.queues[name]
        queue.last_picked = dict(data["last_picked"])
        queue.tick_at = data["tick_at"]
        if queue.tick_at is not None:
            centre.deadline(queue.tick_at, LEVEL_CHECK, queue.index, name, queue)
    if plan.estimates is not None:
        centre.figures = RunningFigures.load(plan.estimates, snapshot.get("figures"))
    enlist_new_work(centre)
    centre.new_work = []
    centre.freed = []
    centre.touched.clear()
    centre.match_all = False
    return centre


def _rows(snapshot: Mapping[str, Whatever], name: str) -> list[Row]:
    """Return the rows with the columns of today; raises ``ValueError`` when that cannot be."""
    expected, found = list(_COLUMNS[name]), snapshot["columns"][name]
    rows: list[Row] = snapshot[name]
    if found == expected:
        return rows
    added = {column: value for column, value in _ADDED.items() if column not in found}
    if sorted([*found, *added]) != sorted(expected) or not set(added).issubset(expected):
        raise ValueError(f"the columns of {name} are {found}, not {expected}")
    places = [None if column in added else found.index(column) for column in expected]
    return [
        [
            added[column] if place is None else row[place]
            for place, column in zip(places, expected, strict=True)
        ]
        for row in rows
    ]


def _load_interaction(centre: Centre, row: Row) -> Interaction:
    number, priority, origin, rule, state = row[:5]
    queue_id, channel_id, requirement, relaxations, opened, refused, ladder_data = row[
        _ARRIVAL - 7 : _ARRIVAL
    ]
    queue = _queue(centre, queue_id, ended=state == "ended")
    channel = centre.channels.get(channel_id) or Channel(channel_id=channel_id)
    asked = queue.asked if requirement is None else centre.needs.asked(from_data(requirement))
    if row[_REQUIREMENT] is not None:
        row = [*row[:_REQUIREMENT], from_data(row[_REQUIREMENT]), *row[_REQUIREMENT + 1 :]]
    arrival = InteractionArrived(*row[_ARRIVAL:])
    if arrival.preferred.__class__ is not tuple:
        arrival = arrival._replace(preferred=tuple(arrival.preferred))
    interaction = Interaction(
        arrival.interaction_id, number, arrival, queue, channel, priority, asked, origin, rule
    )
    interaction.state = state
    # One statement, since this is most of a restart: in the order of _INTERACTION_FIELDS.
    (
        interaction.answer,
        interaction.queued_at,
        interaction.waiting_since,
        interaction.waited_ms,
        interaction.ladder_at,
        interaction.ladder_due,
        interaction.need_due,
        interaction.elapsed_floor,
        interaction.expedited,
        interaction.people_only,
        interaction.refused_clear_at,
        interaction.hops,
        interaction.ended_how,
        interaction.ended_at,
    ) = row[5 : _ARRIVAL - 7]
    if relaxations:
        interaction.relaxations = from_data(relaxations)
    if opened:
        interaction.opened = tuple(opened)
    if refused is not None:
        interaction.refused = {AgentId(agent): until for agent, until in refused.items()}
    if ladder_data is not None:
        ladder = interaction.ladder = LadderState()
        ladder.taken = {(queue_id, step) for queue_id, step in ladder_data["taken"]}
        ladder.caught_up = {(queue_id, step) for queue_id, step in ladder_data["caught_up"]}
        ladder.repeats = {
            (queue_id, step): (count, at) for queue_id, step, count, at in ladder_data.get("repeats", ())
        }
        ladder.waiting = list(from_data(ladder_data["waiting"]))
    return interaction


def _queue(centre: Centre, queue_id: Whatever, *, ended: bool) -> QueueState:
    """Return the queue; for ended work whose queue is gone one that has no more than its name, since nobody asks for more."""
    queue = centre.queues.get(queue_id)
    if queue is None:
        if not ended:
            raise KeyError(f"queue {queue_id!r}")
        other = next(iter(centre.queues.values()))
        gone = Queue(queue_id=queue_id, section_id=other.section_id)
        queue = QueueState(gone, other.section, other.index, other.asked, centre_is_limited=False)
    return queue


def _load_agents(centre: Centre, agents: list[Row]) -> None:
    roster = {spec.agent_id: spec for spec in centre.plan.agents}
    for row in agents:
        *values, agent_id, kept, _ = row
        spec = from_data(kept) if kept is not None else roster[agent_id]
        profile = centre.profiles.of(spec)
        agent = AgentState(spec, profile)
        for name, value in zip(_AGENT_FIELDS, values, strict=True):
            setattr(agent, name, value)
        centre.agents[agent.id] = profile.agents[agent.id] = agent
        if agent.presence != "offline":
            profile.signed_in += 1
            for pool in profile.pools:
                centre.pools_signed_in[pool] = centre.pools_signed_in.get(pool, 0) + 1
        if agent.paused_until is not None:
            centre.deadline(agent.paused_until, PAUSE_END, 0, agent.id, agent)
        if agent.lease_due is not None:
            centre.deadline(agent.lease_due, LEASE_END, 0, agent.id, agent)


def _load_holding(centre: Centre, interactions: dict[int, Interaction], row: Row) -> Holding:
    *values, number, agent_id, is_owner = row
    interaction = interactions[number]
    agent = centre.agents.get(agent_id)
    if agent is None:
        nobody = centre.plan.agents[0] if centre.plan.agents else None
        if nobody is None or values[_HOLDING_FIELDS.index("state")] != "closed":
            raise KeyError(f"agent {agent_id!r}")
        agent = AgentState(nobody, centre.profiles.of(nobody))
        agent.id = AgentId(agent_id)
    holding = Holding(interaction, agent, 0, OfferId(0), 0, 0, 0, "")
    for name, value in zip(_HOLDING_FIELDS, values, strict=True):
        setattr(holding, name, value)
    if is_owner:
        interaction.owner = holding
    elif holding.state == "offered":
        interaction.also_offered = [*(interaction.also_offered or ()), holding]
    return holding


def _hold_again(centre: Centre, agent: AgentState, holding: Holding) -> None:
    agent.holdings.append(holding)
    interaction = holding.interaction
    if holding.counts:
        channel_id = interaction.channel.channel_id
        agent.counts[channel_id] = agent.counts.get(channel_id, 0) + 1
    if holding.state == "offered":
        centre.deadline(holding.until, OFFER_EXPIRY, interaction.number, agent.id, holding, holding.offer_id)
    elif holding.state == "wrap-up":
        centre.deadline(holding.until, WRAP_UP_END, interaction.number, agent.id, holding, holding.decision)
        if holding.scope == "section":
            if not agent.blocked:
                centre.blocked_agents += 1
            agent.blocked[holding.section_id] = agent.blocked.get(holding.section_id, 0) + 1
    if holding.held_until is not None:
        centre.deadline(holding.held_until, HOLD_END, interaction.number, agent.id, holding, holding.decision)


def _resume(centre: Centre, interaction: Interaction) -> None:
    """Let the interaction wait again, and set its deadlines."""
    number = interaction.number
    callback = interaction.callback
    if callback is not None and callback.resume_at is not None:
        centre.deadline(callback.resume_at, CALLBACK_DUE, number, "", interaction)
        return
    if callback is not None and callback.dial_due is not None:
        centre.deadline(callback.dial_due, DIAL_END, number, "", interaction)
    if interaction.state == "scheduled":
        assert interaction.arrival.not_before is not None
        centre.deadline(interaction.arrival.not_before, START, number, "", interaction)
        return
    if interaction.state == "ended":
        return
    rekey(centre, interaction)
    if interaction.state == "queued":
        wait(centre, interaction)
    look_further(centre, interaction)
    for agent_id, until in (interaction.refused or {}).items():
        centre.deadline(until, REFUSAL_END, number, agent_id, interaction)
    if interaction.refused_clear_at is not None:
        centre.deadline(interaction.refused_clear_at, REFUSALS_CLEAR, number, "", interaction)
    if interaction.need_due is not None:
        centre.deadline(interaction.need_due, NEED_CHANGE, number, "", interaction)
    if interaction.ladder_due is not None:
        centre.deadline(interaction.ladder_due, LADDER_STEP, number, "", interaction)
