"""What a free agent takes under a selection that chooses among queues: heads, compared, and again after each decision.

Semantics, section 5. The head of a queue is the first work there that this agent can take, so nobody's head blocks another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from router.core.centre import Centre
from router.core.demand import DemandClass, QueueState, is_barred
from router.core.draw import draw
from router.core.eligibility import can_take, eligible_agents, judge, precedence, serving
from router.core.policy import Head, HeadSelection
from router.core.records import AgentState, Interaction, Key
from router.core.supply import is_available

Named = tuple[Interaction, int, int]
"""(interaction, tier, score)"""

Candidate = tuple[int, int, AgentState]
"""(tier, score, agent)"""

Choose = Callable[[Centre, Interaction, list[AgentState]], Candidate | None]
"""Return the best of agents that can all take the interaction."""

Match = Callable[[Centre, Interaction, AgentState, int, int], None]
"""Hand the interaction to the agent, chosen in this tier with this score."""


class First(NamedTuple):
    """The first work of a queue that an agent can take."""

    precedence: int
    key: Key
    interaction: Interaction
    tier: int
    score: int


def first_by_heads(centre: Centre, agent: AgentState, selection: HeadSelection) -> Named | None:
    """Return the work that the agent names, with tier and score of the two; None when it can take nothing."""
    found = firsts(centre, agent)
    if not found:
        return None
    if len(found) > 1:
        heads = [head_of(centre, agent, first.interaction, selection) for first in found]
        chosen = found[selection.pick(heads, draw(centre.plan.seed, centre.last_decision + 1))]
    else:
        chosen = found[0]
    return chosen.interaction, chosen.tier, chosen.score


def firsts(centre: Centre, agent: AgentState, *, all_levels: bool = False) -> list[First]:
    """Return the first work of every queue that the agent can take something of, of the smallest precedence only unless
    ``all_levels``, in the order of their (precedence, key).
    """
    if not is_available(agent):
        return []
    found: dict[QueueState, First] = {}
    profile = agent.profile
    smallest: int | None = None
    for before, klass, _, tier, score in serving(centre, profile):
        if smallest is not None and before > smallest and not all_levels:
            break
        if not klass.count or not profile.has_room(agent, klass.channel):
            continue
        if klass.queue.section_id in agent.blocked:
            continue
        interaction = _head(klass, agent)
        if interaction is not None:
            assert interaction.key is not None
            _keep(found, klass.queue, First(before, interaction.key, interaction, tier, score))
            smallest = before if smallest is None else smallest
    for interaction in agent.named_by.values():
        if can_take(centre, interaction, agent):
            assert interaction.need is not None
            assert interaction.key is not None
            judged = judge(centre, interaction, agent)
            assert judged is not None
            before = precedence(centre, profile, interaction.queue, interaction.need.wanted)
            _keep(found, interaction.queue, First(before, interaction.key, interaction, *judged))
    result = sorted(found.values(), key=lambda first: (first.precedence, first.key))
    if all_levels or not result:
        return result
    return [first for first in result if first.precedence == result[0].precedence]


def _head(klass: DemandClass, agent: AgentState) -> Interaction | None:
    interaction = klass.head()
    if interaction is not None and is_barred(interaction, agent.id):
        return klass.head_for(agent.id)
    return interaction


def _keep(found: dict[QueueState, First], queue: QueueState, first: First) -> None:
    best = found.get(queue)
    if best is None or (first.precedence, first.key) < (best.precedence, best.key):
        found[queue] = first


def head_of(
    centre: Centre,
    agent: AgentState,
    interaction: Interaction,
    selection: HeadSelection,
    *,
    leaving: Interaction | None = None,
) -> Head:
    """Return what the selection may know of the interaction, which waits; one that is ``leaving`` counts as if it still did."""
    queue = interaction.queue
    counts = leaving is not None and leaving.state == "queued"
    is_here = leaving is not None and leaving.queue is queue
    since = interaction.waiting_since
    return Head(
        queue=queue.plan,
        place=queue.index,
        wait_ms=0 if since is None else max(0, centre.now - since),
        length=queue.waiting + (counts and is_here),
        total=centre.waiting + counts,
        shares=centre.shares,
        handle_ms=centre.handle_times.get(queue.queue_id, 0),
        others=_others(centre, agent, interaction) if selection.counts_agents else 0,
    )


def _others(centre: Centre, agent: AgentState, interaction: Interaction) -> int:
    """Count who is signed in and could serve the interaction, beside the agent, who could."""
    klass, need = interaction.klass, interaction.need
    if klass is None or need is None or need.named:
        eligible = eligible_agents(centre, interaction)
        return sum(other.presence != "offline" and other is not agent for other in eligible)
    return sum(profile.signed_in for profile in (*klass.served_by, *klass.closed_to)) - 1


def match_by_heads(centre: Centre, agents: Iterable[AgentState], match: Match, choose: Choose) -> None:
    """Let the agents name their first works until nobody names any.

    What an agent names may change with every decision: with a head that is gone, with the length of a queue, with the next random
    number. So all name anew after each; but who could take nothing can take nothing later in the same pass.
    """
    selection = centre.by_heads
    assert selection is not None
    naming = list(agents)
    while naming:
        named = [
            (found[0], agent)
            for agent in naming
            if (found := first_by_heads(centre, agent, selection)) is not None
        ]
        if not named:
            return
        interaction = min((work for work, _ in named), key=_key)
        best = choose(centre, interaction, [agent for work, agent in named if work is interaction])
        assert best is not None
        match(centre, interaction, best[2], best[0], best[1])
        naming = [agent for _, agent in named]


def _key(interaction: Interaction) -> Key:
    assert interaction.key is not None
    return interaction.key
