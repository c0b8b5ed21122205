"""The choice among agents that can take a piece of work: tier, then score, then the dynamic policy (docs/semantics.md, §5).

The commonest case, the first of the best-scored by a key, is ``matching``'s own. Here are the others: choices that pick or measure,
a tolerance, agents judged one by one, and a list of agents that are given. What it costs follows the number of profiles in the best
tier, not that of agents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.core.candidates import SortedCandidates
from router.core.centre import Centre
from router.core.demand import DemandClass
from router.core.draw import draw
from router.core.eligibility import can_take, judge
from router.core.heads import Candidate
from router.core.names import AgentId, SectionId
from router.core.policy import PickChoice
from router.core.records import AgentState, Interaction
from router.core.supply import Profile

Ranked = tuple[int, int, AgentState]
"""(tier, −score, agent): the smallest tier and −score are best."""


def choice_name(interaction: Interaction) -> str:
    """Return the name of the dynamic policy that chooses the interaction's agent."""
    return interaction.queue.plan.choice or interaction.channel.choice


def able_agents(centre: Centre, interaction: Interaction, names: Iterable[AgentId]) -> list[AgentState]:
    """Return those of the named agents that can take the interaction."""
    agents = [agent for name in names if (agent := centre.agents.get(name)) is not None]
    return [agent for agent in agents if can_take(centre, interaction, agent)]


def barred_agents(interaction: Interaction) -> set[AgentId]:
    """Return the agents for whom the class may not speak (``is_barred``)."""
    barred = set(interaction.refused or ())
    barred.update(holding.agent.id for holding in interaction.open_offers())
    if interaction.need is not None:
        barred |= interaction.need.named
    return barred


def choice_key(centre: Centre, interaction: Interaction, agent: AgentState) -> tuple[int, ...]:
    """Return what the dynamic policy orders the agent by, the id left out; empty where it picks."""
    name = choice_name(interaction)
    keyed = centre.policies.keyed.get(name)
    if keyed is not None:
        return keyed.key(agent.units, agent.profile.capacity, agent.idle_since)
    measured = centre.policies.measured.get(name)
    if measured is None:
        return ()
    assert agent.standing is not None
    measure, _ = measured.measure(agent.standing, centre.now)
    return (1 if agent.units else 0, measure, agent.idle_since)


def choose(centre: Centre, interaction: Interaction, agents: list[AgentState]) -> Candidate | None:
    """Return the best of agents that can all take the interaction."""
    if not agents:
        return None
    favour = interaction.favour
    if favour is not None and favour.held_for:
        first = min(agents, key=lambda agent: favour.held_for.index(agent.id))
        judged = judge(centre, interaction, first)
        assert judged is not None
        return (*judged, first)
    ranked = list(_ranked(centre, interaction, agents))
    tier, negated = min((rank[0], rank[1]) for rank in ranked)
    worst = negated + interaction.queue.plan.tolerance * 1000
    best = {agent.id: (score, agent) for at, score, agent in ranked if at == tier and score <= worst}
    pick = centre.policies.picks.get(choice_name(interaction))
    if pick is not None:
        chosen_id = _picked(centre, interaction, pick, SortedCandidates([sorted(best)]))
    else:
        chosen_id = min(best, key=lambda name: (*choice_key(centre, interaction, best[name][1]), name))
    negated, chosen = best[chosen_id]
    return tier, -negated, chosen


def _ranked(centre: Centre, interaction: Interaction, agents: Iterable[AgentState]) -> Iterator[Ranked]:
    for agent in agents:
        judged = judge(centre, interaction, agent)
        assert judged is not None
        yield judged[0], -judged[1], agent


# ── choices that pick or measure, and tolerance ──────────────────────────────────────────────────────────────────


def best_unusual(centre: Centre, interaction: Interaction, klass: DemandClass) -> Candidate | None:
    """Return the best agent for the interaction, whose class has a choice that picks or measures, or a tolerance."""
    favour = interaction.favour
    if favour is not None and favour.held_for:
        return choose(centre, interaction, able_agents(centre, interaction, favour.held_for))
    barred = barred_agents(interaction)
    named: list[Ranked] = []
    if klass.names_agents and interaction.need is not None and interaction.need.named:
        able = able_agents(centre, interaction, interaction.need.named)
        named = list(_ranked(centre, interaction, able))
    groups = list(_best_groups(centre, klass, barred, named))
    if not groups and not named:
        return None
    tier, best = min([*((at, -score) for at, score, _ in groups), *((at, score) for at, score, _ in named)])
    worst = best + klass.tolerance
    near = [agent for at, negated, agent in named if at == tier and negated <= worst]
    if klass.pick is None:
        heads = [
            head
            for _, _, profiles in groups
            for profile in profiles
            if (head := _head(centre, klass, profile, barred)) is not None
        ]
        return choose(centre, interaction, near + heads)
    section_id = _blocking_section(centre, klass)
    lists = [
        profile.free_list(klass.channel, section_id).ids for _, _, profiles in groups for profile in profiles
    ]
    candidates = SortedCandidates(lists, barred, sorted(agent.id for agent in near))
    chosen = centre.agents[_picked(centre, interaction, klass.pick, candidates)]
    judged = judge(centre, interaction, chosen)
    assert judged is not None
    return judged[0], judged[1], chosen


def _best_groups(
    centre: Centre, klass: DemandClass, barred: set[AgentId], named: list[Ranked]
) -> Iterator[tuple[int, int, list[Profile]]]:
    """Yield the groups with a free agent that are the best, or within the tolerance of the best of them and of the named."""
    bound: tuple[int, int] | None = None
    if named:
        tier, negated = min((rank[0], rank[1]) for rank in named)
        bound = (tier, negated + klass.tolerance)
    for tier, score, profiles in klass.groups:
        if bound is not None and (tier, -score) > bound:
            return
        if not _anyone(centre, klass, profiles, barred):
            continue
        first = (tier, -score + klass.tolerance)
        if bound is None or first < bound:
            bound = first
        yield tier, score, profiles


def _anyone(centre: Centre, klass: DemandClass, profiles: list[Profile], barred: set[AgentId]) -> bool:
    if klass.pick is None:
        return any(_head(centre, klass, profile, barred) is not None for profile in profiles)
    section_id = _blocking_section(centre, klass)
    lists = [profile.free_list(klass.channel, section_id).ids for profile in profiles]
    return len(SortedCandidates(lists, barred)) > 0


def _head(centre: Centre, klass: DemandClass, profile: Profile, barred: set[AgentId]) -> AgentState | None:
    """Return the profile's first free agent by the class's choice, which does not pick."""
    section_id = klass.queue.section_id
    if klass.choice is not None:
        entry = profile.free_heap(klass.channel, klass.choice).first_for(barred, section_id)
        return None if entry is None else entry[4]
    assert klass.measured is not None
    measured = profile.measured_heap(klass.channel, klass.measured).first_for(barred, section_id, centre.now)
    return None if measured is None else measured[6]


def anyone_free_unusual(centre: Centre, klass: DemandClass) -> bool:
    """Say whether anybody who serves the class, whose choice picks or measures or has a tolerance, is free for its channel."""
    return any(_anyone(centre, klass, profiles, set()) for _, _, profiles in klass.groups)


def _blocking_section(centre: Centre, klass: DemandClass) -> SectionId | None:
    return klass.queue.section_id if centre.blocked_agents else None


def _picked(
    centre: Centre, interaction: Interaction, pick: PickChoice, candidates: SortedCandidates
) -> AgentId:
    number = draw(centre.plan.seed, centre.last_decision + 1)
    last = interaction.queue.last_picked.get(pick.name)
    return candidates[pick.pick(candidates, last, number)]
