"""Callbacks: a customer rather waits for a call. The interaction keeps its id and place, and cannot be abandoned.

What becomes of it while it waits for its time, and when the customer was reached or not. Dialling itself is in ``dialling``.
"""

from __future__ import annotations

from router.core.arrivals import queued
from router.core.broadcast import look_no_further, wants_more
from router.core.centre import CALLBACK_DUE, Centre
from router.core.checks import HORIZON_MS, LABEL_MAX
from router.core.dialling import callbacks_of
from router.core.effects import EndInteraction, ReleaseWork
from router.core.facts import (
    NO_OFFER,
    CallbackBooked,
    CallbackPostponed,
    CustomerNotReached,
    CustomerReached,
    HoldEnded,
    PostponedFor,
)
from router.core.holdings import close
from router.core.offers import accept, end_offer
from router.core.queueing import end, stop_waiting
from router.core.records import CallbackState, Interaction
from router.core.signals import CallbackRequested
from router.core.time_to_live import watch
from router.errors import SignalError, shown


def book(centre: Centre, signal: CallbackRequested) -> bool:
    """The customer wants to be called back; returns whether that is new. Raises ``illegal-state``, ``no-callbacks``, ``bad-text``
    or ``bad-time``.
    """
    interaction = centre.find(signal.interaction_id)
    callback = interaction.callback
    is_postponed = interaction.state == "scheduled" and callback is not None
    if not is_postponed and interaction.state not in ("queued", "offered"):
        raise SignalError(
            "illegal-state",
            f"interaction {interaction.id!r} is {interaction.state}: a callback can be booked while it waits",
            state=interaction.state,
        )
    if interaction.queue.section.plan.callbacks is None:
        raise SignalError("no-callbacks", f"section {interaction.queue.section_id!r} calls nobody back")
    _check(centre.now, signal)
    wanted = (signal.number, signal.not_before, signal.not_after)
    if callback is None:
        callback = interaction.callback = CallbackState(*wanted)
    elif (callback.number, callback.not_before, callback.not_after) == wanted:
        return False
    else:
        callback.number, callback.not_before, callback.not_after = wanted
    centre.fact(CallbackBooked(centre.now, interaction.id, *wanted))
    if signal.not_before is not None and signal.not_before > centre.now:
        if interaction.state == "offered":
            look_no_further(centre, interaction)
            for holding in interaction.open_offers():
                end_offer(centre, holding, "rescinded", "callback")
        postpone(centre, interaction, signal.not_before, "window")
    elif is_postponed:
        resume(centre, interaction)
    else:
        watch(centre, interaction)
        if interaction.state == "offered" and not wants_more(centre, interaction):
            look_no_further(centre, interaction)
    return True


def _check(now: int, signal: CallbackRequested) -> None:
    number: object = signal.number
    if not isinstance(number, str) or not 1 <= len(number) <= LABEL_MAX:
        raise SignalError("bad-text", f"number: expected a text of 1 to {LABEL_MAX} characters")
    for name, time in (("not_before", signal.not_before), ("not_after", signal.not_after)):
        if time is not None and not (time.__class__ is int and abs(time - now) <= HORIZON_MS):
            raise SignalError(
                "bad-time", f"{name}: expected milliseconds within 400 days from now, found {shown(time)}"
            )
    if signal.not_after is not None and signal.not_after <= max(now, signal.not_before or now):
        raise SignalError("bad-time", "not_after: expected a time after now, and after not_before")


def postpone(centre: Centre, interaction: Interaction, until: int, why: PostponedFor) -> None:
    """Let the callback wait for its time, outside of its queue."""
    callback = interaction.callback
    assert callback is not None
    if interaction.state == "queued":
        stop_waiting(centre, interaction)
    interaction.state = "scheduled"
    interaction.owner = None
    interaction.refused = None
    interaction.refused_clear_at = interaction.ladder_due = interaction.need_due = None
    if interaction.ladder is not None:
        interaction.ladder.waiting.clear()
    if centre.figures is not None:
        centre.figures.quotes.pop(interaction.number, None)
    callback.resume_at = until
    centre.deadline(until, CALLBACK_DUE, interaction.number, "", interaction)
    centre.fact(CallbackPostponed(centre.now, interaction.id, until, why))


def resume(centre: Centre, interaction: Interaction) -> None:
    """The callback's time has come: it waits in its queue again, in its place."""
    assert interaction.callback is not None
    interaction.callback.resume_at = None
    queued(centre, interaction, "callback")


def find_dialled(centre: Centre, interaction: Interaction) -> CallbackState:
    """Return the callback whose customer is being dialled; raises ``illegal-state``."""
    callback = interaction.callback
    if callback is None or not callback.is_dialling:
        raise SignalError(
            "illegal-state",
            f"the customer of interaction {interaction.id!r} is not being dialled",
            state=interaction.state,
        )
    return callback


def reached(centre: Centre, interaction: Interaction) -> None:
    """The customer has answered: it is a contact like any other from now on."""
    callback = find_dialled(centre, interaction)
    interaction.callback = None
    centre.fact(CustomerReached(centre.now, interaction.id, callback.attempts + 1))
    if callback.held:
        assert interaction.owner is not None
        accept(centre, interaction.owner)


def not_reached(centre: Centre, interaction: Interaction, reason: str) -> None:
    """The customer has not answered: the agent is free, and the customer is dialled again later, or that was it."""
    callback = find_dialled(centre, interaction)
    holding = interaction.owner
    assert holding is not None
    held = callback.held
    callback.is_dialling, callback.held, callback.dial_due = False, NO_OFFER, None
    callback.attempts += 1
    now = centre.now
    centre.fact(CustomerNotReached(now, interaction.id, callback.attempts, reason))
    if held:
        end_offer(centre, holding, "rescinded", "not-reached")
    else:
        agent = holding.agent
        interaction.owner = None
        holding.queue_id = interaction.queue.queue_id
        if holding.held_until is not None:
            holding.held_until = None
            centre.fact(HoldEnded(now, interaction.id, agent.id, "ended"))
        close(centre, holding)
        centre.effect(ReleaseWork(interaction.id, agent.id, "not-reached"))
    rules = callbacks_of(interaction)
    again_at = now + rules.retry_after_ms
    is_too_late = callback.not_after is not None and again_at >= callback.not_after
    if callback.attempts >= rules.attempts or is_too_late:
        end(centre, interaction, "failed", "not-reached", None)
        centre.effect(EndInteraction(interaction.id, "failed", "not-reached"))
    else:
        postpone(centre, interaction, again_at, "not-reached")
