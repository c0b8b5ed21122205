"""What a plan says about agents that work is kept for: the one who knows the customer, and those the sender prefers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWindow:
    """For how long after it was queued work is kept for an agent: ``ms``, 0 for not at all.

    It is kept while the agent is ready, busy or not; ``even_absent``: whatever its presence.
    """

    ms: int = 0
    even_absent: bool = False
