"""The whole state of a centre as plain data; ``restoring`` makes a centre of it again.

What can be worked out again (classes, profiles, free sets, deadlines) is not written down. Interactions are referred to
by their number, holdings by their decision. The plan is named, not contained: whoever keeps snapshots keeps plans too.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any as Whatever
from typing import Final

from router.core.affinity import forget_customers
from router.core.centre import Centre
from router.core.encoding import to_data
from router.core.rates import account
from router.core.records import AgentState, CallbackState, Holding, Interaction
from router.core.snapshot_columns import (
    AGENT_FIELDS,
    ATTRIBUTES,
    CALLBACK_FIELDS,
    CENTRE_FIELDS,
    COLUMNS,
    FORMAT,
    HOLDING_FIELDS,
    INTERACTION_FIELDS,
    REQUIREMENT,
    Data,
    Row,
)
from router.core.standings import dump_standings

_of_interaction: Final[Callable[[Interaction], tuple[Whatever, ...]]] = attrgetter(*INTERACTION_FIELDS)
_of_holding: Final[Callable[[Holding], tuple[Whatever, ...]]] = attrgetter(*HOLDING_FIELDS)
_of_agent: Final[Callable[[AgentState], tuple[Whatever, ...]]] = attrgetter(*AGENT_FIELDS)
_of_callback: Final[Callable[[CallbackState], tuple[Whatever, ...]]] = attrgetter(*CALLBACK_FIELDS)


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
        **{name: getattr(centre, name) for name in CENTRE_FIELDS},
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
        "columns": {name: list(columns) for name, columns in COLUMNS.items()},
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
    row[ATTRIBUTES] = dict(row[ATTRIBUTES])
    if row[REQUIREMENT] is not None:
        row[REQUIREMENT] = to_data(row[REQUIREMENT])
    return row


def _dump_holding(holding: Holding) -> Row:
    interaction = holding.interaction
    return [*_of_holding(holding), interaction.number, holding.agent.id, interaction.owner is holding]


def _dump_agent(agent: AgentState) -> Row:
    spec = to_data(agent.spec) if agent.leaving else None
    return [*_of_agent(agent), agent.id, spec, [holding.decision for holding in agent.holdings]]
