"""A centre made from a snapshot: what was written down is taken over, everything else (classes, free sets, deadlines) is worked out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any as Whatever

from router.core.affinity import Favour
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
from router.core.encoding import from_data
from router.core.hours import adopt_hours
from router.core.names import AgentId, OfferId
from router.core.plan import Channel, Plan, Queue
from router.core.policy import Policies
from router.core.queueing import enlist_new_work, rekey, wait
from router.core.rates import restore_account
from router.core.records import AgentState, CallbackState, Holding, Interaction, LadderState
from router.core.running_figures import RunningFigures
from router.core.signals import InteractionArrived
from router.core.snapshot_columns import (
    ADDED,
    AGENT_FIELDS,
    ARRIVAL,
    CALLBACK_FIELDS,
    CENTRE_FIELDS,
    COLUMNS,
    FORMAT,
    HOLDING_FIELDS,
    LINKS,
    REQUIREMENT,
    Row,
)
from router.core.standings import keep_standings, load_standing


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
    rows = {name: _rows(snapshot, name) for name in COLUMNS}
    centre = Centre(plan, policies, snapshot["now"])
    adopt_hours(centre)
    for name in CENTRE_FIELDS:
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
        for name, value in zip(CALLBACK_FIELDS, values, strict=True):
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
    expected, found = list(COLUMNS[name]), snapshot["columns"][name]
    rows: list[Row] = snapshot[name]
    if found == expected:
        return rows
    added = {column: value for column, value in ADDED.items() if column not in found}
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
    queue_id, channel_id, requirement, relaxations, opened, refused, ladder_data = row[LINKS:ARRIVAL]
    queue = _queue(centre, queue_id, ended=state == "ended")
    channel = centre.channels.get(channel_id) or Channel(channel_id=channel_id)
    asked = queue.asked if requirement is None else centre.needs.asked(from_data(requirement))
    if row[REQUIREMENT] is not None:
        row = [*row[:REQUIREMENT], from_data(row[REQUIREMENT]), *row[REQUIREMENT + 1 :]]
    arrival = InteractionArrived(*row[ARRIVAL:])
    if arrival.preferred.__class__ is not tuple:
        arrival = arrival._replace(preferred=tuple(arrival.preferred))
    interaction = Interaction(
        arrival.interaction_id, number, arrival, queue, channel, priority, asked, origin, rule
    )
    interaction.state = state
    # One statement, since this is most of a restart: in the order of INTERACTION_FIELDS.
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
    ) = row[5:LINKS]
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
        for name, value in zip(AGENT_FIELDS, values, strict=True):
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
        if nobody is None or values[HOLDING_FIELDS.index("state")] != "closed":
            raise KeyError(f"agent {agent_id!r}")
        agent = AgentState(nobody, centre.profiles.of(nobody))
        agent.id = AgentId(agent_id)
    holding = Holding(interaction, agent, 0, OfferId(0), 0, 0, 0, "")
    for name, value in zip(HOLDING_FIELDS, values, strict=True):
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
