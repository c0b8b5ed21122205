"""The matching pass: which waiting work goes to which free agent.

The rule is one (docs/semantics.md, section 5): every agent that can take something names its first work, the smallest
key of all named work goes to the best agent that named it, and again. Between signals nothing that fits is left
unmatched, so a pass has to look only at what is new: work that has begun to wait or asks for something else, and
agents that have become free. One of either is by far the commonest and has a short way; the long way is the rule.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from router.core.centre import Centre
from router.core.choosing import (
    able_agents,
    anyone_free_unusual,
    barred_agents,
    best_unusual,
    choose,
)
from router.core.demand import DemandClass, is_barred
from router.core.eligibility import can_take, judge, precedence, refresh, serving
from router.core.heads import Candidate, Match, first_by_heads, match_by_heads
from router.core.names import AgentId
from router.core.queueing import enlist_new_work, reclassify
from router.core.records import AgentState, Interaction, Key
from router.core.supply import Entry, is_available

NO_KEY: Final[Key] = (0, 0, 0, 0)


def match_pass(centre: Centre, match: Match) -> None:
    """Match all that can be matched."""
    if centre.match_all and centre.favouring:
        for interaction in list(centre.favouring.values()):
            reclassify(centre, interaction)
    new_work, freed, match_all = centre.new_work, centre.freed, centre.match_all
    if not new_work and not match_all and len(freed) == 1:
        # The commonest of all: somebody is done.
        agent = freed.pop()
        if centre.waiting or centre.seeking:
            while (named := first_work(centre, agent)) is not None:
                match(centre, named[0], agent, named[1], named[2])
        if not agent.is_noted:
            agent.profile.note(agent)
    elif match_all or freed or len(new_work) != 1:
        for agent in freed:
            agent.profile.note(agent)
        enlist_new_work(centre)
        centre.new_work, centre.freed, centre.match_all = [], [], False
        if centre.waiting or centre.seeking:
            _match_many(centre, match, new_work, freed, match_all)
    else:
        centre.new_work = []
        interaction = new_work[0]
        klass = interaction.klass
        if klass is not None:
            best = best_agent(centre, interaction, klass)
            if best is not None:
                match(centre, interaction, best[2], best[0], best[1])
                if interaction.klass is not None:
                    _match_further(centre, match, interaction)
            elif not interaction.listed and interaction.key is not None:
                klass.enlist(interaction, interaction.key)


def _match_further(centre: Centre, match: Match, interaction: Interaction) -> None:
    """Match work that is broadcast with as many more agents as it may be."""
    while (klass := interaction.klass) is not None:
        best = best_agent(centre, interaction, klass)
        if best is None:
            return
        match(centre, interaction, best[2], best[0], best[1])


# ── new work looks for an agent ──────────────────────────────────────────────────────────────────────────────────


def best_agent(centre: Centre, interaction: Interaction, klass: DemandClass) -> Candidate | None:
    """Return the best of all agents that can take the interaction, which waits, or would wait, in the class."""
    if klass.epoch != centre.epoch:
        refresh(centre, klass)
    if not klass.is_usual:
        return best_unusual(centre, interaction, klass)
    if klass.names_agents and interaction.need is not None and interaction.need.named:
        return _best_with_named(centre, interaction, klass, interaction.need.named)
    if klass.is_wide:
        free = klass.first_free(barred_agents(interaction))
        return None if free is None else (free[0], -free[1], free[6])
    if interaction.refused or centre.blocked_agents or interaction.owner is not None:
        return _best_unbarred(interaction, klass)
    for tier, score, orders in klass.orders:
        best: Entry | None = None
        for heap in orders:
            while heap:
                entry = heap[0]
                if entry[3] == entry[4].stamp:
                    if best is None or entry < best:
                        best = entry
                    break
                heappop(heap)
        if best is not None:
            return tier, score, best[4]
    return None


def _best_unbarred(interaction: Interaction, klass: DemandClass) -> Candidate | None:
    """Return the best of those for whom the class may speak (``is_barred``)."""
    barred = barred_agents(interaction)
    if klass.is_wide:
        free = klass.first_free(barred)
        return None if free is None else (free[0], -free[1], free[6])
    section_id = klass.queue.plan.section_id
    for tier, score, heaps in klass.heaps:
        entries = [entry for heap in heaps if (entry := heap.first_for(barred, section_id)) is not None]
        if entries:
            return tier, score, min(entries)[4]
    return None


def _best_with_named(
    centre: Centre, interaction: Interaction, klass: DemandClass, named: frozenset[AgentId]
) -> Candidate | None:
    """Return the best where the class speaks for all but those who are named."""
    able = able_agents(centre, interaction, named)
    best = _best_unbarred(interaction, klass)
    if best is not None:
        able.append(best[2])
    return choose(centre, interaction, able)


# ── a freed agent looks for work ─────────────────────────────────────────────────────────────────────────────────


def first_work(centre: Centre, agent: AgentState) -> tuple[Interaction, int, int] | None:
    """Return the first of all work the agent can take, with the tier and score of the two."""
    if agent.presence != "ready" or agent.paused_until is not None or agent.is_spent:
        return None
    if centre.by_heads is not None:
        return first_by_heads(centre, agent, centre.by_heads)
    profile = agent.profile
    is_idle = not agent.units and not profile.maxima
    best: Interaction | None = None
    best_group, best_key = 0, NO_KEY
    tier = score = 0
    for group, klass, has_room_when_idle, klass_tier, klass_score in (
        profile.serving if profile.serving_epoch == centre.epoch else serving(centre, profile)
    ):
        if not klass.count:
            continue
        if best is not None and best_group < group:
            break
        if not (has_room_when_idle if is_idle else profile.has_room(agent, klass.channel)):
            continue
        if agent.blocked and klass.queue.section_id in agent.blocked:
            continue
        interaction = klass.head()
        if interaction is None:
            continue
        if (
            interaction.refused is not None or klass.names_agents or interaction.owner is not None
        ) and is_barred(interaction, agent.id):
            interaction = klass.head_for(agent.id)
            if interaction is None:
                continue
        key = interaction.key
        assert key is not None
        if best is None or key < best_key:
            best, best_group, best_key = interaction, group, key
            tier, score = klass_tier, klass_score
    if agent.named_by:
        for interaction in agent.named_by.values():
            if can_take(centre, interaction, agent):
                assert interaction.need is not None
                assert interaction.key is not None
                group = precedence(centre, profile, interaction.queue, interaction.need.wanted)
                if best is None or (group, interaction.key) < (best_group, best_key):
                    judged = judge(centre, interaction, agent)
                    assert judged is not None
                    best, best_group, best_key = interaction, group, interaction.key
                    tier, score = judged
    return None if best is None else (best, tier, score)


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────


def _match_many(
    centre: Centre, match: Match, new_work: list[Interaction], freed: list[AgentState], match_all: bool
) -> None:
    classes: dict[DemandClass, None] = {}
    singles: dict[int, Interaction] = {}
    if match_all:
        classes = {klass: None for klass in centre.classes.values() if klass.count}
        for agent in centre.agents.values():
            singles.update(agent.named_by)
    else:
        for interaction in new_work:
            if interaction.klass is not None:
                classes[interaction.klass] = None
                if interaction.need is not None and interaction.need.named:
                    singles[interaction.number] = interaction
        for agent in freed:
            for service in serving(centre, agent.profile):
                if service[1].count:
                    classes[service[1]] = None
            singles.update(agent.named_by)
    if centre.selection is not None and centre.selection.uniform and not centre.profiles.have_levels:
        _sweep(centre, match, classes, singles)
    else:
        _match_named(centre, match, classes, singles)


def _sweep(
    centre: Centre, match: Match, classes: dict[DemandClass, None], singles: dict[int, Interaction]
) -> None:
    """Take the work in the order of its keys; each goes to the best agent that can take it.

    The same as the rule where the key alone decides what an agent names: the smallest key that anybody can take is then
    named by everybody who can take it. Within a pass agents only become less free, so what nobody could take stays so.
    """
    heads: list[tuple[Key, Interaction, DemandClass | None]] = []
    klass: DemandClass | None
    heads.extend(
        (interaction.key, interaction, None)
        for interaction in singles.values()
        if interaction.key is not None and interaction.klass is not None
    )
    for klass in classes:
        head = klass.head()
        if head is not None and head.key is not None:
            heads.append((head.key, head, klass))
    heap = [(key, index) for index, (key, _, _) in enumerate(heads)]
    heapify(heap)
    passed: dict[DemandClass, list[Interaction]] = {}
    while heap:
        key, index = heappop(heap)
        _, interaction, klass = heads[index]
        if interaction.klass is not None and interaction.key == key:
            best = best_agent(centre, interaction, interaction.klass)
            if best is not None:
                match(centre, interaction, best[2], best[0], best[1])
                if klass is None:  # what is broadcast may be for another agent too
                    heappush(heap, (key, index))
            elif klass is not None:
                if not _anyone_free(centre, klass):
                    continue
                klass.set_aside(interaction)
                passed.setdefault(klass, []).append(interaction)
        if klass is not None:
            head = klass.head()
            if head is not None and head.key is not None:
                heads.append((head.key, head, klass))
                heappush(heap, (head.key, len(heads) - 1))
    for klass, interactions in passed.items():
        for interaction in interactions:
            klass.bring_back(interaction)


def _anyone_free(centre: Centre, klass: DemandClass) -> bool:
    """Say whether anybody who serves the class is free for its channel."""
    if not klass.is_usual:
        return anyone_free_unusual(centre, klass)
    if klass.is_wide:
        return any(entry[5] == entry[6].stamp for entry in klass.free)
    return any(heap.first() is not None for _, _, heaps in klass.heaps for heap in heaps)


def _match_named(
    centre: Centre, match: Match, classes: dict[DemandClass, None], singles: dict[int, Interaction]
) -> None:
    """The rule itself: each free agent names its first work."""
    agents: dict[AgentId, AgentState] = {}
    for klass in classes:
        if klass.epoch != centre.epoch:
            refresh(centre, klass)
        for profile in klass.served_by:
            agents.update({agent.id: agent for agent in profile.agents.values() if is_available(agent)})
    for interaction in singles.values():
        if interaction.need is not None:
            named = (centre.agents.get(name) for name in interaction.need.named)
            agents.update({agent.id: agent for agent in named if agent is not None and is_available(agent)})

    if centre.by_heads is not None:
        match_by_heads(centre, agents.values(), match, choose)
        return

    named_by: dict[int, list[AgentState]] = {}
    work: dict[int, Interaction] = {}
    heap: list[tuple[Key, int]] = []

    def name_first(agent: AgentState) -> None:
        named = first_work(centre, agent)
        if named is not None:
            interaction = named[0]
            if interaction.number not in named_by:
                assert interaction.key is not None
                named_by[interaction.number] = []
                work[interaction.number] = interaction
                heappush(heap, (interaction.key, interaction.number))
            named_by[interaction.number].append(agent)

    for agent in agents.values():
        name_first(agent)
    while heap:
        _, number = heappop(heap)
        namers = named_by.pop(number)
        interaction = work.pop(number)
        best = choose(centre, interaction, namers)
        assert best is not None
        match(centre, interaction, best[2], best[0], best[1])
        for agent in namers:
            name_first(agent)
