"""Why: for one interaction, what every agent's position is, in the published order of rules, and when that can change.

``explain`` tells about now. ``explain_decision`` tells about a decision of the past, exactly: it lets a restored engine
live through the history again and looks at the very moment. Nothing here changes what the engine decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from router.core.centre import Centre
from router.core.eligibility import judge, open_tiers, tier_of
from router.core.engine import Engine
from router.core.matching import choice_name
from router.core.names import AgentId, InteractionId, QueueId
from router.core.needs import Levels, Need, Pools, Tags
from router.core.queueing import class_of, elapsed
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
from router.errors import SignalError

Code = Literal[
    "offline",
    "not-ready",
    "draining",
    "paused",
    "kind",
    "channel",
    "pool",
    "requirement",
    "refused",
    "section-wrap-up",
    "channel-max",
    "capacity",
    "can-take",
    "chosen",
]

CODES: Final[dict[Code, str]] = {
    "offline": "the agent is not signed in",
    "not-ready": "the agent is signed in and takes no work; the reason is its own, or no-answer, no-answer-limit",
    "draining": "the agent finishes what it holds and leaves",
    "paused": "the agent left an offer unanswered and is offered nothing for a while",
    "kind": "the work is for people only, and the agent is automated",
    "channel": "the agent does not serve the channel",
    "pool": "the agent is in no pool that is open to the work",
    "requirement": "the agent does not meet the requirement; the first term that fails is named",
    "refused": "the pair rests after a declined, unanswered or failed offer, or a transfer",
    "section-wrap-up": "a wrap-up of the same section runs that keeps its work away",
    "channel-max": "the agent holds as many of the channel as it may",
    "capacity": "the agent's free units do not suffice",
    "can-take": "the agent can take it; tier, score and key say how it ranks",
    "chosen": "the agent it went to",
}
"""Every reason code and what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One agent's position: the first rule that excludes it, or how it ranks."""

    agent_id: AgentId
    code: Code
    detail: str
    tier: int | None = None
    score: int | None = None
    key: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer to "why". Times are the engine's milliseconds.

    ``decision`` is 0 where nothing has been decided; ``decided_by`` names what set the chosen agent apart from the next
    best: ``only candidate``, ``tier``, ``score``, the dynamic policy, or ``id``. ``missing`` are the parts of the
    requirement that no signed-in agent meets, and ``unmet`` those that nobody in the roster does. ``next_change_at`` is
    the next instant at which the passing of time alone can change the answer.
    """

    interaction_id: InteractionId
    at: int
    plan_version: str
    state: str
    queue: QueueId
    key: tuple[int, int, int, int] | None
    requirement: str
    verdicts: tuple[Verdict, ...]
    chosen: AgentId | None = None
    decision: int = 0
    choice: str = ""
    decided_by: str = ""
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    next_change_at: int | None = None

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.chosen is not None:
            verb = {"offered": "is offered to", "assigned": "is with"}.get(self.state, "goes to")
            by = f", decided by {self.decided_by}" if self.decided_by else f", chosen by {self.choice}"
            return f"{self.interaction_id} {verb} {self.chosen}{by} (decision {self.decision})"
        if self.state == "queued":
            why = f"nobody in the roster meets {' and '.join(self.unmet)}" if self.unmet else ""
            why = why or (f"nobody signed in meets {' and '.join(self.missing)}" if self.missing else "")
            fitting = [verdict for verdict in self.verdicts if verdict.code not in _UNFIT]
            why = why or (f"{len(fitting)} would fit: " + _counted(fitting) if fitting else "nobody fits")
            return f"{self.interaction_id} waits in {self.queue}: {why}"
        return f"{self.interaction_id} is {self.state} in {self.queue}"

    def text(self) -> str:
        """Return the whole answer for people, a line each."""
        lines = [self.summary, f"  asked of an agent: {self.requirement}"]
        for verdict in self.verdicts:
            rank = ""
            if verdict.tier is not None and verdict.score is not None:
                rank = f" [tier {verdict.tier}, score {verdict.score / 1_000_000:g}]"
            lines.append(f"  {verdict.agent_id}: {verdict.code}: {verdict.detail}{rank}")
        if self.next_change_at is not None:
            lines.append(f"  can next change at {self.next_change_at / 1000:g}s")
        return "\n".join(lines)

    __str__ = text


_UNFIT: Final[frozenset[Code]] = frozenset({"kind", "channel", "pool", "requirement"})


def explain(engine: Engine, interaction_id: InteractionId) -> Explanation:
    """Explain where the interaction stands now. Raises ``SignalError`` when the id is not known.

    For work that an agent has, the verdicts on the others are of now; ``explain_decision`` gives those of the moment.
    """
    centre = engine.centre
    interaction = centre.known(interaction_id)
    if interaction.state == "ended":
        state = f"ended: {interaction.ended_how}"
        return _explanation(centre, interaction, state, (), None)
    holding = interaction.owner
    verdicts = tuple(
        _verdict(centre, interaction, centre.agents[agent_id], holding) for agent_id in sorted(centre.agents)
    )
    return _explanation(centre, interaction, interaction.state, verdicts, holding)


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
    return _explanation(
        centre,
        interaction,
        "queued",
        tuple(verdicts),
        None,
        chosen=chosen.id,
        decision=decision,
        decided_by=_decided_by(winner, rivals, choice_name(interaction)),
    )


def _decided_by(winner: Verdict, rivals: list[Verdict], choice: str) -> str:
    if not rivals:
        return "only candidate"
    if all(rival.tier != winner.tier for rival in rivals):
        return "tier"
    rivals = [rival for rival in rivals if rival.tier == winner.tier]
    if all(rival.score != winner.score for rival in rivals):
        return "score"
    rivals = [rival for rival in rivals if rival.score == winner.score]
    if winner.key is not None and any(rival.key == winner.key for rival in rivals):
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
    decided_by: str = "",
) -> Explanation:
    need = _need(centre, interaction)
    if holding is not None:
        chosen, decision = holding.agent.id, holding.decision
    is_waiting = state == "queued" and chosen is None
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
        decision=decision,
        choice=choice_name(interaction) if chosen is not None else "",
        decided_by=decided_by,
        missing=_unmet(centre, need, signed_in=True) if is_waiting else (),
        unmet=_unmet(centre, need, signed_in=False) if is_waiting else (),
        next_change_at=_next_change(centre, interaction)
        if state in ("queued", "offered", "scheduled")
        else None,
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
        )
    found = _first_exclusion(centre, interaction, agent)
    if found is not None:
        return Verdict(agent_id=agent.id, code=found[0], detail=found[1])
    had_class = interaction.klass
    if had_class is None:
        interaction.klass = class_of(centre, interaction)
    judged = judge(centre, interaction, agent)
    interaction.klass = had_class
    assert judged is not None
    keyed = centre.policies.keyed.get(choice_name(interaction))
    key = None if keyed is None else keyed.key(agent.units, agent.profile.capacity, agent.idle_since)
    idle_s = (centre.now - agent.idle_since) / 1000
    detail = f"idle {idle_s:g}s, {agent.units} of {agent.profile.capacity} units held"
    return Verdict(
        agent_id=agent.id, code="can-take", detail=detail, tier=judged[0], score=judged[1], key=key
    )


def _first_exclusion(centre: Centre, interaction: Interaction, agent: AgentState) -> tuple[Code, str] | None:
    profile = agent.profile
    channel = interaction.channel
    if agent.presence == "offline":
        return "offline", agent.reason or "not signed in"
    if agent.presence == "not-ready":
        return "not-ready", agent.reason or "no reason given"
    if agent.presence == "draining":
        return "draining", agent.reason or "finishes its work and leaves"
    if agent.paused_until is not None:
        return "paused", f"until {agent.paused_until / 1000:g}s"
    if interaction.people_only and profile.is_automated:
        return "kind", "for people only"
    cost = profile.costs.get(channel.channel_id)
    if cost is None:
        return "channel", f"does not serve {channel.channel_id}"
    if tier_of(open_tiers(centre, interaction.queue, interaction.opened), profile) is None:
        pools = ", ".join(sorted(profile.pools)) or "none"
        return "pool", f"in no open pool of {interaction.queue.plan.queue_id} (is in: {pools})"
    need = _need(centre, interaction)
    if not need.meets(profile.levels, profile.tags, profile.pools, agent.id):
        return "requirement", first_failure(need.tree, profile.levels, profile.tags, profile.pools, agent.id)
    if interaction.refused is not None and agent.id in interaction.refused:
        return "refused", f"rests until {interaction.refused[agent.id] / 1000:g}s"
    section_id = interaction.queue.plan.section_id
    if section_id in agent.blocked:
        return "section-wrap-up", f"wraps up for {section_id}"
    most = profile.maxima.get(channel.channel_id)
    if most is not None and agent.counts.get(channel.channel_id, 0) >= most:
        return (
            "channel-max",
            f"holds {agent.counts[channel.channel_id]} of at most {most} {channel.channel_id}",
        )
    if not profile.has_room(agent, channel):
        free = profile.capacity - agent.units
        held = ", ".join(holding.interaction.id for holding in agent.holdings if holding.units)
        return (
            "capacity",
            f"{free} of {profile.capacity} units free, {cost} needed (holds: {held or 'nothing'})",
        )
    return None


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
    if interaction.state == "scheduled":
        instants.append(interaction.arrival.not_before)
    if interaction.state == "queued":
        for agent in centre.agents.values():
            instants.append(agent.paused_until)
            instants.extend(
                holding.until for holding in agent.holdings if holding.state in ("offered", "wrap-up")
            )
    elif interaction.owner is not None:
        instants.append(interaction.owner.until)
    future = [instant for instant in instants if instant is not None and instant > centre.now]
    return min(future, default=None)


def _counted(verdicts: list[Verdict]) -> str:
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.code] = counts.get(verdict.code, 0) + 1
    return ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
