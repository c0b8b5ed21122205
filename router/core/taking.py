"""Taking signals: what each of them does, and what it is answered. The rules are those of other modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from router.core.arrivals import arrive
from router.core.callbacks import book, not_reached, reached
from router.core.centre import Centre
from router.core.departures import abandon, cancel, complete, owner_of, transfer
from router.core.holdings import close, end_contact
from router.core.link import lose_link, restore_link
from router.core.names import AgentId
from router.core.offers import accept, decline, fail, offer_of, open_offer
from router.core.presence import change, heard_from, lose, sign_out
from router.core.queueing import end
from router.core.records import AgentState, Holding
from router.core.reload import replace_plan
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import SignalError

DONE: Final = "done"
UNCHANGED: Final = "unchanged"


def _abandoned(centre: Centre, signal: InteractionAbandoned) -> str:
    return abandon(centre, centre.find(signal.interaction_id))


def _cancelled(centre: Centre, signal: InteractionCancelled) -> str:
    cancel(centre, centre.find(signal.interaction_id), signal.reason)
    return DONE


def _completed(centre: Centre, signal: InteractionCompleted) -> str:
    complete(centre, owner_of(centre.find(signal.interaction_id)))
    return DONE


def _callback_requested(centre: Centre, signal: CallbackRequested) -> str:
    return DONE if book(centre, signal) else UNCHANGED


def _callback_answered(centre: Centre, signal: CallbackAnswered) -> str:
    reached(centre, centre.find(signal.interaction_id))
    return DONE


def _callback_unanswered(centre: Centre, signal: CallbackUnanswered) -> str:
    not_reached(centre, centre.find(signal.interaction_id), signal.reason)
    return DONE


def _owned(centre: Centre, signal: WorkFinished | InteractionTransferred) -> Holding:
    interaction = centre.find(signal.interaction_id)
    centre.agent(signal.agent_id)
    holding = owner_of(interaction)
    if holding.agent.id != signal.agent_id:
        raise SignalError(
            "not-yours", f"interaction {interaction.id!r} is not with agent {signal.agent_id!r}"
        )
    return holding


def _finished(centre: Centre, signal: WorkFinished) -> str:
    interaction_id, agent_id = signal
    interaction = centre.interactions.get(interaction_id)
    holding = None if interaction is None else interaction.owner
    if (
        interaction is None
        or holding is None
        or holding.state != "connected"
        or (agent := holding.agent).id != agent_id
    ):
        holding = _owned(centre, signal)  # raises: it knows what is wrong
        interaction, agent = holding.interaction, holding.agent
    heard_from(centre, agent)
    end(centre, interaction, "completed", "", agent.id)
    end_contact(centre, holding)
    return DONE


def _transferred(centre: Centre, signal: InteractionTransferred) -> str:
    holding = _owned(centre, signal)
    transfer(centre, holding, signal)
    heard_from(centre, holding.agent)
    return DONE


def _wrap_up_done(centre: Centre, signal: WrapUpDone) -> str:
    agent = centre.agents.get(signal.agent_id)
    for holding in () if agent is None else agent.holdings:
        if holding.state == "wrap-up" and holding.interaction.id == signal.interaction_id:
            heard_from(centre, holding.agent)
            close(centre, holding)
            return DONE
    interaction = centre.known(signal.interaction_id)
    agent = centre.agent(signal.agent_id)
    raise SignalError(
        "illegal-state",
        f"agent {agent.id!r} has no wrap-up of interaction {interaction.id!r} running",
        state=interaction.state,
    )


def _accepted(centre: Centre, signal: OfferAccepted) -> str:
    holding = offer_of(centre, signal.offer_id, signal.agent_id)
    if holding.offer_end != "accepted":
        accept(centre, open_offer(centre, signal.offer_id, signal.agent_id))
    heard_from(centre, holding.agent)
    return "accepted"


def _declined(centre: Centre, signal: OfferDeclined) -> str:
    holding = open_offer(centre, signal.offer_id, signal.agent_id)
    heard_from(centre, holding.agent)
    decline(centre, holding, signal.reason)
    return DONE


def _failed(centre: Centre, signal: ConnectFailed) -> str:
    fail(centre, open_offer(centre, signal.offer_id, signal.agent_id), signal.reason)
    return DONE


def _present_agent(centre: Centre, agent_id: AgentId) -> AgentState:
    agent = centre.agent(agent_id)
    if agent.leaving:
        raise SignalError("unknown-agent", f"agent {agent_id!r} is not in the roster any more")
    return agent


def _signed_in(centre: Centre, signal: AgentSignedIn) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "signed-in" if signal.ready else "signed-in-not-ready", signal.reason)
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _became_ready(centre: Centre, signal: AgentBecameReady) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "ready", "")
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _became_not_ready(centre: Centre, signal: AgentBecameNotReady) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "not-ready", signal.reason)
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _started_draining(centre: Centre, signal: AgentStartedDraining) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "draining", "")
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _signed_out(centre: Centre, signal: AgentSignedOut) -> str:
    agent = _present_agent(centre, signal.agent_id)
    return DONE if sign_out(centre, agent) else UNCHANGED


def _heartbeat(centre: Centre, signal: AgentHeartbeat) -> str:
    agent = centre.agent(signal.agent_id)
    if agent.presence == "offline":
        raise SignalError(
            "illegal-state", f"agent {agent.id!r} is offline: it has to sign in", state="offline"
        )
    heard_from(centre, agent)
    return UNCHANGED


def _lost(centre: Centre, signal: AgentLost) -> str:
    return DONE if lose(centre, centre.agent(signal.agent_id), signal.reason) else UNCHANGED


def _link_lost(centre: Centre, signal: LinkLost) -> str:
    return DONE if lose_link(centre) else UNCHANGED


def _link_restored(centre: Centre, signal: LinkRestored) -> str:
    return DONE if restore_link(centre) else UNCHANGED


def _plan_replaced(centre: Centre, signal: PlanReplaced) -> str:
    replace_plan(centre, signal.plan)
    return DONE


TAKE: Final = cast(
    "dict[type, Callable[[Centre, Signal], str]]",
    {
        InteractionArrived: arrive,
        InteractionAbandoned: _abandoned,
        InteractionCancelled: _cancelled,
        InteractionCompleted: _completed,
        CallbackRequested: _callback_requested,
        CallbackAnswered: _callback_answered,
        CallbackUnanswered: _callback_unanswered,
        InteractionTransferred: _transferred,
        WorkFinished: _finished,
        WrapUpDone: _wrap_up_done,
        OfferAccepted: _accepted,
        OfferDeclined: _declined,
        ConnectFailed: _failed,
        AgentSignedIn: _signed_in,
        AgentBecameReady: _became_ready,
        AgentBecameNotReady: _became_not_ready,
        AgentStartedDraining: _started_draining,
        AgentSignedOut: _signed_out,
        AgentHeartbeat: _heartbeat,
        AgentLost: _lost,
        LinkLost: _link_lost,
        LinkRestored: _link_restored,
        PlanReplaced: _plan_replaced,
    },
)
"""What takes a signal of each kind, and returns the answer; raises ``SignalError`` when the signal is illegal."""
