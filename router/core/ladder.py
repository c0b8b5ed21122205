"""Ladders: the steps that fire because time has passed or a level is reached, and what their operations do.

Entering a queue lives here too, since it starts the ladder's clock and lets a backdated place catch up.
"""

from __future__ import annotations

from router.core.calendar_plan import Closed
from router.core.centre import LADDER_STEP, LEVEL_CHECK, Centre
from router.core.demand import QueueState
from router.core.effects import Divert, EndInteraction, SendNotice
from router.core.eligibility import anyone_eligible, may_lack_agents
from router.core.facts import (
    HopLimitReached,
    InteractionExpedited,
    InteractionMoved,
    MoveCause,
    NoticeSent,
    PoolsOpened,
    PriorityRaised,
    PrioritySet,
    RequirementRelaxed,
    StepTaken,
)
from router.core.hours import have_started, is_open, set_clocks
from router.core.names import QueueId
from router.core.needs import relaxation_in_words
from router.core.order_plan import Expedite, SetPriority
from router.core.plan import (
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
    WidenTo,
)
from router.core.queueing import (
    ask_as_queue,
    end,
    enlist_new_work,
    key_of,
    reclassify,
    rekey,
    schedule_need_change,
    stop_waiting,
    wait,
)
from router.core.records import Interaction, LadderState, taken

CATCHES_UP = (Relax, WidenTo, RaisePriority, SetPriority)
TAKES_AWAY = (MoveTo, DivertTo, EndWith)


# ── entering a queue ─────────────────────────────────────────────────────────────────────────────────────────────


def enter(centre: Centre, interaction: Interaction) -> None:
    """Let the interaction enter its queue, waiting or (while offered) not: ladder's clock, key, catching up."""
    set_clocks(centre, interaction)
    queue = interaction.queue
    if interaction.origin == "queue" and interaction.asked is not queue.asked:
        ask_as_queue(interaction)
    interaction.key = key_of(centre, interaction)
    if interaction.asked.instants:
        schedule_need_change(centre, interaction)
    else:
        interaction.need_due = None
    if interaction.state != "offered":
        wait(centre, interaction)
    if queue.after_steps:
        if centre.now > interaction.queued_at and have_started(centre, interaction):
            catch_up(centre, interaction)
        schedule_step(centre, interaction)
    else:
        interaction.ladder_due = None


def move(centre: Centre, interaction: Interaction, to_queue: QueueState, cause: MoveCause) -> None:
    """Move queued or offered work to another queue."""
    from_queue = interaction.queue
    if interaction.state == "queued":
        stop_waiting(centre, interaction)
    interaction.queue = to_queue
    centre.fact(
        InteractionMoved(centre.now, interaction.id, from_queue.plan.queue_id, to_queue.plan.queue_id, cause)
    )
    enter(centre, interaction)


def catch_up(centre: Centre, interaction: Interaction) -> None:
    """Do at once what the steps would have done whose time has passed since the place that the interaction was given."""
    queue = interaction.queue
    queue_id = queue.plan.queue_id
    passed = centre.now - interaction.queued_at
    for ms, step in queue.after_steps:
        if ms > passed:
            break
        at_once = tuple(operation for operation in step.operations if isinstance(operation, CATCHES_UP))
        ladder = _ladder(interaction)
        key = (queue_id, step.name)
        if not at_once or key in ladder.taken or key in ladder.caught_up:
            continue
        (ladder.taken if len(at_once) == len(step.operations) else ladder.caught_up).add(key)
        centre.fact(StepTaken(centre.now, interaction.id, queue_id, step.name, True))
        for operation in at_once:
            operate(centre, interaction, operation)


def _ladder(interaction: Interaction) -> LadderState:
    if interaction.ladder is None:
        interaction.ladder = LadderState()
    return interaction.ladder


# ── timed steps ──────────────────────────────────────────────────────────────────────────────────────────────────


def schedule_step(centre: Centre, interaction: Interaction) -> None:
    """Set the deadline of the next timed step."""
    queue = interaction.queue
    for ms, step in queue.after_steps:
        if not taken(interaction, queue.plan.queue_id, step):
            interaction.ladder_due = interaction.ladder_at + ms
            centre.deadline(interaction.ladder_due, LADDER_STEP, interaction.number, "", interaction)
            return
    interaction.ladder_due = None


def on_step_due(centre: Centre, interaction: Interaction) -> None:
    """Take the timed step that is due."""
    queue = interaction.queue
    interaction.ladder_due = None
    for _, step in queue.after_steps:
        if not taken(interaction, queue.plan.queue_id, step):
            take_step(centre, interaction, step)
            break
    if interaction.state in ("queued", "offered") and interaction.ladder_due is None:
        schedule_step(centre, interaction)


def take_step(centre: Centre, interaction: Interaction, step: Step) -> None:
    """Take the step: its operations now, or after the open offer where they would take the work away."""
    ladder = _ladder(interaction)
    queue_id = interaction.queue.plan.queue_id
    key = (queue_id, step.name)
    operations = step.operations
    if key in ladder.caught_up:
        ladder.caught_up.remove(key)
        operations = tuple(operation for operation in operations if not isinstance(operation, CATCHES_UP))
    ladder.taken.add(key)
    centre.fact(StepTaken(centre.now, interaction.id, queue_id, step.name, False))
    for position, operation in enumerate(operations):
        if ladder.waiting or (interaction.state == "offered" and isinstance(operation, TAKES_AWAY)):
            ladder.waiting.extend(operations[position:])
            return
        operate(centre, interaction, operation)
        if interaction.state == "ended":
            return


def run_waiting_operations(centre: Centre, interaction: Interaction) -> None:
    """Run the operations that waited for an offer to end."""
    ladder = interaction.ladder
    if ladder is None or not ladder.waiting:
        return
    operations, ladder.waiting = ladder.waiting, []
    for operation in operations:
        operate(centre, interaction, operation)
        if interaction.state == "ended":
            return


def operate(centre: Centre, interaction: Interaction, operation: Operation) -> None:
    """Do what one operation says."""
    now = centre.now
    match operation:
        case Relax():
            interaction.relaxations = (*interaction.relaxations, operation)
            centre.fact(RequirementRelaxed(now, interaction.id, "ladder", relaxation_in_words(operation)))
            if interaction.klass is not None:
                reclassify(centre, interaction)
        case WidenTo():
            new = tuple(pool for pool in dict.fromkeys(operation.pools) if pool not in interaction.opened)
            if new:
                interaction.opened = (*interaction.opened, *new)
                centre.fact(PoolsOpened(now, interaction.id, new))
                if interaction.klass is not None:
                    reclassify(centre, interaction)
        case RaisePriority():
            before = interaction.priority
            interaction.priority += operation.by
            centre.fact(PriorityRaised(now, interaction.id, before, interaction.priority))
            rekey(centre, interaction)
        case SetPriority():
            if interaction.priority != operation.to:
                before, interaction.priority = interaction.priority, operation.to
                centre.fact(PrioritySet(now, interaction.id, before, operation.to))
                rekey(centre, interaction)
        case Expedite():
            if not interaction.expedited:
                interaction.expedited = True
                centre.fact(InteractionExpedited(now, interaction.id))
                rekey(centre, interaction)
        case MoveTo():
            to_queue = _queue_in_force(centre, operation.queue)
            if to_queue is None or to_queue is interaction.queue:
                return
            if interaction.hops >= centre.plan.hop_limit:
                here = interaction.queue.plan.queue_id
                centre.fact(HopLimitReached(now, interaction.id, here, to_queue.queue_id))
                return
            interaction.hops += 1
            move(centre, interaction, to_queue, "ladder")
        case Notify():
            centre.fact(NoticeSent(now, interaction.id, operation.target, operation.message))
            here = interaction.queue.plan.queue_id
            centre.effect(SendNotice(operation.target, operation.message, interaction.id, here))
        case DivertTo():
            end(centre, interaction, "diverted", operation.target, None)
            centre.effect(Divert(interaction.id, operation.target))
        case EndWith():
            end(centre, interaction, "expired", operation.reason, None)
            centre.effect(EndInteraction(interaction.id, "expired", operation.reason))


def _queue_in_force(centre: Centre, queue_id: QueueId) -> QueueState | None:
    """Return the queue, or the successor of one that is gone: a move may have waited while the plan was replaced."""
    queue = centre.queues.get(queue_id)
    if queue is None:
        for gone, successor in centre.plan.successors:
            if gone == queue_id:
                return centre.queues[successor]
    return queue


# ── level triggers ───────────────────────────────────────────────────────────────────────────────────────────────


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
    trigger = step.trigger
    if isinstance(trigger, QueueLength) and queue.waiting <= trigger.above:
        return False
    if isinstance(trigger, Closed) and is_open(queue):
        return False
    candidates = [
        interaction
        for klass in list(queue.classes)
        if klass.count and (not isinstance(trigger, NoEligibleAgent) or may_lack_agents(centre, klass))
        for interaction in klass.waiting()
        if not taken(interaction, queue.plan.queue_id, step)
        and (isinstance(trigger, Closed) or have_started(centre, interaction))
    ]
    candidates.sort(key=lambda interaction: interaction.key or (0, 0, 0, 0), reverse=True)
    has_fired = False
    for interaction in candidates:
        if interaction.state != "queued" or interaction.queue is not queue:
            continue
        if isinstance(trigger, QueueLength):
            holds = queue.waiting > trigger.above
        elif isinstance(trigger, NoEligibleAgent):
            holds = not anyone_eligible(centre, interaction)
        else:
            holds = isinstance(trigger, Closed)
        if holds:
            take_step(centre, interaction, step)
            has_fired = True
    return has_fired
