"""Why: for one interaction, what every agent's position is, in the published order of rules, and when that can change.

``explain`` tells about now. ``explain_decision`` tells about a decision of the past, exactly: it lets a restored engine
live through the history again and looks at the very moment. Nothing here changes what the engine decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agents.queue_levels import level_for
from router.core.affinity import favoured, rule_of, waits_for, window_ends
from router.core.centre import Centre
from router.core.choosing import choice_key, choice_name
from router.core.eligibility import judge_by, open_tiers, tier_of
from router.core.engine import Engine
from router.core.estimates import estimate
from router.core.explanation import CODES, Code, Explanation, Taken, Verdict
from router.core.hours import is_open
from router.core.level_delays import is_closed, next_opening
from router.core.line import position_in_line
from router.core.names import AgentId, InteractionId, SectionId
from router.core.needs import Levels, Need, Pools, Tags
from router.core.queueing import elapsed
from router.core.records import AgentState, Holding, Interaction
from router.core.requirement import (
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    describe,
)
from router.core.signals import Signal
from router.core.spans import span
from router.core.taken import taken
from router.errors import SignalError

__all__ = ["CODES", "Code", "Explanation", "Verdict", "explain", "explain_decision", "explain_waiting"]


def explain(engine: Engine, interaction_id: InteractionId, *, now: int | None = None) -> Explanation:
    """Explain where the interaction stands at ``now``, by the engine's clock when left out. Raises ``SignalError`` when the
    id is not known.

    For work that an agent has, the verdicts on the others are of now; ``explain_decision`` gives those of the moment.
    """
    centre = engine.centre
    interaction = centre.known(interaction_id)
    clock = centre.now
    if now is not None:
        centre.now = centre.settled(now)
    try:
        if interaction.state == "ended":
            return _explanation(centre, interaction, f"ended: {interaction.ended_how}", (), None)
        holding = interaction.owner
        holders = {each.agent.id: each for each in interaction.open_offers()}
        verdicts = tuple(
            _verdict(centre, interaction, centre.agents[agent_id], holders.get(agent_id, holding))
            for agent_id in sorted(centre.agents)
        )
        return _explanation(centre, interaction, interaction.state, verdicts, holding)
    finally:
        centre.now = clock


def explain_decision(engine: Engine, history: Iterable[tuple[Signal, int]], decision: int) -> Explanation:
    """Let ``engine`` live through ``history`` up to the decision, and explain it as of that moment.

    ``engine`` stands before the history (a new one, or restored from a snapshot), and is used up. Signals that were
    illegal then are illegal again and change nothing. Raises ``LookupError`` when the decision is not in the history.
    """
    centre = engine.centre
    seen: list[Explanation] = []

    def look(interaction: Interaction, agent: AgentState) -> None:
        seen.append(explain_waiting(centre, interaction, agent, decision))

    centre.watched_decision = decision
    centre.watcher = look
    for signal, now in history:
        try:
            engine.handle(signal, now)
        except SignalError:
            continue
        finally:
            if seen:
                centre.watcher = None
        if seen:
            return seen[0]
    if seen:
        return seen[0]
    raise LookupError(f"decision {decision} is not in this history; its last one is {centre.last_decision}")


def explain_waiting(
    centre: Centre, interaction: Interaction, chosen: AgentState | None, decision: int
) -> Explanation:
    """Explain work that nobody has: why it is about to go to ``chosen`` by the decision, or why to nobody."""
    verdicts: list[Verdict] = []
    for agent_id in sorted(centre.agents):
        verdict = _verdict(centre, interaction, centre.agents[agent_id], None)
        if chosen is not None and agent_id == chosen.id:
            verdict = replace(verdict, code="chosen")
        verdicts.append(verdict)
    if chosen is None:
        return _explanation(centre, interaction, "queued", tuple(verdicts), None)
    rivals = [verdict for verdict in verdicts if verdict.code == "can-take"]
    winner = next(verdict for verdict in verdicts if verdict.code == "chosen")
    choice = choice_name(interaction)
    decided_by = _decided_by(winner, rivals, choice, interaction.queue.plan.tolerance * 1000)
    if waits_for(centre, interaction, _need(centre, interaction), centre.now):
        choice = rule_of(interaction, chosen.id)
        if rivals or any(verdict.code == "preferred-window" for verdict in verdicts):
            decided_by = choice
    return _explanation(
        centre,
        interaction,
        "queued",
        tuple(verdicts),
        None,
        chosen=chosen.id,
        decision=decision,
        choice=choice,
        decided_by=decided_by,
        taken_for=taken(centre, interaction, chosen),
    )


def _decided_by(winner: Verdict, rivals: list[Verdict], choice: str, tolerance: int) -> str:
    if not rivals:
        return "only candidate"
    if all(rival.tier != winner.tier for rival in rivals):
        return "tier"
    rivals = [rival for rival in rivals if rival.tier == winner.tier]
    best = max(verdict.score or 0 for verdict in (winner, *rivals))
    rivals = [rival for rival in rivals if (rival.score or 0) >= best - tolerance]
    if not rivals:
        return "score"
    if winner.key and any(rival.key == winner.key for rival in rivals):
        return "id"
    return choice


def _explanation(
    centre: Centre,
    interaction: Interaction,
    state: str,
    verdicts: tuple[Verdict, ...],
    holding: Holding | None,
    *,
    chosen: AgentId | None = None,
    decision: int = 0,
    choice: str = "",
    decided_by: str = "",
    taken_for: Taken | None = None,
) -> Explanation:
    need = _need(centre, interaction)
    also: tuple[AgentId, ...] = ()
    if holding is not None:
        chosen, decision, choice = holding.agent.id, holding.decision, holding.choice
        also = tuple(each.agent.id for each in interaction.open_offers() if each is not holding)
    is_waiting = state == "queued" and chosen is None
    hours = interaction.queue.hours
    is_closed = is_waiting and not is_open(interaction.queue)
    return Explanation(
        interaction_id=interaction.id,
        at=centre.now,
        plan_version=centre.plan.version,
        state=state,
        queue=interaction.queue.plan.queue_id,
        key=interaction.key,
        requirement=describe(need.tree),
        verdicts=verdicts,
        chosen=chosen,
        also=also,
        decision=decision,
        choice=choice,
        decided_by=decided_by,
        taken=taken_for,
        missing=_unmet(centre, need, signed_in=True) if is_waiting else (),
        unmet=_unmet(centre, need, signed_in=False) if is_waiting else (),
        position=position_in_line(interaction) if is_waiting and interaction.key is not None else None,
        next_change_at=_next_change(centre, interaction)
        if state in ("queued", "offered", "scheduled")
        else None,
        estimate=estimate(centre, interaction) if is_waiting else None,
        is_closed=is_closed,
        opens_at=hours.changes_at if hours is not None and is_closed else None,
    )


def _need(centre: Centre, interaction: Interaction) -> Need:
    return interaction.asked.need(elapsed(centre, interaction), interaction.relaxations)


# ── one agent ────────────────────────────────────────────────────────────────────────────────────────────────────


def _verdict(centre: Centre, interaction: Interaction, agent: AgentState, holding: Holding | None) -> Verdict:
    if holding is not None and holding.agent is agent:
        return Verdict(
            agent_id=agent.id,
            code="chosen",
            detail=f"decision {holding.decision} by {holding.choice}",
            tier=holding.tier,
            score=holding.score,
            fits=_misfit(centre, interaction, agent) is None,
        )
    misfit = _misfit(centre, interaction, agent)
    found = _absence(centre, agent) or misfit or _hindrance(centre, interaction, agent)
    if found is not None:
        code, detail, until = found
        return Verdict(agent_id=agent.id, code=code, detail=detail, until=until, fits=misfit is None)
    judged = judge_by(centre, interaction, _need(centre, interaction), agent)
    assert judged is not None
    key = choice_key(centre, interaction, agent)
    measured = centre.policies.measured.get(choice_name(interaction))
    idle = span(centre.now - agent.idle_since)
    detail = f"idle for {idle}, {agent.units} of {agent.profile.capacity} units held"
    if measured is not None and agent.standing is not None:
        detail = f"{measured.describe(agent.standing, centre.now)}, {detail}"
    return Verdict(
        agent_id=agent.id, code="can-take", detail=detail, tier=judged[0], score=judged[1], key=key, fits=True
    )


Exclusion = tuple[Code, str, int | None]
"""(code, detail, when it ends by the passing of time)"""


def _absence(centre: Centre, agent: AgentState) -> Exclusion | None:
    """Say what keeps the agent from any work at all."""
    if agent.presence == "offline":
        return "offline", agent.reason or "not signed in", None
    if agent.presence == "not-ready":
        return "not-ready", agent.reason or "no reason given", None
    if agent.presence == "draining":
        return "draining", agent.reason or "finishes its work and leaves", None
    until = agent.paused_until
    if until is not None:
        return "paused", f"for another {span(until - centre.now)}", until
    rate, starts = agent.profile.rate, agent.starts
    if not agent.is_spent or rate is None or starts is None:
        return None
    detail = f"has started {rate.starts} in {span(rate.per_ms)}, as many as it may"
    if starts.until is None:
        return "rate", f"{detail}, counting open offers", None
    return "rate", f"{detail}, for another {span(starts.until - centre.now)}", starts.until


def _misfit(centre: Centre, interaction: Interaction, agent: AgentState) -> Exclusion | None:
    """Say why the agent is not one for this work, wherever it is and whatever it holds."""
    profile = agent.profile
    channel = interaction.channel
    if interaction.people_only and profile.is_automated:
        return "kind", "for people only", None
    if channel.channel_id not in profile.costs:
        return "channel", f"does not serve {channel.channel_id}", None
    if tier_of(open_tiers(centre, interaction.queue, interaction.opened), profile) is None:
        pools = ", ".join(sorted(profile.pools)) or "none"
        return "pool", f"in no open pool of {interaction.queue.plan.queue_id} (is in: {pools})", None
    need = _need(centre, interaction)
    if not need.meets(profile.levels, profile.tags, profile.pools, agent.id):
        failure = first_failure(need.tree, profile.levels, profile.tags, profile.pools, agent.id)
        return "requirement", failure, None
    return None


def _hindrance(centre: Centre, interaction: Interaction, agent: AgentState) -> Exclusion | None:
    """Say what keeps an agent who is there and fits from taking it now."""
    profile = agent.profile
    channel_id = interaction.channel.channel_id
    if is_closed(centre, interaction, profile):
        queue_id = interaction.queue.plan.queue_id
        level = level_for(profile.queue_levels, queue_id)
        until = interaction.queued_at + level.after_ms
        return "level", f"{queue_id} at level {level.level}, open in {span(until - centre.now)}", until
    if interaction.favour is not None:
        kept_for = waits_for(centre, interaction, _need(centre, interaction), centre.now)
        if kept_for and agent.id not in favoured(interaction, centre.now):
            until = max(kept_for.values())
            return (
                "preferred-window",
                f"kept for {', '.join(kept_for)} for another {span(until - centre.now)}",
                until,
            )
    if interaction.refused is not None and agent.id in interaction.refused:
        until = interaction.refused[agent.id]
        return "refused", f"rests for another {span(until - centre.now)}", until
    for holding in interaction.open_offers():
        if (
            holding.agent is agent
        ):  # told of the moment of a further decision; of now, such an agent is chosen
            left = span(holding.until - centre.now)
            return (
                "offered",
                f"has an open offer of it, decision {holding.decision}, for another {left}",
                holding.until,
            )
    section_id = interaction.queue.plan.section_id
    if section_id in agent.blocked:
        until = max(holding.until for holding in agent.holdings if _blocks(holding, section_id))
        return "section-wrap-up", f"wraps up for {section_id}, for another {span(until - centre.now)}", until
    most = profile.maxima.get(channel_id)
    if most is not None and agent.counts.get(channel_id, 0) >= most:
        return "channel-max", f"holds {agent.counts[channel_id]} of at most {most} {channel_id}", None
    if not profile.has_room(agent, interaction.channel):
        free, cost = profile.capacity - agent.units, profile.costs[channel_id]
        held = ", ".join(holding.interaction.id for holding in agent.holdings if holding.units)
        detail = f"{free} of {profile.capacity} units free, {cost} needed (holds: {held or 'nothing'})"
        return "capacity", detail, None
    return None


def _blocks(holding: Holding, section_id: SectionId) -> bool:
    return holding.state == "wrap-up" and holding.scope == "section" and holding.section_id == section_id


def first_failure(tree: Requirement, levels: Levels, tags: Tags, pools: Pools, agent_id: AgentId) -> str:
    """Return the first term that fails, with the value seen; empty when the tree is met."""
    match tree:
        case All():
            for part in tree.of:
                if failure := first_failure(part, levels, tags, pools, agent_id):
                    return failure
            return ""
        case Any():
            failures = [first_failure(part, levels, tags, pools, agent_id) for part in tree.of]
            if not failures:
                return "no branch is open yet, or nobody may take it"
            return "" if "" in failures else "none of: " + "; ".join(failures)
        case Not():
            return "" if first_failure(tree.of, levels, tags, pools, agent_id) else f"is {describe(tree.of)}"
        case SkillTerm():
            level = levels.get(tree.skill)
            if level is None:
                return f"no {tree.skill}"
            negated = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}[tree.op]
            met = {
                ">=": level >= tree.level,
                ">": level > tree.level,
                "<=": level <= tree.level,
                "<": level < tree.level,
                "==": level == tree.level,
                "!=": level != tree.level,
            }[tree.op]
            return "" if met else f"{tree.skill} {level} {negated} {tree.level}"
        case AgentTerm():
            return "" if agent_id in tree.agents else f"not one of {', '.join(tree.agents)}"
        case TagTerm():
            found = tags.get(tree.tag)
            return "" if found == tree.value else f"tag {tree.tag} is {found or 'missing'}, not {tree.value}"
        case PoolTerm():
            return "" if tree.pool in pools else f"not in pool {tree.pool}"


# ── everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def _unmet(centre: Centre, need: Need, *, signed_in: bool) -> tuple[str, ...]:
    """Return the parts of the requirement that none of the agents meets, one by one; or the whole, when only together."""
    agents = [agent for agent in centre.agents.values() if not signed_in or agent.presence != "offline"]

    def is_met(tree: Requirement) -> bool:
        return any(
            not first_failure(tree, agent.profile.levels, agent.profile.tags, agent.profile.pools, agent.id)
            for agent in agents
        )

    if is_met(need.tree):
        return ()
    parts = need.tree.of if isinstance(need.tree, All) else (need.tree,)
    alone = tuple(describe(part) for part in parts if not is_met(part))
    return alone or (describe(need.tree),)


def _next_change(centre: Centre, interaction: Interaction) -> int | None:
    instants = [interaction.need_due, interaction.ladder_due, interaction.refused_clear_at]
    instants.extend((interaction.refused or {}).values())
    if interaction.callback is not None:
        instants += [interaction.callback.dial_due, interaction.callback.resume_at]
    hours = interaction.queue.hours
    if hours is not None:
        instants.append(hours.changes_at)
    if interaction.state == "scheduled":
        instants.append(interaction.arrival.not_before)
    if interaction.state == "queued" or interaction.klass is not None:
        instants.extend((interaction.expires_due, next_opening(centre, interaction)))
        instants.extend(window_ends(interaction))
        for agent in centre.agents.values():
            instants.append(agent.paused_until)
            instants.append(None if agent.starts is None else agent.starts.until)
            instants.extend(
                holding.until for holding in agent.holdings if holding.state in ("offered", "wrap-up")
            )
    instants.extend(holding.until for holding in interaction.open_offers())
    future = [instant for instant in instants if instant is not None and instant > centre.now]
    return min(future, default=None)
