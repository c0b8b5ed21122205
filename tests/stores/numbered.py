"""Entries that show their number."""

from __future__ import annotations

from router.core.names import AgentId
from router.core.signals import AgentHeartbeat
from router.ports import Entry


def numbered(number: int) -> Entry:
    """Return an entry that nobody mistakes for another, of a size of its own."""
    return Entry(number, AgentHeartbeat(AgentId(f"agent-{number:0{20 + number % 50}}")), number)
