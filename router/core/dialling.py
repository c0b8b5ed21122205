"""Dialling customers who are called back: when it begins, and when it is called off."""

from __future__ import annotations

from typing import Final

from router.core.callback_plan import Callbacks
from router.core.centre import DIAL_END, Centre
from router.core.effects import DialCustomer, StopDialling
from router.core.facts import NO_OFFER, CustomerDialled
from router.core.names import OfferId
from router.core.records import Holding, Interaction

DEFAULTS: Final = Callbacks()
"""For callbacks whose section has a plan without callbacks by now."""


def callbacks_of(interaction: Interaction) -> Callbacks:
    """Return how the interaction's section calls back."""
    return interaction.queue.section.plan.callbacks or DEFAULTS


def is_dialled_first(interaction: Interaction) -> bool:
    """Say whether the customer is dialled before an agent is asked."""
    return interaction.callback is not None and callbacks_of(interaction).mode == "customer-first"


def is_held(holding: Holding) -> bool:
    """Say whether the offer only holds its agent while the customer is dialled."""
    callback = holding.interaction.callback
    return callback is not None and bool(callback.held) and callback.held == holding.offer_id


def dial(centre: Centre, interaction: Interaction, holding: Holding, held: OfferId) -> None:
    """Dial the customer: for the connected agent, or (``held``) while that offer holds its agent."""
    callback = interaction.callback
    assert callback is not None
    until = centre.now + callbacks_of(interaction).dial_ms
    callback.is_dialling, callback.held = True, held
    agent_id, attempt = holding.agent.id, callback.attempts + 1
    centre.fact(CustomerDialled(centre.now, interaction.id, agent_id, held, attempt, until))
    centre.effect(DialCustomer(interaction.id, agent_id, callback.number, attempt, until))
    if not held:
        callback.dial_due = until
        centre.deadline(until, DIAL_END, interaction.number, "", interaction)


def stop_dialling(centre: Centre, interaction: Interaction) -> None:
    """Call off the dialling, if it goes on; it is no attempt then."""
    callback = interaction.callback
    if callback is not None and callback.is_dialling:
        callback.is_dialling, callback.held, callback.dial_due = False, NO_OFFER, None
        centre.effect(StopDialling(interaction.id))
