"""What a plan says about the order of waiting work beyond its name: the ladder's operations that change an interaction's key.

Pure data, like all of the plan; what it does is in ``ladder`` and the policies of order.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority:
    """Make the priority ``to``, whatever it is."""

    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expedite:
    """Let it go before all work that is not expedited."""
