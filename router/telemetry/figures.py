"""The figures of a centre as frozen values: what `router.telemetry.kpis` finds, and each figure's exact
meaning. How they are counted and how they are shown lives elsewhere.

A **wait** is one stretch of waiting: it begins when an interaction is queued (it arrived, fell due, was
transferred, or its agent was lost) and ends when an agent is connected or it leaves. Moves between queues,
and offers that come to nothing, do not end a wait. So in every row ``offered + moved_in = answered +
abandoned + diverted + refused + expired + cancelled + moved_out + waiting``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from router.core.names import AgentId, PoolId, QueueId, SectionId
from router.telemetry.waits import Times

SERVICE_LEVELS: Final = (
    "answered_within / offered",
    "answered_within / answered",
    "answered_within / (answered + abandoned)",
    "(answered_within + abandoned_within) / (answered + abandoned)",
    "answered_within / (answered + abandoned - short_abandoned)",
)
"""The formulae in use, by the text that names them. ``within``: at or below the queue's target."""

NAMED_SERVICE_LEVEL: Final = "answered_within / (answered + abandoned)"
"""The one that is meant where only one is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Offers by how they ended: ``accepted``, ``declined``, ``unanswered`` (ran out), ``withdrawn``
    (rescinded, or its interaction ended) and ``failed``. ``direct`` is work connected without an offer.
    """

    accepted: int
    declined: int
    unanswered: int
    withdrawn: int
    failed: int
    direct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What happened to the waits of one queue, one section, or the whole centre.

    ``arrived`` counts interactions that came from outside (those turned away at the door too); ``offered``
    is arrived + ``transferred_in`` + ``requeued``. ``answered`` to ``waiting`` are how waits ended,
    ``waiting`` those that have not. ``answered_within``, ``abandoned_within``: at or below the queue's
    target. ``short_abandoned`` are those that left within ``short_abandon_ms``. ``waits`` are of the
    answered, from the beginning of the wait to the answer: their mean is the ASA. ``mean_waiting`` is the
    average number waiting (with an open offer or without) over the time measured. ``connected_ms`` and
    ``wrap_up_ms`` are sums over ``handled`` assignments.
    """

    arrived: int
    transferred_in: int
    requeued: int
    moved_in: int
    moved_out: int
    answered: int
    abandoned: int
    diverted: int
    refused: int
    expired: int
    cancelled: int
    waiting: int
    answered_within: int
    abandoned_within: int
    short_abandoned: int
    waits: Times
    abandoned_after: Times
    mean_waiting: float
    handled: int
    connected_ms: int
    wrap_up_ms: int
    steps_taken: int
    offers: Offers

    @property
    def offered(self) -> int:
        """All waits that began here."""
        return self.arrived + self.transferred_in + self.requeued

    @property
    def asa_ms(self) -> float | None:
        """The average speed of answer: the mean wait of the answered."""
        return self.waits.mean_ms

    @property
    def abandonment(self) -> float | None:
        """The share of the offered (and moved in) that left before an answer."""
        return _share(self.abandoned, self.offered + self.moved_in)

    @property
    def aht_ms(self) -> float | None:
        """The average handle time, connected and wrap-up."""
        return _share(self.connected_ms + self.wrap_up_ms, self.handled)

    def service_levels(self) -> dict[str, float | None]:
        """Return the service level under each formula, by the text that names it; None where its
        denominator is 0.
        """
        served = self.answered + self.abandoned
        values = (
            _share(self.answered_within, self.offered + self.moved_in),
            _share(self.answered_within, self.answered),
            _share(self.answered_within, served),
            _share(self.answered_within + self.abandoned_within, served),
            _share(self.answered_within, served - self.short_abandoned),
        )
        return dict(zip(SERVICE_LEVELS, values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the time of an agent, or of all agents of a pool, went into, in milliseconds, summed over
    agents.

    ``busy_ms``: holding connected work or wrap-up, whatever the presence. ``idle_ms``: ready and not busy
    (ringing included).
    """

    agents: int
    answered: int
    busy_ms: int
    idle_ms: int
    signed_in_ms: int

    @property
    def occupancy(self) -> float | None:
        """Busy ÷ (busy + ready and not busy)."""
        return _share(self.busy_ms, self.busy_ms + self.idle_ms)

    @property
    def utilization(self) -> float | None:
        """Busy ÷ signed in."""
        return _share(self.busy_ms, self.signed_in_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """One queue. ``matches``: answers by pool; an agent in several pools counts in each."""

    queue_id: QueueId
    section_id: SectionId
    answer_within_ms: int
    answer_share: int
    flow: Flow
    matches: tuple[tuple[PoolId, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionFigures:
    """One section: its queues together. Moves between its queues cancel out; within the target: within each
    queue's own.
    """

    section_id: SectionId
    flow: Flow
    queues: tuple[QueueFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreFigures:
    """Everything, from ``since_ms`` to ``until_ms`` of the engine's clock.

    ``completed`` counts interactions that ended after an agent had them; ``ended_otherwise`` those that
    ended without ever having begun to wait, other than turned away (scheduled work that was called off), or
    while an agent had them (cancelled).
    """

    since_ms: int
    until_ms: int
    short_abandon_ms: int
    flow: Flow
    sections: tuple[SectionFigures, ...]
    pools: tuple[tuple[PoolId, Use], ...]
    agents: tuple[tuple[AgentId, Use], ...]
    everybody: Use
    completed: int
    ended_otherwise: int


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
