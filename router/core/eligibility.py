"""Who could serve what: open pools, tiers, scores, and the profiles that serve a demand class.

What depends only on class and profile is worked out once per class and epoch; agents that a requirement names are
judged one by one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from agents.queue_levels import level_for
from router.core.centre import Centre
from router.core.demand import DemandClass, QueueState
from router.core.level_delays import is_closed, opens_after
from router.core.names import AgentId, ChannelId, PoolId, SkillName
from router.core.needs import Need
from router.core.records import AgentState, Interaction
from router.core.supply import Profile, Service, is_available

Tiers = list[tuple[int, frozenset[PoolId]]]
"""(tier, its open pools), tier 1 first."""


def open_tiers(centre: Centre, queue: QueueState, opened: tuple[PoolId, ...]) -> Tiers | None:
    """Return the open pools by tier; None when the queue has no tiers, and everybody is in tier 1."""
    tiers = queue.plan.tiers
    if not tiers:
        return None
    signed_in = centre.pools_signed_in
    result: Tiers = []
    earlier_are_empty = True
    listed: set[PoolId] = set()
    for number, pools in enumerate(tiers, start=1):
        is_open = number == 1 or (queue.plan.skip_empty and earlier_are_empty)
        result.append((number, frozenset(pools) if is_open else frozenset(pools).intersection(opened)))
        listed.update(pools)
        earlier_are_empty = earlier_are_empty and not any(signed_in.get(pool, 0) for pool in pools)
    result.append((len(tiers) + 1, frozenset(opened) - listed))
    return result


def tier_of(tiers: Tiers | None, profile: Profile) -> int | None:
    """Return the profile's tier, or None when it is in no open pool."""
    if tiers is None:
        return 1
    pools = profile.pools
    for number, open_pools in tiers:
        if not open_pools.isdisjoint(pools):
            return number
    return None


def score_of(
    centre: Centre, queue: QueueState, channel_id: ChannelId, need: Need, profile: Profile, agent_id: AgentId
) -> int:
    """Return the static score in millionths: weight × term, summed, and the preferences that are met."""
    score = 0
    terms = centre.policies.terms
    for name, weight in queue.plan.score:
        speed = profile.speeds[channel_id]
        score += weight * terms[name].value(need.levels, profile.levels, profile.places, speed)
    if need.preferences:
        score += need.preference(profile.levels, profile.tags, profile.pools, agent_id)
    return score


LEVEL_SHIFT: Final = 32
"""Queue levels go before selection groups, which are smaller than 2 to the power of this."""

NOBODY = AgentId("")
"""Stands for an agent that no requirement names."""


def refresh(centre: Centre, klass: DemandClass) -> None:
    """Work out anew which profiles serve the class, and note it at those that keep a list of what they serve."""
    for profile in klass.served_by:
        profile.feeds.pop(klass, None)
    klass.epoch = centre.epoch
    klass.served_by = served_by = {}
    klass.closed_to = []
    tiers = open_tiers(centre, klass.queue, klass.opened)
    channel_id = klass.channel.channel_id
    need = klass.need
    by_rank: dict[tuple[int, int], list[Profile]] = {}
    for profile in centre.profiles:
        cost = profile.costs.get(channel_id)
        if cost is None or (klass.people_only and profile.is_automated):
            continue
        tier = tier_of(tiers, profile)
        if tier is None or not need.meets(profile.levels, profile.tags, profile.pools, NOBODY):
            continue
        if opens_after(profile, klass.queue) > klass.waited_ms:
            klass.closed_to.append(profile)
            continue
        score = score_of(centre, klass.queue, channel_id, need, profile, NOBODY)
        served_by[profile] = (tier, score)
        if cost <= profile.capacity:
            by_rank.setdefault((tier, -score), []).append(profile)
    klass.groups = [
        (tier, -negated, profiles)
        for (tier, negated), profiles in sorted(by_rank.items(), key=lambda item: item[0])
    ]
    for profile in served_by:
        if profile.serving_epoch == centre.epoch:
            _note_serving(centre, profile, klass)
    _order_free_agents(klass)


NARROW_MAX: Final = 32
"""Up to so many profiles are compared one by one, whatever the profiles serve."""

CANDIDATES_PER_CLASS: Final = 4
"""Beyond so many profiles for each class that a profile serves, a class keeps an order of its own."""


def _order_free_agents(klass: DemandClass) -> None:
    """Choose how the class finds its best free agent: profile by profile, or in one order of its own."""
    klass.heaps, klass.orders = [], []
    klass.free = []
    klass.is_wide = False
    if klass.choice is None:
        return
    profiles = len(klass.served_by)
    if profiles > NARROW_MAX and not klass.tolerance:
        served = sum(len(profile.serving) for profile in klass.served_by)
        klass.is_wide = profiles * profiles > CANDIDATES_PER_CLASS * served
    if not klass.is_wide:
        klass.heaps = [
            (tier, score, [profile.free_heap(klass.channel, klass.choice) for profile in profiles])
            for tier, score, profiles in klass.groups
        ]
        klass.orders = [(tier, score, [free.heap for free in heaps]) for tier, score, heaps in klass.heaps]
        return
    klass.width = sum(len(profile.agents) for _, _, group in klass.groups for profile in group)
    for tier, score, group in klass.groups:
        for profile in group:
            profile.feeds[klass] = (tier, score)
            for agent in profile.agents.values():
                if is_available(agent) and profile.has_room(agent, klass.channel):
                    klass.feed(agent, tier, score)


def serving(centre: Centre, profile: Profile) -> list[Service]:
    """Return the classes the profile serves, those of the smallest selection group first."""
    if profile.serving_epoch != centre.epoch:
        for klass in centre.classes.values():
            if klass.epoch != centre.epoch:
                refresh(centre, klass)
        profile.serving_epoch = centre.epoch
        profile.serving = []
        for klass in centre.classes.values():
            if profile in klass.served_by:
                _note_serving(centre, profile, klass)
    return profile.serving


def _note_serving(centre: Centre, profile: Profile, klass: DemandClass) -> None:
    tier, score = klass.served_by[profile]
    has_room = profile.costs[klass.channel.channel_id] <= profile.capacity
    before = precedence(centre, profile, klass.queue, klass.need.wanted)
    insort(profile.serving, (before, klass, has_room, tier, score), key=itemgetter(0))


def precedence(centre: Centre, profile: Profile, queue: QueueState, wanted: frozenset[SkillName]) -> int:
    """Return what goes before the key when an agent of the profile names its first work; the smaller first."""
    selection = centre.selection
    group = 0 if selection is None else selection.group(wanted, profile.places)
    if not profile.queue_levels:
        return group
    return (level_for(profile.queue_levels, queue.queue_id).level << LEVEL_SHIFT) + group


def judge(centre: Centre, interaction: Interaction, agent: AgentState) -> tuple[int, int] | None:
    """Return (tier, score) of this agent for this interaction, or None when it is not eligible.

    Passes kind, channel, pool, requirement and level; not what changes with the agent's presence and load.
    """
    klass = interaction.klass
    need = interaction.need
    profile = agent.profile
    if klass is not None and need is not None and agent.id not in need.named:
        if klass.epoch != centre.epoch:
            refresh(centre, klass)
        return klass.served_by.get(profile)
    if is_closed(centre, interaction, profile):
        return None
    if need is None:
        need = interaction.asked.need(
            max(centre.now - interaction.queued_at, interaction.elapsed_floor), interaction.relaxations
        )
    return judge_by(centre, interaction, need, agent)


def judge_by(
    centre: Centre, interaction: Interaction, need: Need, agent: AgentState
) -> tuple[int, int] | None:
    """Return (tier, score) of this agent by kind, channel, pool and requirement were it to ask for ``need``, whatever its level."""
    queue = interaction.queue
    profile = agent.profile
    if interaction.channel.channel_id not in profile.costs or (
        interaction.people_only and profile.is_automated
    ):
        return None
    tier = tier_of(open_tiers(centre, queue, interaction.opened), profile)
    if tier is None or not need.meets(profile.levels, profile.tags, profile.pools, agent.id):
        return None
    return tier, score_of(centre, queue, interaction.channel.channel_id, need, profile, agent.id)


def can_take(centre: Centre, interaction: Interaction, agent: AgentState) -> bool:
    """Say whether the agent can take the interaction now (every rule of the table in section 5)."""
    return (
        is_available(agent)
        and (interaction.refused is None or agent.id not in interaction.refused)
        and (interaction.owner is None or not interaction.is_offered_to(agent.id))
        and interaction.queue.section_id not in agent.blocked
        and agent.profile.has_room(agent, interaction.channel)
        and judge(centre, interaction, agent) is not None
    )


def may_lack_agents(centre: Centre, klass: DemandClass) -> bool:
    """Say whether some work of the class may have no eligible agent signed in."""
    if klass.epoch != centre.epoch:
        refresh(centre, klass)
    return klass.names_agents or not any(
        profile.signed_in for profile in (*klass.served_by, *klass.closed_to)
    )


def eligible_agents(centre: Centre, interaction: Interaction) -> Iterator[AgentState]:
    """Yield every agent of the roster that passes kind, channel, pool and requirement, whatever its presence."""
    klass = interaction.klass
    need = interaction.need
    assert klass is not None
    assert need is not None
    if interaction.favour is not None and interaction.favour.plain is not None:
        klass, need = interaction.favour.plain
    if klass.epoch != centre.epoch:
        refresh(centre, klass)
    for profile in (*klass.served_by, *klass.closed_to):
        for agent in profile.agents.values():
            if agent.id not in need.named:
                yield agent
    for name in need.named:
        known = centre.agents.get(name)
        if known is not None and judge_by(centre, interaction, need, known) is not None:
            yield known


def anyone_eligible(centre: Centre, interaction: Interaction) -> bool:
    """Say whether a signed-in agent passes kind, channel, pool and requirement; the interaction must be queued."""
    return any(agent.presence != "offline" for agent in eligible_agents(centre, interaction))
