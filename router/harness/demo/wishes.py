"""What customers of any centre want: work that its own intake rules would sort, made up from the plan with a given generator; and how
often one comes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from agents.distributions import Distribution, Exponential, Lognormal
from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, IntakeRule, Match, NotOf, Plan, Section

RULE_SHARE: Final = 0.6
"""So often a customer is one that an intake rule of the section is about."""

HANDLE: Final[dict[str, Distribution]] = {
    "voice": Lognormal(mean=40_000.0, cv=0.6),
    "chat": Lognormal(mean=60_000.0, cv=0.6),
    "mail": Lognormal(mean=50_000.0, cv=0.5),
}
ANY_HANDLE: Final = HANDLE["voice"]
PATIENCE: Final[dict[str, Distribution]] = {"mail": Exponential(mean=900_000.0)}
ANY_PATIENCE: Final = Lognormal(mean=60_000.0, cv=0.7)
WEIGHTS: Final = {"voice": 5.0, "chat": 3.0, "mail": 1.0}
"""How much of the traffic comes by a channel; 1 for any other."""
CYCLE_MS: Final = 45_000
"""About how long one contact keeps one agent busy, wrap-up included."""
LOAD: Final = 1.0
"""Traffic as a share of what all agents together can do, on average; it comes in waves."""
WAVE: Final = 0.6
WAVE_MS: Final = 90_000


@dataclass(slots=True)
class Wish:
    """One customer: where to, how, with what, and how long it waits."""

    section: str
    channel: str
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    customer: str | None = None
    priority: int | None = None
    patience_ms: int = 0


def wish(plan: Plan, rng: Random) -> Wish:
    """Make up a customer."""
    section = rng.choice(plan.sections)
    found = Wish(section.section_id, _channel(plan, rng))
    if section.intake and (section.refuse_unmatched or rng.random() < RULE_SHARE):
        _fit(found, rng.choice(_sorting(section)).when, plan, rng)
    patience = PATIENCE.get(found.channel, ANY_PATIENCE)
    found.patience_ms = int(patience.sample(rng))
    return found


def mean_gap_ms(plan: Plan) -> float:
    """Return the mean time between two customers that keeps the centre's agents busy."""
    return CYCLE_MS / (max(1, len(plan.agents)) * LOAD)


def wave(since_start_ms: float) -> float:
    """Return how many times as many customers as on average come at that time."""
    return 1 + WAVE * math.cos(2 * math.pi * since_start_ms / WAVE_MS)


def handle_ms(channel: str, rng: Random) -> int:
    """Draw how long a contact takes."""
    return int(HANDLE.get(channel, ANY_HANDLE).sample(rng))


def _channel(plan: Plan, rng: Random) -> str:
    names = [channel.channel_id for channel in plan.channels]
    return rng.choices(names, [WEIGHTS.get(name, 1.0) for name in names])[0]


def _sorting(section: Section) -> Sequence[IntakeRule]:
    """The rules that ask for something; all of them where none does."""
    return [rule for rule in section.intake if rule.when != AllOf()] or section.intake


def _fit(found: Wish, condition: Condition, plan: Plan, rng: Random) -> None:
    """Make the customer one for whom the condition holds, as far as one can be made."""
    match condition:
        case AllOf():
            for part in condition.of:
                _fit(found, part, plan, rng)
        case AnyOf():
            if condition.of:
                _fit(found, rng.choice(condition.of), plan, rng)
        case NotOf():
            pass  # most customers are not what a rule excludes
        case Match():
            value = _value(condition, rng)
            if value is not None:
                _set(found, condition.field, value, plan)


def _value(match: Match, rng: Random) -> AttributeValue | None:
    value = match.value
    if isinstance(value, tuple):
        return rng.choice(value) if match.op == "in" and value else None
    match match.op:
        case "==" | "prefix" | ">=" | "<=":
            return value
        case ">" if isinstance(value, int | float):
            return value + 1
        case "<" if isinstance(value, int | float):
            return value - 1
        case "exists":
            return "yes" if value is True else None
        case _:
            return None


def _set(found: Wish, name: str, value: AttributeValue, plan: Plan) -> None:
    if name == "channel":
        if value in {channel.channel_id for channel in plan.channels}:
            found.channel = str(value)
    elif name == "customer":
        found.customer = str(value)
    elif name == "priority":
        if isinstance(value, int):
            found.priority = value
    else:
        found.attributes[name.removeprefix("attributes.")] = value
