"""Every deadline there is, found by looking at everything, and what each does when it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from router.core.effects import EndInteraction
from router.core.facts import AgentUnpaused, RequirementRelaxed
from router.core.names import QueueId
from tests.oracle.reference_affinity import window_ends
from tests.oracle.reference_broadcast import named_work
from tests.oracle.reference_callbacks import not_reached, resume
from tests.oracle.reference_dialling import is_held
from tests.oracle.reference_hours import hours_change_at
from tests.oracle.reference_intake import start
from tests.oracle.reference_ladder import clear_refusals, end, has_levels, take_timed_step, timed_steps
from tests.oracle.reference_rates import free_again_at
from tests.oracle.reference_requirement import parts_of_time, times
from tests.oracle.reference_selection import openings
from tests.oracle.reference_shifts import change_calendars
from tests.oracle.reference_state import Person, State, Work
from tests.oracle.reference_work import close, expire_offer, lose, requeue_held


class Deadline(NamedTuple):
    """``order`` is what deadlines of one instant fire by: kind, interaction's number, agent's id, and a last number."""

    order: tuple[int, int, str, int]
    due: int
    fire: Callable[[], object]

    @property
    def kind(self) -> int:
        """The row of the table in the published order."""
        return self.order[0]


def deadlines(state: State) -> list[Deadline]:
    """Return every deadline, in no order."""
    found = [deadline for work in state.live() for deadline in _of_work(state, work)]
    found.extend(deadline for person in state.people.values() for deadline in _of_person(state, person))
    for offer in state.open_offers() if state.link_lost_at is None else ():
        order = (3, offer.work.number, offer.agent_id, offer.offer_id)
        if is_held(offer):
            missed = partial(not_reached, state, offer.work, "no-answer")
            found.append(Deadline(order, offer.expires_at, missed))
        else:
            found.append(Deadline(order, offer.expires_at, partial(expire_offer, state, offer)))
    for assignment in state.assignments:
        number, agent_id = assignment.work.number, assignment.agent_id
        if assignment.is_wrap_up:
            wrap_up = partial(close, state, assignment)
            found.append(
                Deadline((2, number, agent_id, assignment.decision), assignment.wrap_up_until, wrap_up)
            )
        if assignment.held_until is not None:
            hold = partial(requeue_held, state, assignment)
            found.append(Deadline((6, number, agent_id, 0), assignment.held_until, hold))
    if (changes_at := hours_change_at(state)) is not None:
        found.append(Deadline((-1, 0, "", 0), changes_at, partial(change_calendars, state)))
    for place, (queue_id, read_at) in enumerate(sorted(state.levels_read_at.items())):
        if has_levels(state, queue_id):
            due = read_at + state.plan.check_every_ms
            found.append(Deadline((11, 0, "", place), due, partial(_check_level, state, queue_id)))
    return found


def _of_work(state: State, work: Work) -> Iterator[Deadline]:
    number = work.number
    callback = work.callback
    if callback is not None and callback.resume_at is not None:
        yield Deadline((15, number, "", 0), callback.resume_at, partial(resume, state, work))
        return
    if callback is not None and callback.dialled_until is not None and not callback.held:
        missed = partial(not_reached, state, work, "no-answer")
        yield Deadline((14, number, "", 0), callback.dialled_until, missed)
    if work.state == "scheduled":
        yield Deadline((1, number, "", 0), work.arrival.not_before or 0, partial(start, state, work))
        return
    for agent_id, until in work.refusals.items():
        yield Deadline((7, number, agent_id, 0), until, partial(work.refusals.pop, agent_id))
    if work.refusals_clear_at is not None:
        yield Deadline((8, number, "", 0), work.refusals_clear_at, partial(clear_refusals, state, work))
    if work.state not in ("queued", "offered"):
        return
    for time in times(work.requirement):
        if time > work.time_facts_until:
            yield Deadline((9, number, "", time), work.queued_at + time, partial(_relax, state, work, time))
    if work in named_work(state):
        for instant in openings(state, work):
            yield Deadline((13, number, "", 0), instant, _nothing)
        for instant in window_ends(state, work):
            yield Deadline((16, number, "", 0), instant, _nothing)
    if work.state == "queued":
        for due in _ends_of_life(state, work):
            yield Deadline((12, number, "", 0), due, partial(_expire, state, work))
    for place, (step, due) in enumerate(timed_steps(state, work)):
        yield Deadline((10, number, "", place), due, partial(take_timed_step, state, work, step))


def _ends_of_life(state: State, work: Work) -> Iterator[int]:
    """The moments at which waiting work runs out of time; the earlier one comes first."""
    if work.arrival.expires_at is not None:
        yield work.arrival.expires_at
    if work.callback is not None and work.callback.wanted[2] is not None:
        yield work.callback.wanted[2]
    time_to_live = state.queue(work.queue).time_to_live_ms
    if time_to_live is not None and work.service_clock is not None:
        yield work.service_clock + time_to_live


def _expire(state: State, work: Work) -> None:
    end(state, work, "expired", "time-to-live")
    state.effects.append(EndInteraction(work.interaction_id, "expired", "time-to-live"))


def _of_person(state: State, person: Person) -> Iterator[Deadline]:
    if person.paused_until is not None:
        yield Deadline((4, 0, person.agent_id, 0), person.paused_until, partial(_unpause, state, person))
    if (free_at := free_again_at(state, person)) is not None:
        yield Deadline((0, 0, person.agent_id, 0), free_at, _nothing)
    if person.is_signed_in and state.plan.presence_ttl_ms is not None and state.link_lost_at is None:
        due = person.heard_at + state.plan.presence_ttl_ms
        yield Deadline((5, 0, person.agent_id, 0), due, partial(lose, state, person, "lease"))


def _nothing() -> None:
    """The passing of time was all."""


def _unpause(state: State, person: Person) -> None:
    person.paused_until = None
    state.facts.append(AgentUnpaused(state.now, person.agent_id))


def _relax(state: State, work: Work, time: int) -> None:
    work.time_facts_until = time
    what = parts_of_time(work.requirement, time)
    state.facts.append(RequirementRelaxed(state.now, work.interaction_id, "time", what))


def _check_level(state: State, queue_id: QueueId) -> None:
    state.touched.add(queue_id)
    del state.levels_read_at[queue_id]
