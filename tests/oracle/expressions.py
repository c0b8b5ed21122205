"""Random expressions of intake, as text: legal ones only, which meet missing fields and values of the wrong kind often."""

from __future__ import annotations

from random import Random

_FIELDS = (
    "channel",
    "customer",
    "priority",
    "queue",
    "section",
    "due_at",
    "not_before",
    "arrived_at",
    "now",
    "attributes.lang",
    "attributes.vip",
    "attributes['amount']",
)
_OF_GUARDS = (
    "waiting > 2s",
    "waiting >= 1s and hops < 2",
    "not expedited",
    "expedited or priority > 1",
    "due_at - now < 3s",
    "queue != section",
    "now % 2000 == 0",
)
_LITERALS = ("1", "2.0", "0", "5s", "1m30s", "'fr'", '"voice"', "true", "'c1'", "'yes'")


def random_guard(rng: Random) -> str:
    """Return an expression of waiting work."""
    if rng.randint(1, 2) == 1:
        return rng.choice(_OF_GUARDS)
    return random_expression(rng).replace("not_before", "waiting").replace("arrived_at", "hops")


def random_expression(rng: Random, depth: int = 3) -> str:
    """Return an expression of intake that is true or false, or cannot be evaluated."""
    inner = depth - 1
    kind = rng.randint(1, 9) if depth else rng.randint(5, 7)
    match kind:
        case 1:
            return f"({random_expression(rng, inner)} and {random_expression(rng, inner)})"
        case 2:
            return f"({random_expression(rng, inner)} or {random_expression(rng, inner)})"
        case 3:
            return f"not ({random_expression(rng, inner)})"
        case 4:
            return f"{_number(rng, inner)} {rng.choice(('<', '<=', '>', '>='))} {_number(rng, inner)}"
        case 5:
            return f"{rng.choice(_FIELDS)} {rng.choice(('==', '!='))} {rng.choice(_LITERALS)}"
        case 6:
            return f"has({rng.choice(_FIELDS)})"
        case 7:
            items = ", ".join(rng.choice(_LITERALS) for _ in range(rng.randint(1, 3)))
            return f"{rng.choice(_FIELDS)} {rng.choice(('in', 'not in'))} [{items}]"
        case 8:
            name = rng.choice(("starts_with", "ends_with", "contains"))
            return f"{name}({rng.choice(_FIELDS)}, {rng.choice(('lower(channel)', chr(39) + 'f' + chr(39)))})"
        case _:
            return rng.choice(("attributes.vip", "attributes.vip and priority > 0", "customer < channel"))


def _number(rng: Random, depth: int) -> str:
    kind = rng.randint(1, 6) if depth > 0 else 1
    match kind:
        case 1 | 2:
            return rng.choice(
                ("priority", "due_at", "now", "attributes.amount", "0", "2", "10s", "arrived_at")
            )
        case 3:
            return f"({_number(rng, depth - 1)} {rng.choice('+-*/%')} {_number(rng, depth - 1)})"
        case 4:
            return f"{rng.choice(('min', 'max'))}({_number(rng, depth - 1)}, {_number(rng, depth - 1)})"
        case 5:
            return f"abs({_number(rng, depth - 1)})"
        case _:
            return rng.choice(("length(attributes.lang)", "-priority"))
