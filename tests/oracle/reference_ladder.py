"""Waiting: entering a queue, leaving it, its ladder's steps and what they do, and the level triggers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from router.core.calendar_plan import Closed
from router.core.callback_plan import OfferCallback
from router.core.effects import Divert, EndInteraction, PlayAnnouncement, ProposeCallback, SendNotice
from router.core.estimate_plan import EstimatedWait
from router.core.facts import (
    AnnouncementMade,
    CallbackOffered,
    HopLimitReached,
    InteractionEnd,
    InteractionEnded,
    InteractionExpedited,
    InteractionMoved,
    InteractionQueued,
    MoveCause,
    NoticeSent,
    PoolsOpened,
    PriorityRaised,
    PrioritySet,
    QueueCause,
    RefusalsCleared,
    RequirementRelaxed,
    StepSkipped,
    StepTaken,
)
from router.core.ladder_plan import AllDeclined, Announce, BeforeDue, Holds
from router.core.names import AttributeValue, QueueId
from router.core.order_plan import Expedite, SetPriority
from router.core.plan import (
    After,
    DivertTo,
    EndWith,
    MoveTo,
    NoEligibleAgent,
    Notify,
    Operation,
    QueueLength,
    RaisePriority,
    Relax,
    Step,
    Trigger,
    WidenTo,
)
from router.core.requirement import Requirement
from tests.oracle.reference_conditions import condition_holds
from tests.oracle.reference_dialling import stop_dialling
from tests.oracle.reference_estimates import note_wait, waits_longer
from tests.oracle.reference_hours import has_begun, is_closed, opening
from tests.oracle.reference_matching import key, rank, would_do
from tests.oracle.reference_positions import ask_for_position
from tests.oracle.reference_state import State, Work

# ── entering, moving, ending ─────────────────────────────────────────────────────────────────────────────────────


def put_in_queue(state: State, work: Work, cause: QueueCause) -> None:
    """Queue the work: its service-level clock starts, and it enters its queue."""
    work.state = "queued"
    work.service_clock = opening(state, work.queue) if cause in ("arrived", "due") else state.now
    state.begun.append(work)
    state.facts.append(
        InteractionQueued(
            at=state.now,
            interaction_id=work.interaction_id,
            section=work.section,
            queue=work.queue,
            channel=work.channel,
            priority=work.priority,
            queued_at=work.queued_at,
            expedited=work.expedited,
            cause=cause,
            rule=work.rule,
        )
    )
    if cause in ("arrived", "due") and work.arrival.position is not None and state.plan.order == "strict":
        ask_for_position(state, work, work.arrival.position)
    enter_queue(state, work)


def enter_queue(state: State, work: Work) -> None:
    """Let queued (under a new plan: or offered) work begin in the queue it is in now."""
    follow_queue(state, work)
    start_clocks(state, work)
    work.time_facts_until = state.elapsed(work)
    work.rank = rank(state, work)
    state.touched.add(work.queue)
    _catch_up(state, work)


def start_clocks(state: State, work: Work) -> None:
    """Start the ladder's clock, now or when the queue opens; a service level that has not begun begins then too."""
    work.ladder_clock = state.now
    if not has_begun(state, work):
        work.ladder_clock = work.service_clock = opening(state, work.queue)


def follow_queue(state: State, work: Work) -> None:
    """Let the section, and a requirement that is the queue's, be those of the queue that the work is in."""
    work.section = state.section_of(work.queue).section_id
    if work.requirement_origin == "queue":
        set_requirement(state, work, state.queue(work.queue).requirement)


def set_requirement(state: State, work: Work, requirement: Requirement) -> None:
    """Replace the requirement; the clock of another one starts from the place."""
    if requirement != work.requirement:
        work.requirement = requirement
        work.elapsed_least = 0
        work.time_facts_until = state.elapsed(work)


def move(state: State, work: Work, to: QueueId, cause: MoveCause) -> None:
    """Let the work wait in another queue from now on."""
    state.facts.append(
        InteractionMoved(
            at=state.now, interaction_id=work.interaction_id, from_queue=work.queue, to_queue=to, cause=cause
        )
    )
    if work.state == "queued":
        state.touched.add(work.queue)
    work.queue = to
    if work.state in ("queued", "offered"):
        enter_queue(state, work)
    else:
        follow_queue(state, work)


def forget_refusals(work: Work) -> None:
    """Forget who refused it, without a fact."""
    work.refusals.clear()
    work.refusals_clear_at = None


def end(state: State, work: Work, how: InteractionEnd, reason: str) -> None:
    """End the interaction, once and for all; its assignment and offer are others' business."""
    if work.state != "assigned":
        note_wait(state, work, how)
    if work.service_clock is None:
        wait_ms = 0
    elif work.state == "assigned":
        wait_ms = work.wait_ms
    else:
        wait_ms = max(0, state.now - work.service_clock)
    stop_dialling(state, work)
    work.callback = None
    state.facts.append(
        InteractionEnded(
            at=state.now,
            interaction_id=work.interaction_id,
            section=work.section,
            queue=work.queue,
            how=how,
            reason=reason,
            agent_id=work.owner,
            wait_ms=wait_ms,
        )
    )
    if work.state == "queued":
        state.touched.add(work.queue)
    work.state = "ended"
    work.how = how
    work.ended_at = state.now
    work.operations_waiting.clear()
    forget_refusals(work)


# ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────

_CAUGHT_UP = (Relax, WidenTo, RaisePriority, SetPriority)
_TAKES_AWAY = (MoveTo, DivertTo, EndWith)


def _run(state: State, work: Work, operation: Operation) -> None:
    now, interaction_id = state.now, work.interaction_id
    match operation:
        case Relax():
            work.relaxations.append(operation)
            state.facts.append(RequirementRelaxed(now, interaction_id, "ladder", _what(operation)))
        case WidenTo():
            fresh: list[str] = []
            for pool_id in operation.pools:
                if pool_id not in work.opened:
                    work.opened.append(pool_id)
                    fresh.append(pool_id)
            if fresh:
                state.facts.append(PoolsOpened(now, interaction_id, tuple(fresh)))
        case RaisePriority():
            before = work.priority
            work.priority += operation.by
            state.facts.append(PriorityRaised(now, interaction_id, before, work.priority))
            _rank_anew(state, work)
        case SetPriority():
            if work.priority != operation.to:
                before = work.priority
                work.priority = operation.to
                state.facts.append(PrioritySet(now, interaction_id, before, work.priority))
                _rank_anew(state, work)
        case Expedite():
            if not work.expedited:
                work.expedited = True
                state.facts.append(InteractionExpedited(now, interaction_id))
        case MoveTo():
            _move_up(state, work, operation.queue)
        case Notify():
            state.facts.append(NoticeSent(now, interaction_id, operation.target, operation.message))
            state.effects.append(SendNotice(operation.target, operation.message, interaction_id, work.queue))
        case Announce():
            state.facts.append(AnnouncementMade(now, interaction_id, operation.target, operation.text))
            state.effects.append(PlayAnnouncement(interaction_id, operation.target, operation.text))
        case OfferCallback():
            queue = state.find_queue(work.queue)
            if (
                work.callback is None
                and queue is not None
                and state.section_of(work.queue).callbacks is not None
            ):
                state.facts.append(CallbackOffered(now, interaction_id, operation.text))
                state.effects.append(ProposeCallback(interaction_id, operation.text))
        case DivertTo():
            end(state, work, "diverted", operation.target)
            state.effects.append(Divert(interaction_id, operation.target))
        case EndWith():
            end(state, work, "expired", operation.reason)
            state.effects.append(EndInteraction(interaction_id, "expired", operation.reason))


def _rank_anew(state: State, work: Work) -> None:
    if state.find_queue(work.queue) is not None:  # else the plan that moves it computes the rank
        work.rank = rank(state, work)


def _what(relax: Relax) -> str:
    if relax.tag is not None:
        return f"tag {relax.tag}"
    return f"{relax.skill}" if relax.to is None else f"{relax.skill} to {relax.to}"


def _move_up(state: State, work: Work, to: QueueId) -> None:
    if state.find_queue(to) is None:
        # The step waited for an offer, and a new plan came meanwhile that has no such queue.
        successor = dict(state.plan.successors).get(to)
        if successor is None:
            return
        to = successor
    if to == work.queue:
        return
    if work.hops >= state.plan.hop_limit:
        state.facts.append(HopLimitReached(state.now, work.interaction_id, work.queue, to))
        return
    work.hops += 1
    move(state, work, to, "ladder")


def _run_step(
    state: State, work: Work, step: Step, operations: Sequence[Operation], *, caught_up: bool
) -> None:
    state.facts.append(StepTaken(state.now, work.interaction_id, work.queue, step.name, caught_up))
    for operation in operations:
        if work.state == "ended":
            return
        must_wait = work.operations_waiting or isinstance(operation, _TAKES_AWAY)
        if work.state == "offered" and must_wait and not caught_up:
            work.operations_waiting.append(operation)
        else:
            _run(state, work, operation)


def run_waiting_operations(state: State, work: Work) -> None:
    """Run what waited for the end of the offer; the work is back in its queue."""
    operations = list(work.operations_waiting)
    work.operations_waiting.clear()
    for operation in operations:
        if work.state == "ended":
            return
        _run(state, work, operation)


# ── steps by the clock ───────────────────────────────────────────────────────────────────────────────────────────


def timed_steps(state: State, work: Work) -> list[tuple[Step, int]]:
    """Return the timed steps that the work may still take in its queue, in the ladder's order, with their times."""
    return [
        (step, max(time, work.ladder_clock))
        for step in state.queue(work.queue).ladder
        if not is_exhausted(work, step) and (time := _time_of(state, work, step)) is not None
    ]


def _time_of(state: State, work: Work, step: Step) -> int | None:
    again = _again_at(work, step)
    match step.trigger:
        case After():
            return work.ladder_clock + step.trigger.ms if again is None else again
        case BeforeDue():
            due = work.arrival.due_at
            if due is None:
                due = work.queued_at + state.queue(work.queue).answer_within_ms
            return due - step.trigger.ms if again is None else again
        case _:
            return None


def is_exhausted(work: Work, step: Step) -> bool:
    """Say whether the work will never take the step (again) in its queue."""
    mark = (work.queue, step.name)
    if mark in work.steps_taken:
        return True
    if mark not in work.steps_repeated:
        return False
    count, _ = work.steps_repeated[mark]
    return step.repeat_ms is None or (step.times is not None and count >= step.times)


def _again_at(work: Work, step: Step) -> int | None:
    mark = (work.queue, step.name)
    if step.repeat_ms is None or mark not in work.steps_repeated:
        return None
    _, last = work.steps_repeated[mark]
    return last + step.repeat_ms


def _mark(state: State, work: Work, step: Step, often: int) -> None:
    mark = (work.queue, step.name)
    if step.repeat_ms is None:
        work.steps_taken.append(mark)
    else:
        count, _ = work.steps_repeated.get(mark, (0, 0))
        work.steps_repeated[mark] = (count + often, state.now)


def take_timed_step(state: State, work: Work, step: Step) -> None:
    """Take a timed step that is due, or skip it."""
    if guard_holds(state, work, step):
        take_step(state, work, step)
        return
    _mark(state, work, step, 0)
    state.facts.append(StepSkipped(state.now, work.interaction_id, work.queue, step.name))


def take_step(state: State, work: Work, step: Step) -> None:
    """Take a step that is due, or whose trigger holds: all of it, or what catching up left of it."""
    mark = (work.queue, step.name)
    operations = list(step.operations)
    if mark in work.steps_half_taken:
        work.steps_half_taken.remove(mark)
        operations = [operation for operation in operations if not isinstance(operation, _CAUGHT_UP)]
    _mark(state, work, step, 1)
    _run_step(state, work, step, operations, caught_up=False)


def _catch_up(state: State, work: Work) -> None:
    elapsed = state.now - work.queued_at
    if elapsed <= 0 or not has_begun(state, work):
        return
    for step in state.queue(work.queue).ladder:
        mark = (work.queue, step.name)
        if not isinstance(step.trigger, After) or step.trigger.ms > elapsed:
            continue
        if mark in work.steps_taken or mark in work.steps_half_taken or mark in work.steps_repeated:
            continue
        now = [operation for operation in step.operations if isinstance(operation, _CAUGHT_UP)]
        if not now or not guard_holds(state, work, step):
            continue
        if step.repeat_ms is not None:
            times = 1
            while step.trigger.ms + times * step.repeat_ms <= elapsed and times < min(step.times or 100, 100):
                times += 1
            _mark(state, work, step, times)
            for _ in range(times):
                _run_step(state, work, step, now, caught_up=True)
            continue
        (work.steps_taken if len(now) == len(step.operations) else work.steps_half_taken).append(mark)
        _run_step(state, work, step, now, caught_up=True)


# ── guards ───────────────────────────────────────────────────────────────────────────────────────────────────────


def guard_holds(state: State, work: Work, step: Step) -> bool:
    """Say whether the step's condition holds for the work."""
    own: dict[str, AttributeValue | None] = {
        "channel": work.channel,
        "customer": work.arrival.customer,
        "priority": work.priority,
        "queue": work.queue,
        "hops": work.hops,
        "waiting": state.now - work.queued_at,
        "expedited": work.expedited,
        "section": state.section_of(work.queue).section_id,
        "due_at": work.arrival.due_at,
        "now": state.now,
    }
    own |= {f"attributes.{name}": value for name, value in work.arrival.attributes.items()}
    return condition_holds(step.guard, own.get)


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────


def clear_refusals(state: State, work: Work) -> None:
    """Forget who refused it, say so, and take the steps that wait for this."""
    forget_refusals(work)
    state.facts.append(RefusalsCleared(state.now, work.interaction_id))
    queue = state.queue(work.queue)
    for step in queue.ladder:
        if work.state == "ended" or work.queue != queue.queue_id:
            return
        if isinstance(step.trigger, AllDeclined) and _may_take(state, work, step):
            take_step(state, work, step)


def _may_take(state: State, work: Work, step: Step) -> bool:
    """Say whether a step that is no timed one can be taken, were its trigger to hold."""
    again = _again_at(work, step)
    is_rested = again is None or state.now >= again
    return not is_exhausted(work, step) and is_rested and guard_holds(state, work, step)


# ── level triggers ───────────────────────────────────────────────────────────────────────────────────────────────


def read_levels(state: State) -> bool:
    """Read the level triggers of touched queues; say whether a step was taken."""
    taken = False
    touched = set(state.touched)
    state.touched.clear()
    for queue in state.queues():
        steps = [step for step in queue.ladder if _is_level(step)]
        if not steps or queue.queue_id not in touched:
            continue
        for step in steps:
            for work in sorted(_waiting_in(state, queue.queue_id), key=partial(key, state), reverse=True):
                if _holds(state, work, step.trigger) and _may_take(state, work, step):
                    take_step(state, work, step)
                    taken = True
        if _waiting_in(state, queue.queue_id):
            state.levels_read_at[queue.queue_id] = state.now
        else:
            state.levels_read_at.pop(queue.queue_id, None)
    return taken


def has_levels(state: State, queue_id: QueueId) -> bool:
    """Say whether the plan has the queue, and the queue a step with a level trigger."""
    queue = state.find_queue(queue_id)
    return queue is not None and any(_is_level(step) for step in queue.ladder)


def _is_level(step: Step) -> bool:
    return not isinstance(step.trigger, After | BeforeDue | AllDeclined)


def _waiting_in(state: State, queue_id: QueueId) -> list[Work]:
    return [work for work in state.queued() if work.queue == queue_id]


def _holds(state: State, work: Work, trigger: Trigger) -> bool:
    if not has_begun(state, work) and not isinstance(trigger, Closed):
        return False
    match trigger:
        case Closed():
            return is_closed(state, work.queue)
        case QueueLength():
            return len(_waiting_in(state, work.queue)) > trigger.above
        case EstimatedWait():
            return waits_longer(state, work, trigger.above_ms)
        case NoEligibleAgent():
            return not any(
                person.is_signed_in and would_do(state, person, work) for person in state.people.values()
            )
        case Holds():
            return True
        case _:
            return False
