"""What a plan says of estimates: whether they are kept, from how much they are made, and what is done about long ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRules:
    """How waits are estimated.

    Running figures are of the last ``window_ms``, a sixteenth of which is the grain in which the past is dropped. Fewer than
    ``least_services`` services in it are too thin for the queue-length method. ``announce``: a fact tells the estimate of every
    interaction that begins to wait.
    """

    window_ms: int = 14_400_000
    least_services: int = 20
    announce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedWait:
    """A level trigger: holds while the estimated wait (p50) of the interaction is longer than ``above_ms``."""

    above_ms: int
