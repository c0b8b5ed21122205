"""Ladders: the steps that fire because time has passed or something happened, and how a step is taken.

Entering a queue lives here too, since it starts the ladder's clock and lets a backdated place catch up. Levels are read in
``levels``.
"""

from __future__ import annotations

from router.core.broadcast import look_no_further
from router.core.callback_plan import OfferCallback
from router.core.centre import LADDER_STEP, Centre
from router.core.demand import QueueState
from router.core.effects import Divert, EndInteraction, PlayAnnouncement, ProposeCallback, SendNotice
from router.core.facts import (
    AnnouncementMade,
    CallbackOffered,
    HopLimitReached,
    InteractionExpedited,
    InteractionMoved,
    MoveCause,
    NoticeSent,
    PoolsOpened,
    PriorityRaised,
    PrioritySet,
    RequirementRelaxed,
    StepSkipped,
    StepTaken,
)
from router.core.hours import have_started, set_clocks
from router.core.ladder_plan import Announce, BeforeDue
from router.core.names import QueueId
from router.core.needs import relaxation_in_words
from router.core.order_plan import Expedite, SetPriority
from router.core.plan import (
    After,
    DivertTo,
    EndWith,
    MoveTo,
    Notify,
    Operation,
    RaisePriority,
    Relax,
    Step,
    WidenTo,
)
from router.core.queueing import (
    ask_as_queue,
    end,
    key_of,
    reclassify,
    rekey,
    schedule_need_change,
    stop_waiting,
    wait,
)
from router.core.records import Interaction, LadderState, StepKey, rests_until, taken

CATCHES_UP = (Relax, WidenTo, RaisePriority, SetPriority)
TAKES_AWAY = (MoveTo, DivertTo, EndWith)

CAUGHT_UP_MAX = 100
"""So often at the most a step that repeats is caught up."""


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
    if queue.timed_steps:
        if centre.now > interaction.queued_at and queue.after_steps and have_started(centre, interaction):
            catch_up(centre, interaction)
        schedule_step(centre, interaction)
    else:
        interaction.ladder_due = None


def move(centre: Centre, interaction: Interaction, to_queue: QueueState, cause: MoveCause) -> None:
    """Move queued or offered work to another queue."""
    from_queue = interaction.queue
    if interaction.state == "queued":
        stop_waiting(centre, interaction)
    else:
        look_no_further(centre, interaction)
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
        if not at_once or key in ladder.taken or key in ladder.caught_up or key in ladder.repeats:
            continue
        if not guard_holds(centre, interaction, step):
            continue
        often = 1
        if step.repeat_ms is not None:
            often = min(1 + (passed - ms) // step.repeat_ms, step.times or CAUGHT_UP_MAX, CAUGHT_UP_MAX)
            ladder.repeats[key] = (often, centre.now)
        else:
            (ladder.taken if len(at_once) == len(step.operations) else ladder.caught_up).add(key)
        for _ in range(often):
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
    following = next_step(interaction)
    if following is None:
        interaction.ladder_due = None
        return
    interaction.ladder_due = following[0]
    centre.deadline(following[0], LADDER_STEP, interaction.number, "", interaction)


def next_step(interaction: Interaction) -> tuple[int, Step] | None:
    """Return the timed step of the queue's ladder that is taken next, and when: of several at one instant the one that stands first."""
    queue = interaction.queue
    if queue.is_plainly_timed:
        for ms, step in queue.after_steps:
            if interaction.ladder is None or not taken(interaction, queue.queue_id, step):
                return interaction.ladder_at + ms, step
        return None
    following: tuple[int, Step] | None = None
    for step in queue.timed_steps:
        due = _due(interaction, step)
        if due is not None and (following is None or due < following[0]):
            following = due, step
    return following


def _due(interaction: Interaction, step: Step) -> int | None:
    queue = interaction.queue
    if taken(interaction, queue.queue_id, step):
        return None
    again = rests_until(interaction, queue.queue_id, step)
    trigger = step.trigger
    if again is not None:
        due = again
    elif isinstance(trigger, After):
        due = interaction.ladder_at + trigger.ms
    elif isinstance(trigger, BeforeDue):
        answer_by = interaction.arrival.due_at
        if answer_by is None:
            answer_by = interaction.queued_at + queue.plan.answer_within_ms
        due = answer_by - trigger.ms
    else:
        return None
    return max(due, interaction.ladder_at)


def on_step_due(centre: Centre, interaction: Interaction) -> None:
    """Take the timed step that is due, or skip it where its condition does not hold."""
    interaction.ladder_due = None
    following = next_step(interaction)
    if following is not None:
        if guard_holds(centre, interaction, following[1]):
            take_step(centre, interaction, following[1])
        else:
            skip_step(centre, interaction, following[1])
    if interaction.state in ("queued", "offered") and interaction.ladder_due is None:
        schedule_step(centre, interaction)


def on_all_declined(centre: Centre, interaction: Interaction) -> None:
    """Take the steps that wait for everybody to have refused, as long as it stays in the queue."""
    queue = interaction.queue
    for step in queue.declined_steps:
        if interaction.state == "ended" or interaction.queue is not queue:
            return
        if is_ready(centre, interaction, step) and guard_holds(centre, interaction, step):
            take_step(centre, interaction, step)


def is_ready(centre: Centre, interaction: Interaction, step: Step) -> bool:
    """Say whether a step that is no timed one may be taken: for the first time, or again."""
    queue_id = interaction.queue.plan.queue_id
    if taken(interaction, queue_id, step):
        return False
    again = rests_until(interaction, queue_id, step)
    return again is None or centre.now >= again


def guard_holds(centre: Centre, interaction: Interaction, step: Step) -> bool:
    """Say whether the step's condition holds."""
    guard = interaction.queue.guards.get(step.name)
    return guard is None or guard((interaction, centre.now))


# ── taking a step ────────────────────────────────────────────────────────────────────────────────────────────────


def take_step(centre: Centre, interaction: Interaction, step: Step) -> None:
    """Take the step: its operations now, or after the open offer where they would take the work away."""
    ladder = _ladder(interaction)
    queue_id = interaction.queue.plan.queue_id
    key = (queue_id, step.name)
    operations = step.operations
    if key in ladder.caught_up:
        ladder.caught_up.remove(key)
        operations = tuple(operation for operation in operations if not isinstance(operation, CATCHES_UP))
    _remember(centre, ladder, key, step, 1)
    centre.fact(StepTaken(centre.now, interaction.id, queue_id, step.name, False))
    for position, operation in enumerate(operations):
        if ladder.waiting or (interaction.state == "offered" and isinstance(operation, TAKES_AWAY)):
            ladder.waiting.extend(operations[position:])
            if interaction.state == "offered":
                look_no_further(centre, interaction)
            return
        operate(centre, interaction, operation)
        if interaction.state == "ended":
            return


def skip_step(centre: Centre, interaction: Interaction, step: Step) -> None:
    """Let the time of a timed step pass without taking it; one that repeats has its next chance ``repeat_ms`` later."""
    queue_id = interaction.queue.plan.queue_id
    _remember(centre, _ladder(interaction), (queue_id, step.name), step, 0)
    centre.fact(StepSkipped(centre.now, interaction.id, queue_id, step.name))


def _remember(centre: Centre, ladder: LadderState, key: StepKey, step: Step, counts: int) -> None:
    if step.repeat_ms is None:
        ladder.taken.add(key)
    else:
        count = ladder.repeats.get(key, (0, 0))[0]
        ladder.repeats[key] = (count + counts, centre.now)


def run_waiting_operations(centre: Centre, interaction: Interaction) -> None:
    """Run the operations that waited for an offer to end."""
    ladder = interaction.ladder
    if ladder is None or not ladder.waiting or interaction.owner is not None:
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
        case Announce():
            centre.fact(AnnouncementMade(now, interaction.id, operation.target, operation.text))
            centre.effect(PlayAnnouncement(interaction.id, operation.target, operation.text))
        case OfferCallback():
            if interaction.callback is None and interaction.queue.section.plan.callbacks is not None:
                centre.fact(CallbackOffered(now, interaction.id, operation.text))
                centre.effect(ProposeCallback(interaction.id, operation.text))
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
