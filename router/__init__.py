"""Switchroom: a contact-centre routing engine. What programs import from here is loaded when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.config import load, load_text
    from router.core.facts import (
        InteractionAssigned,
        InteractionEnded,
        InteractionMoved,
        InteractionQueued,
        OfferEnded,
        OfferMade,
        PresenceChanged,
        StepTaken,
    )
    from router.core.plan import Plan
    from router.errors import (
        ConfigError,
        InvariantError,
        OverloadedError,
        PlanError,
        RouterError,
        SignalError,
    )
    from router.service import (
        AgentHandle,
        InteractionHandle,
        LagError,
        Offer,
        Router,
        Subscription,
        SystemClock,
    )

__all__ = [
    "AgentHandle",
    "ConfigError",
    "InteractionAssigned",
    "InteractionEnded",
    "InteractionHandle",
    "InteractionMoved",
    "InteractionQueued",
    "InvariantError",
    "LagError",
    "Offer",
    "OfferEnded",
    "OfferMade",
    "OverloadedError",
    "Plan",
    "PlanError",
    "PresenceChanged",
    "Router",
    "RouterError",
    "SignalError",
    "StepTaken",
    "Subscription",
    "SystemClock",
    "load",
    "load_text",
]

_HOMES = {
    "router.config": ("load", "load_text"),
    "router.core.facts": (
        "InteractionAssigned",
        "InteractionEnded",
        "InteractionMoved",
        "InteractionQueued",
        "OfferEnded",
        "OfferMade",
        "PresenceChanged",
        "StepTaken",
    ),
    "router.core.plan": ("Plan",),
    "router.errors": (
        "ConfigError",
        "InvariantError",
        "OverloadedError",
        "PlanError",
        "RouterError",
        "SignalError",
    ),
    "router.service": (
        "AgentHandle",
        "InteractionHandle",
        "LagError",
        "Offer",
        "Router",
        "Subscription",
        "SystemClock",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load what is asked for, the first time."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'router' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
