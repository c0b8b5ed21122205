"""Rate limits of automated agents: how many interactions they start in any span of time.

What counts is every open offer, and every connection for as long as the limit's span. A connection counts from the moment it is made,
so that no span of that length ever sees more of them than the limit says, whenever the offers were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.model import AgentKind, Rate
from router.core.centre import RATE_END, Centre
from router.core.records import AgentState, Holding, Starts
from router.core.supply import Profile


def rate_problems(where: str, kind: AgentKind, rate: Rate) -> Iterator[str]:
    """Yield what makes the limit impossible."""
    if kind != "automated":
        yield f"{where}: a rate limit is for automated agents only; remove it, or say 'kind: automated'"
    if rate.starts < 1:
        yield f"{where}: rate limit {rate.starts} is less than 1"
    if rate.per_ms < 1:
        yield f"{where}: the span of {rate.per_ms} ms of the rate limit is less than 1"


def count_start(centre: Centre, holding: Holding) -> None:
    """Count what the agent holds from now on: an offer, or a connection made without one."""
    agent = holding.agent
    starts = agent.starts
    assert starts is not None
    if holding.state == "offered":
        starts.offers += 1
    else:
        starts.connected_at.append(centre.now)
    keep_account(centre, agent)


def count_end_of_offer(centre: Centre, agent: AgentState, *, is_accepted: bool) -> None:
    """Count an offer no more; accepted, it is a connection from now on."""
    starts = agent.starts
    assert starts is not None
    starts.offers -= 1
    if is_accepted:
        starts.connected_at.append(centre.now)
    keep_account(centre, agent)


def keep_account(centre: Centre, agent: AgentState) -> None:
    """Work out whether the limit is used up now, and when time alone makes room again."""
    rate, starts = agent.profile.rate, agent.starts
    assert rate is not None
    assert starts is not None
    connected_at = starts.connected_at
    _forget(centre, starts, rate)
    excess = starts.offers + len(connected_at) - rate.starts
    agent.is_spent = excess >= 0
    until = connected_at[excess] + rate.per_ms if 0 <= excess < len(connected_at) else None
    if until != starts.until:
        starts.until = until
        if until is not None:
            centre.deadline(until, RATE_END, 0, agent.id, agent)


def change_rate(centre: Centre, agent: AgentState, profile: Profile) -> None:
    """Give the agent the profile of a new plan. What counted under an old limit goes on counting under another one."""
    before, agent.profile = agent.profile.rate, profile
    if profile.rate is None:
        agent.starts = None
        agent.is_spent = False
        return
    if before is None or agent.starts is None:
        agent.starts = Starts()
        agent.starts.offers = _open_offers(agent)
    else:
        _forget(centre, agent.starts, before)
    keep_account(centre, agent)


def account(agent: AgentState, now: int) -> list[int]:
    """Return what counts of the agent's connections, for a snapshot: what has left the span is forgotten only when next asked."""
    rate, starts = agent.profile.rate, agent.starts
    if rate is None or starts is None:
        return []
    return [at for at in starts.connected_at if at + rate.per_ms > now]


def restore_account(centre: Centre, agent: AgentState, connected_at: Iterable[int]) -> None:
    """Take up the account of a snapshot again."""
    starts = agent.starts = Starts()
    starts.connected_at.extend(connected_at)
    starts.offers = _open_offers(agent)
    keep_account(centre, agent)


def _forget(centre: Centre, starts: Starts, rate: Rate) -> None:
    connected_at = starts.connected_at
    while connected_at and connected_at[0] + rate.per_ms <= centre.now:
        connected_at.popleft()


def _open_offers(agent: AgentState) -> int:
    return sum(holding.state == "offered" for holding in agent.holdings)
