"""The report of a simulation as a document: its fields, their meaning and units. How replications become
one lives in `report`, how it is printed for people in `report_text`.

The document is versioned by ``schema``; within a version fields are only added.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = "switchroom.report/1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Part):
    """A figure over all replications."""

    mean: float | None = Field(description="Mean over the replications that have it; null where none has.")
    half_width: float | None = Field(
        description="Of its 95 % Student-t interval; null below two replications, or where the mean is null."
    )


class TimesReport(_Part):
    """Times in seconds. Percentiles are at most 0.4 % off, the rest is exact."""

    count: Figure = Field(description="How many.")
    mean: Figure = Field(description="Their mean.")
    sd: Figure = Field(description="Their standard deviation.")
    p50: Figure = Field(description="Half were at or below.")
    p90: Figure = Field(description="90 % were at or below.")
    p95: Figure = Field(description="95 % were at or below.")
    p99: Figure = Field(description="99 % were at or below.")
    max: Figure = Field(description="The longest of each replication.")
    longest: float | None = Field(description="The longest of all.")


class OffersReport(_Part):
    """Offers by how they ended."""

    accepted: Figure = Field(description="Taken by the agent.")
    declined: Figure = Field(description="Refused by the agent.")
    unanswered: Figure = Field(description="Ran out (RONA).")
    withdrawn: Figure = Field(description="Rescinded, or the interaction ended meanwhile.")
    failed: Figure = Field(description="Did not reach the agent.")
    direct: Figure = Field(description="Connected without an offer (auto-answer).")


class FlowReport(_Part):
    """What happened to the waits of a queue, a section or the centre. A wait begins when an interaction is
    queued and ends when an agent is connected or it leaves; offers that come to nothing and moves
    between queues don't end it.

    `offered + moved_in = answered + abandoned + diverted + refused + expired + cancelled + moved_out +
    waiting`.
    """

    arrived: Figure = Field(description="Interactions from outside, those turned away at the door included.")
    transferred_in: Figure = Field(description="Waits that began with a transfer.")
    requeued: Figure = Field(description="Waits that began because an agent was lost.")
    offered: Figure = Field(description="arrived + transferred_in + requeued.")
    moved_in: Figure = Field(description="Came from another queue (section) while waiting.")
    moved_out: Figure = Field(description="Went to another queue (section) while waiting.")
    answered: Figure = Field(description="Waits that ended with an agent.")
    abandoned: Figure = Field(description="The customer left.")
    short_abandoned: Figure = Field(description="Of these, within `short_abandon_s`.")
    diverted: Figure = Field(description="Went on elsewhere, to voicemail say.")
    refused: Figure = Field(description="Turned away at the door.")
    expired: Figure = Field(description="Ended by a ladder or its time to live.")
    cancelled: Figure = Field(description="Called off, or never reached by its callbacks.")
    waiting: Figure = Field(description="Not ended when the run ended.")
    answered_within: Figure = Field(description="Answered at or below the queue's target.")
    abandoned_within: Figure = Field(description="Abandoned at or below the queue's target.")
    abandonment: Figure = Field(description="abandoned ÷ (offered + moved_in).")
    service_level: dict[str, Figure] = Field(
        description="By the formula that names it; `offered` in a formula includes moved_in."
    )
    asa_s: Figure = Field(description="Average speed of answer: the mean wait of the answered, in seconds.")
    waits_s: TimesReport = Field(description="Waits of the answered.")
    abandoned_after_s: TimesReport = Field(description="Waits of the abandoned.")
    mean_waiting: Figure = Field(description="Average number waiting over the time measured.")
    handled: Figure = Field(description="Assignments that closed.")
    aht_s: Figure = Field(description="Average handle time: (connected + wrap-up) ÷ handled, in seconds.")
    connected_s: Figure = Field(description="Total time connected, in seconds.")
    wrap_up_s: Figure = Field(description="Total wrap-up time, in seconds.")
    steps_taken: Figure = Field(description="Ladder steps that were taken.")
    offers: OffersReport = Field(description="Offers made for these waits.")


class UseReport(_Part):
    """What the time of some agents went into."""

    agents: int = Field(description="How many they are.")
    answered: Figure = Field(description="What they answered, of the waits counted.")
    busy_s: Figure = Field(description="Holding connected work or wrap-up, in agent-seconds.")
    idle_s: Figure = Field(description="Ready and not busy (ringing included), in agent-seconds.")
    signed_in_s: Figure = Field(description="Signed in, in agent-seconds.")
    occupancy: Figure = Field(description="busy ÷ (busy + idle).")
    utilization: Figure = Field(description="busy ÷ signed in.")


class QueueReport(_Part):
    """A queue."""

    queue: str = Field(description="Its id.")
    answer_within_s: float = Field(description="The service-level target.")
    answer_share: float = Field(description="The share that should be answered within it.")
    flow: FlowReport = Field(description="Its waits.")
    matches: dict[str, Figure] = Field(
        description="Answers by pool; an agent in several pools counts in each."
    )


class SectionReport(_Part):
    """A section: its queues together."""

    section: str = Field(description="Its id.")
    flow: FlowReport = Field(description="Its queues' waits; moves inside cancel out.")
    queues: list[QueueReport] = Field(description="One by one, in the plan's order.")


class RejectedReport(_Part):
    """Arrivals that the engine did not take in, because something was wrong with them."""

    code: str = Field(description="The engine's code.")
    count: int = Field(description="How many, over all replications.")
    first: str = Field(description="What the first one's sender was told.")


class CostReport(_Part):
    """What the run cost on the machine it ran on: the only part that differs from run to run."""

    seconds: float = Field(description="From the first event to the last, summed over replications.")
    customers_per_second: float = Field(description="Customers ÷ seconds: of one process.")
    peak_memory_bytes: int = Field(
        description="Peak resident memory of the largest of the processes that simulated."
    )
    python: str = Field(description="The interpreter's version.")


class Report(_Part):
    """A simulation's report."""

    schema_: Literal["switchroom.report/1"] = Field(
        alias="schema", description="Name and version of this document."
    )
    centre: str = Field(description="The centre's id.")
    plan_version: str = Field(description="The configuration's version.")
    scenario: str = Field(description="The scenario's name, or the trace's file name.")
    description: str = Field(description="The scenario's own words.")
    duration_s: float = Field(description="How long there were arrivals.")
    warm_up_s: float = Field(description="Figures are taken from here on.")
    short_abandon_s: float = Field(description="Who leaves within this is a short abandon.")
    replications: int = Field(description="Independent runs.")
    seed: int = Field(description="The seed all seeds follow from.")
    seeds: list[int] = Field(description="The seed of each replication.")
    command: str = Field(description="Repeats this run.")
    confidence: float = Field(description="Of the intervals.")
    percentile_error: float = Field(description="The most a percentile is off, relative to its value.")
    service_level: str = Field(description="The formula meant where only one is shown.")
    customers: int = Field(description="Customers that arrived, over all replications, the warm-up included.")
    left_over: int = Field(description="Of these, still there when their run ended.")
    rejected: list[RejectedReport] = Field(description="Arrivals not taken in, by code.")
    total: FlowReport = Field(description="The whole centre.")
    sections: list[SectionReport] = Field(description="In the plan's order.")
    everybody: UseReport = Field(description="All agents together.")
    pools: dict[str, UseReport] = Field(description="By pool; an agent in several pools counts in each.")
    agents: dict[str, UseReport] = Field(description="Agent by agent.")
    trace: dict[str, Any] | None = Field(
        None,
        description="What came of a trace's rows: used, unused by reason, assumptions, gaps. Null without one.",
    )
    cost: CostReport = Field(description="Time and memory.")
