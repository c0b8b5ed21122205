"""Callbacks, slowly: booking one, waiting for its time, dialling the customer, and what comes of that."""

from __future__ import annotations

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
from router.core.signals import CallbackRequested
from router.errors import SignalError
from tests.oracle.reference_dialling import rules_of
from tests.oracle.reference_ladder import end, forget_refusals, put_in_queue
from tests.oracle.reference_state import Callback, State, Work
from tests.oracle.reference_work import accept, assignment_of, close, withdraw_offer

_DAY_MS = 24 * 60 * 60 * 1000


def book(state: State, work: Work, signal: CallbackRequested) -> str:
    """Let the customer be called back."""
    is_postponed = work.state == "scheduled" and work.callback is not None
    if work.state not in ("queued", "offered") and not is_postponed:
        raise SignalError("illegal-state", f"{work.interaction_id} is {work.state}", state=work.state)
    if state.section_of(work.queue).callbacks is None:
        raise SignalError("no-callbacks", f"{work.section} calls nobody back")
    _check(state, signal)
    wanted = (signal.number, signal.not_before, signal.not_after)
    if work.callback is not None and wanted == work.callback.wanted:
        return "unchanged"
    if work.callback is None:
        work.callback = Callback(wanted)
    work.callback.wanted = wanted
    state.facts.append(CallbackBooked(state.now, work.interaction_id, *wanted))
    if signal.not_before is not None and signal.not_before > state.now:
        if work.state == "offered":
            withdraw_offer(state, work, "callback")
        _postpone(state, work, signal.not_before, "window")
    elif is_postponed:
        resume(state, work)
    return "done"


def _check(state: State, signal: CallbackRequested) -> None:
    number: object = signal.number
    if not isinstance(number, str) or not 1 <= len(number) <= 256:
        raise SignalError("bad-text", "no number")
    for time in (signal.not_before, signal.not_after):
        given: object = time
        if given is None:
            continue
        if not isinstance(given, int) or isinstance(given, bool) or abs(given - state.now) > 400 * _DAY_MS:
            raise SignalError("bad-time", "no time within 400 days")
    first = state.now if signal.not_before is None else max(state.now, signal.not_before)
    if signal.not_after is not None and signal.not_after <= first:
        raise SignalError("bad-time", "the window is closed before it opens")


def _postpone(state: State, work: Work, until: int, why: PostponedFor) -> None:
    assert work.callback is not None
    if work.state == "queued":
        state.touched.add(work.queue)
    work.state = "scheduled"
    forget_refusals(work)
    state.quotes = [told for told in state.quotes if told.work is not work]
    work.operations_waiting.clear()
    work.callback.resume_at = until
    state.facts.append(CallbackPostponed(state.now, work.interaction_id, until, why))


def resume(state: State, work: Work) -> None:
    """The time has come: it waits again, in its place."""
    assert work.callback is not None
    work.callback.resume_at = None
    put_in_queue(state, work, "callback")


def reached(state: State, work: Work) -> None:
    """The customer answers."""
    callback = _dialled(work)
    work.callback = None
    state.facts.append(CustomerReached(state.now, work.interaction_id, callback.failed + 1))
    if callback.held:
        accept(state, state.offers[callback.held - 1])


def not_reached(state: State, work: Work, reason: str) -> None:
    """The customer does not answer."""
    callback = _dialled(work)
    held, callback.held, callback.dialled_until = callback.held, NO_OFFER, None
    callback.failed += 1
    state.facts.append(CustomerNotReached(state.now, work.interaction_id, callback.failed, reason))
    if held:
        withdraw_offer(state, work, "not-reached")
    else:
        assignment = assignment_of(state, work)
        work.owner = None
        assignment.queue, assignment.contact_ended_at = work.queue, state.now
        if assignment.held_until is not None:
            assignment.held_until = None
            state.facts.append(HoldEnded(state.now, work.interaction_id, assignment.agent_id, "ended"))
        close(state, assignment)
        state.effects.append(ReleaseWork(work.interaction_id, assignment.agent_id, "not-reached"))
    rules = rules_of(state, work)
    again_at = state.now + rules.retry_after_ms
    latest = callback.wanted[2]
    if callback.failed >= rules.attempts or (latest is not None and latest <= again_at):
        end(state, work, "failed", "not-reached")
        state.effects.append(EndInteraction(work.interaction_id, "failed", "not-reached"))
    else:
        _postpone(state, work, again_at, "not-reached")


def _dialled(work: Work) -> Callback:
    callback = work.callback
    if callback is None or callback.dialled_until is None:
        raise SignalError("illegal-state", f"{work.interaction_id} is not dialled", state=work.state)
    return callback
