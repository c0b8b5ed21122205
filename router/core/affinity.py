"""Work that is kept for certain agents for a while: whom it favours, whom it waits for, and who knows which customer.

While somebody is waited for, the work asks for one of its favoured agents as if its requirement named them; ``queueing`` makes
that of it, wherever it looks for the class of the work. What can change whether somebody is waited for (presence, a pair that
rests, open pools, the requirement, the end of a window) makes the work look for its class anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.affinity_plan import AgentWindow
from router.core.centre import Centre
from router.core.eligibility import judge_by
from router.core.names import AgentId
from router.core.records import AgentState, Interaction

if TYPE_CHECKING:
    from router.core.demand import DemandClass
    from router.core.needs import Need


@dataclass(slots=True)
class Favour:
    """Whom an interaction that was not assigned yet favours: its customer's last agent, then the agents its sender prefers.

    ``held_for``: the favoured while somebody is waited for, else empty; ``plain``: what would be asked were it kept for nobody.
    ``due``: when a window ends next, where that is being watched.
    """

    last_agent: AgentId | None
    preferred: tuple[AgentId, ...]
    held_for: tuple[AgentId, ...] = ()
    plain: tuple[DemandClass, Need] | None = field(default=None, compare=False)
    due: int | None = None


def favour_of(centre: Centre, customer: str | None, preferred: tuple[AgentId, ...]) -> Favour | None:
    """Return whom work of the customer favours, or None where it favours nobody."""
    last_agent = None if customer is None else last_agent_of(centre, customer)
    return None if last_agent is None and not preferred else Favour(last_agent, preferred)


# ── whom it waits for ────────────────────────────────────────────────────────────────────────────────────────────


def favoured(interaction: Interaction, now: int) -> list[AgentId]:
    """Return the agents whose window runs at ``now``, the first choice first, each once."""
    found: dict[AgentId, None] = {}
    for window, agents in _windows(interaction):
        if now < interaction.queued_at + window.ms:
            found.update(dict.fromkeys(agents))
    return list(found)


def waits_for(centre: Centre, interaction: Interaction, need: Need, now: int) -> dict[AgentId, int]:
    """Return the agents for whom others are held off at ``now``, and until when: they could take the work, but for what they hold.

    ``need`` is what the work asks of everybody.
    """
    refused = interaction.refused or {}
    found: dict[AgentId, int] = {}
    for window, agents in _windows(interaction):
        ends_at = interaction.queued_at + window.ms
        if now >= ends_at:
            continue
        for agent_id in agents:
            agent = centre.agents.get(agent_id)
            if (
                agent is not None
                and agent_id not in refused
                and (window.even_absent or agent.presence == "ready")
                and judge_by(centre, interaction, need, agent) is not None
            ):
                found[agent_id] = max(ends_at, found.get(agent_id, ends_at))
    return found


def window_ends(interaction: Interaction) -> list[int]:
    """Return when its windows end, past or not."""
    return [interaction.queued_at + window.ms for window, agents in _windows(interaction) if agents]


def rule_of(interaction: Interaction, agent_id: AgentId) -> str:
    """Return the rule by which work that is held for the agent goes to it."""
    favour = interaction.favour
    is_last = (
        favour is not None and agent_id == favour.last_agent and interaction.queue.plan.last_agent.ms > 0
    )
    return "last-agent" if is_last else "preferred"


def _windows(interaction: Interaction) -> Iterator[tuple[AgentWindow, tuple[AgentId, ...]]]:
    favour = interaction.favour
    if favour is not None:
        queue = interaction.queue.plan
        if favour.last_agent is not None:
            yield queue.last_agent, (favour.last_agent,)
        yield queue.preferred, favour.preferred


# ── noted at the agents ──────────────────────────────────────────────────────────────────────────────────────────


def note_favour(centre: Centre, interaction: Interaction, favour: Favour) -> None:
    """Note at the favoured agents that the interaction waits."""
    centre.favouring[interaction.number] = interaction
    for agent in _known(centre, favour):
        agent.favoured_by[interaction.number] = interaction


def forget_favour(centre: Centre, interaction: Interaction, favour: Favour) -> None:
    """Note at the favoured agents that the interaction waits no more."""
    centre.favouring.pop(interaction.number, None)
    for agent in _known(centre, favour):
        agent.favoured_by.pop(interaction.number, None)


def _known(centre: Centre, favour: Favour) -> Iterator[AgentState]:
    for agent_id in (favour.last_agent, *favour.preferred):
        agent = None if agent_id is None else centre.agents.get(agent_id)
        if agent is not None:
            yield agent


# ── who knows which customer ─────────────────────────────────────────────────────────────────────────────────────


def remember_agent(centre: Centre, customer: str, agent_id: AgentId) -> None:
    """The agent is the customer's last one from now on; the customer of longest ago gives way where there are too many."""
    known = centre.last_agents
    known.pop(customer, None)
    known[customer] = (agent_id, centre.now)
    if len(known) > centre.plan.customer_memory_max:
        del known[next(iter(known))]


def last_agent_of(centre: Centre, customer: str) -> AgentId | None:
    """Return the customer's last agent, where it is remembered still."""
    known = centre.last_agents.get(customer)
    if known is None or known[1] + centre.plan.customer_memory_ms <= centre.now:
        return None
    return known[0]


def forget_customers(centre: Centre) -> None:
    """Drop the customers who are remembered no more, and those for whom the plan has no room."""
    known, plan = centre.last_agents, centre.plan
    while known:
        first = next(iter(known))
        if len(known) <= plan.customer_memory_max and known[first][1] + plan.customer_memory_ms > centre.now:
            return
        del known[first]
