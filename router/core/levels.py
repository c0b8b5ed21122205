"""Level triggers: what is read now and then of the queues that were touched, and the steps that it sets off.

A level trigger is added in ``holds``, and in ``may_hold`` where a look at the queue alone can rule it out.
"""

from __future__ import annotations

from router.core.calendar_plan import Closed
from router.core.centre import LEVEL_CHECK, Centre
from router.core.demand import QueueState
from router.core.eligibility import anyone_eligible, may_lack_agents
from router.core.estimate_plan import EstimatedWait
from router.core.estimates import Line, expected_wait_ms, line_of
from router.core.hours import have_started, is_open
from router.core.ladder import guard_holds, is_ready, take_step
from router.core.ladder_plan import Holds
from router.core.names import ChannelId
from router.core.plan import NoEligibleAgent, QueueLength, Step, Trigger
from router.core.queueing import enlist_new_work
from router.core.records import Interaction


def read_levels(centre: Centre) -> bool:
    """Read the level triggers of the touched queues; say whether a step was taken."""
    queues = sorted(centre.touched, key=lambda queue: queue.index)
    centre.touched.clear()
    has_fired = False
    for queue in queues:
        enlist_new_work(centre)
        for step in queue.level_steps:
            has_fired |= _read(centre, queue, step)
        _schedule_check(centre, queue)
    return has_fired


def _schedule_check(centre: Centre, queue: QueueState) -> None:
    due = centre.now + centre.plan.check_every_ms if queue.waiting else None
    if due is not None and due != queue.tick_at:
        centre.deadline(due, LEVEL_CHECK, queue.index, queue.plan.queue_id, queue)
    queue.tick_at = due


def _read(centre: Centre, queue: QueueState, step: Step) -> bool:
    candidates = _candidates(centre, queue, step, queue.waiting)
    candidates.sort(key=lambda interaction: interaction.key or (0, 0, 0, 0), reverse=True)
    has_fired = False
    lines: dict[ChannelId, Line] = {}
    for interaction in candidates:
        if interaction.state != "queued" or interaction.queue is not queue:
            continue
        if _is_reached(centre, interaction, step, queue.waiting, lines):
            take_step(centre, interaction, step)
            has_fired = True
            lines.clear()
    return has_fired


def is_reached_by_others(centre: Centre, queue: QueueState, step: Step, waiting: int) -> bool:
    """Say whether the step would be taken by anything that waits in the queue, if so many did."""
    lines: dict[ChannelId, Line] = {}
    return any(
        _is_reached(centre, interaction, step, waiting, lines)
        for interaction in _candidates(centre, queue, step, waiting)
    )


def _candidates(centre: Centre, queue: QueueState, step: Step, waiting: int) -> list[Interaction]:
    """What waits in the queue and is open to the step, as far as a look at queue and classes does not rule it out."""
    trigger = step.trigger
    if not may_hold(trigger, waiting) or (isinstance(trigger, Closed) and is_open(queue)):
        return []
    return [
        interaction
        for klass in list(queue.classes)
        if klass.count and (not isinstance(trigger, NoEligibleAgent) or may_lack_agents(centre, klass))
        for interaction in klass.waiting()
        if is_ready(centre, interaction, step)
    ]


def _is_reached(
    centre: Centre, interaction: Interaction, step: Step, waiting: int, lines: dict[ChannelId, Line]
) -> bool:
    if isinstance(step.trigger, EstimatedWait):
        reached = _waits_longer(centre, interaction, step.trigger.above_ms, lines)
    else:
        reached = holds(centre, interaction, step.trigger, waiting)
    return reached and guard_holds(centre, interaction, step)


def _waits_longer(
    centre: Centre, interaction: Interaction, above_ms: int, lines: dict[ChannelId, Line]
) -> bool:
    """What ``holds`` says, for many: ``lines`` are those looked at since a step was taken."""
    if not have_started(centre, interaction):
        return False
    channel_id = interaction.channel.channel_id
    line = lines.get(channel_id)
    if line is None:
        line = lines[channel_id] = line_of(centre, interaction)
    method, _, p50, _ = line.wait_of(interaction)
    return method != "unknown" and p50 > above_ms


def may_hold(trigger: Trigger, waiting: int) -> bool:
    """Say whether the trigger can hold for anything in a queue where so many wait."""
    return not isinstance(trigger, QueueLength) or waiting > trigger.above


def holds(centre: Centre, interaction: Interaction, trigger: Trigger, waiting: int) -> bool:
    """Say whether the level trigger holds for the interaction, in whose queue so many wait; it has to be in a class."""
    if not have_started(centre, interaction) and not isinstance(trigger, Closed):
        return False
    match trigger:
        case Closed():
            return not is_open(interaction.queue)
        case QueueLength():
            return waiting > trigger.above
        case NoEligibleAgent():
            return not anyone_eligible(centre, interaction)
        case EstimatedWait():
            expected = expected_wait_ms(centre, interaction)
            return expected is not None and expected > trigger.above_ms
        case Holds():
            return True  # the step's guard is all that there is to it
        case _:
            return False  # timed or an event: never read
