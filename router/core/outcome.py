"""What the engine answers to a signal, or to the passing of time."""

from __future__ import annotations

from typing import NamedTuple

from router.core.effects import Effect
from router.core.facts import Fact


class Outcome(NamedTuple):
    """``effects`` to carry out and ``facts`` that happened, both in order; ``answer`` for whoever sent the signal.

    ``answer`` is ``queued``, ``scheduled``, ``refused`` or ``diverted`` for an arrival (the same again for the same
    arrival), ``accepted`` for an accepted offer, ``unchanged`` where the signal said what was so already, and ``done``
    for everything else; empty for the passing of time.
    """

    effects: list[Effect]
    facts: list[Fact]
    answer: str
