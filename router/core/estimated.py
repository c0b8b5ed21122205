"""What an estimate says, and how it reads: position, the two quantiles of the wait, the method, and how earlier ones turned out.

Times are milliseconds. How it is worked out is in ``estimates``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from router.core.names import ChannelId, QueueId
from router.core.spans import span

Method = Literal["queue-length", "last-entered", "at-once", "unknown"]

METHODS: Final[dict[Method, str]] = {
    "queue-length": "by how many are ahead, how fast the ready agents finish, and how many give up",
    "last-entered": "by the wait of the last that was answered, since too few services have ended lately",
    "at-once": "an agent can take it now",
    "unknown": "nothing to go by; the reason is named",
}
"""Every method and what it goes by."""

Why = Literal["", "off", "thin", "no-agents", "not-waiting"]

WHYS: Final[dict[Why, str]] = {
    "off": "the centre keeps no estimates",
    "thin": "too little has happened lately",
    "no-agents": "no agent of the line is ready",
    "not-waiting": "it does not wait",
}
"""Every reason why a wait is unknown."""


class Calibration(NamedTuple):
    """How the quotes of a queue turned out in the window: so many known, so many of them answered within the quoted p50 and p90."""

    of_50: int
    within_50: int
    of_90: int
    within_90: int


NO_CALIBRATION: Final = Calibration(0, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Where an interaction stands and how long it has still to wait, as of ``at``, by the engine's clock.

    ``position`` counts from 1 among those that the same agents serve; 0 for what does not wait. ``p50_ms`` and ``p90_ms`` are None
    where ``method`` is ``unknown``; ``why`` says why. ``queues`` are those whose work stands in the same line.
    ``mean_work_ms`` is the mean time an agent of 100 units and work that fills it would take, ``patience_ms`` the mean time until one gives
    up; None where nothing is known of it.
    """

    at: int
    queue: QueueId
    channel: ChannelId
    position: int
    method: Method
    why: Why = ""
    p50_ms: int | None = None
    p90_ms: int | None = None
    queues: tuple[QueueId, ...] = ()
    ready_units: int = 0
    services: int = 0
    mean_work_ms: int | None = None
    patience_ms: int | None = None
    calibration: Calibration = NO_CALIBRATION

    def text(self) -> str:
        """Return it for people, in one line."""
        place = f"position {self.position}, " if self.position else ""
        if self.p50_ms is None or self.p90_ms is None:
            return f"{place}wait unknown: {WHYS[self.why]}"
        if self.method == "at-once":
            return "an agent can take it now"
        return (
            f"{place}still to wait {span(self.p50_ms)} at p50, {span(self.p90_ms)} at p90, by {self.method}"
        )

    __str__ = text
