"""Broadcast: which offered work goes on looking for agents, and what becomes of its other offers."""

from __future__ import annotations

from tests.oracle.reference_dialling import is_dialled_first
from tests.oracle.reference_state import Offer, State, Work


def offers_of_work(state: State, work: Work) -> list[Offer]:
    """Return the open offers of the work, in order of their ids."""
    return [offer for offer in state.open_offers() if offer.work is work]


def named_work(state: State) -> list[Work]:
    """Return all work that an agent can name: what waits, and what is offered to fewer agents than it may be."""
    return [work for work in state.works if work.state == "queued" or _wants_more(state, work)]


def _wants_more(state: State, work: Work) -> bool:
    if work.state != "offered" or work.operations_waiting or _has_outlived(state, work):
        return False
    if work.callback is not None and (work.callback.held or is_dialled_first(state, work)):
        return False
    most = state.offer_rules(work).broadcast
    return most > 1 and len(offers_of_work(state, work)) < most


def _has_outlived(state: State, work: Work) -> bool:
    """Say whether only its open offers keep the work from ending by its time to live."""
    ends = [work.arrival.expires_at, None if work.callback is None else work.callback.wanted[2]]
    time_to_live = state.queue(work.queue).time_to_live_ms
    if time_to_live is not None and work.service_clock is not None:
        ends.append(work.service_clock + time_to_live)
    return any(at is not None and at <= state.now for at in ends)
