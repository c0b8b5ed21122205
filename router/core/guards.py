"""Guards: the conditions of ladder steps, as predicates over a live interaction and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from router.core.evaluation import Reader
from router.core.intake import ATTRIBUTE, Predicate, predicate
from router.core.plan import Condition

if TYPE_CHECKING:
    from router.core.records import Interaction

Subject = tuple["Interaction", int]
"""(interaction, now)"""

Guard = Predicate[Subject]

GUARD_FIELDS: Final = ("channel", "customer", "priority", "queue", "hops", "waiting", "expedited")
"""What a guard can read beside ``attributes.NAME``."""
EXPRESSION_FIELDS: Final = (*GUARD_FIELDS, "section", "due_at", "now")
"""What an expression can read beside ``attributes.NAME``."""


def guard(condition: Condition) -> Guard:
    """Return the condition as a predicate; comparisons that cannot be made are false, and nobody counts them."""
    return predicate(condition, _reader, lambda: None)


def _reader(field: str) -> Reader[Subject]:
    match field:
        case "channel":
            return lambda subject: subject[0].channel.channel_id
        case "customer":
            return lambda subject: subject[0].arrival.customer
        case "priority":
            return lambda subject: subject[0].priority
        case "queue":
            return lambda subject: subject[0].queue.queue_id
        case "hops":
            return lambda subject: subject[0].hops
        case "waiting":
            return lambda subject: subject[1] - subject[0].queued_at
        case "expedited":
            return lambda subject: subject[0].expedited
        case "section":
            return lambda subject: subject[0].queue.section_id
        case "due_at":
            return lambda subject: subject[0].arrival.due_at
        case "now":
            return lambda subject: subject[1]
        case _:
            name = field.removeprefix(ATTRIBUTE)
            return lambda subject: subject[0].arrival.attributes.get(name)
