"""Dialling customers who are called back: when it begins, and when it is called off."""

from __future__ import annotations

from router.core.callback_plan import Callbacks
from router.core.effects import DialCustomer, StopDialling
from router.core.facts import NO_OFFER, CustomerDialled
from router.core.names import AgentId, OfferId
from tests.oracle.reference_state import Offer, State, Work


def is_held(offer: Offer) -> bool:
    """Whether the offer only holds its agent while the customer is dialled."""
    callback = offer.work.callback
    return callback is not None and callback.held == offer.offer_id != NO_OFFER


def stop_dialling(state: State, work: Work) -> None:
    """Call off the dialling, if it goes on."""
    if work.callback is not None and work.callback.dialled_until is not None:
        work.callback.dialled_until, work.callback.held = None, NO_OFFER
        state.effects.append(StopDialling(work.interaction_id))


def rules_of(state: State, work: Work) -> Callbacks:
    """How the section calls back."""
    return state.section_of(work.queue).callbacks or Callbacks()


def is_dialled_first(state: State, work: Work) -> bool:
    """Whether an offer of the work would only hold the agent."""
    return work.callback is not None and rules_of(state, work).mode == "customer-first"


def dial(state: State, work: Work, agent_id: AgentId, held: OfferId) -> None:
    """Dial the customer, for a connected agent or one whom the offer holds."""
    callback = work.callback
    assert callback is not None
    until = state.now + rules_of(state, work).dial_ms
    callback.dialled_until, callback.held = until, held
    attempt = callback.failed + 1
    state.facts.append(CustomerDialled(state.now, work.interaction_id, agent_id, held, attempt, until))
    state.effects.append(DialCustomer(work.interaction_id, agent_id, callback.wanted[0], attempt, until))
