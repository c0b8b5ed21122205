"""What a snapshot is made of: the names of what stands in it, shared by writing and reading.

Of interactions, holdings and agents there may be very many, so that each is a row of values, and the names of the columns are
written once. A new column needs a value in ``ADDED``, so that older snapshots can still be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Whatever
from typing import Final

from router.core.signals import InteractionArrived

FORMAT: Final = "switchroom.snapshot/2"

Data = dict[str, Whatever]
Row = list[Whatever]

INTERACTION_FIELDS: Final = (
    "number",
    "priority",
    "origin",
    "rule",
    "state",
    "answer",
    "queued_at",
    "waiting_since",
    "waited_ms",
    "ladder_at",
    "ladder_due",
    "need_due",
    "elapsed_floor",
    "expedited",
    "people_only",
    "refused_clear_at",
    "hops",
    "ended_how",
    "ended_at",
)
HOLDING_FIELDS: Final = (
    "decision",
    "offer_id",
    "units",
    "tier",
    "score",
    "choice",
    "state",
    "counts",
    "suspended",
    "until",
    "held_until",
    "connected_at",
    "wrap_up_at",
    "scope",
    "queue_id",
    "section_id",
    "offer_end",
    "offer_ended_at",
)
AGENT_FIELDS: Final = (
    "presence",
    "reason",
    "units",
    "has_suspended",
    "idle_since",
    "paused_until",
    "no_answers",
    "last_heard",
    "lease_due",
    "leaving",
)
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "interactions": (
        *INTERACTION_FIELDS,
        "queue",
        "channel",
        "requirement",
        "relaxations",
        "opened",
        "refused",
        "ladder",
        *(f"arrival.{name}" for name in InteractionArrived._fields),
    ),
    "holdings": (*HOLDING_FIELDS, "interaction", "agent", "is_owner"),
    "agents": (*AGENT_FIELDS, "id", "spec", "holdings"),
}
ADDED: Final[Mapping[str, Whatever]] = {
    "arrival.expires_at": None,
    "arrival.position": None,
    "arrival.preferred": (),
}
"""Columns that older snapshots of this format have not, with what stands there then."""

LINKS: Final = len(INTERACTION_FIELDS)
"""The first of an interaction's columns that are not simply its fields."""
ARRIVAL: Final = COLUMNS["interactions"].index(f"arrival.{InteractionArrived._fields[0]}")
"""The first of the columns that make the arrival."""
ATTRIBUTES: Final = ARRIVAL + InteractionArrived._fields.index("attributes")
REQUIREMENT: Final = ARRIVAL + InteractionArrived._fields.index("requirement")

CALLBACK_FIELDS: Final = (
    "number",
    "not_before",
    "not_after",
    "attempts",
    "is_dialling",
    "held",
    "dial_due",
    "resume_at",
)

CENTRE_FIELDS: Final = ("now", "last_number", "last_decision", "last_offer", "link_lost_at")
