"""What would become of an interaction if it arrived now: the same rules as for a real arrival, applied to one that never gets in.
Nothing that the engine decides, tells or keeps is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from router.core.arrivals import find_entrance, same_again, weigh
from router.core.centre import Centre
from router.core.checks import bad_id, check_contents
from router.core.demand import QueueState
from router.core.explain import Explanation, explain_waiting
from router.core.hours import clocks_start_at, have_started
from router.core.ladder import TAKES_AWAY, catch_up, guard_holds, next_step, skip_step, take_step
from router.core.levels import holds, is_reached_by_others
from router.core.matching import best_agent
from router.core.names import QueueId, SectionId, looks_like_id
from router.core.queueing import ask_as_queue, class_of, elapsed, key_of
from router.core.records import Interaction
from router.core.room import find_room
from router.core.signals import InteractionArrived
from router.core.time_to_live import TIME_TO_LIVE, runs_out_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen. ``answer`` is what the sender would get; ``reason`` why it would be refused, where it would be diverted
    to, or `time-to-live` where it would be queued and expire in the same instant.

    ``queue`` is where it would wait, after overflowing from the queues ``overflowed``; ``rule`` the intake rule that matches.
    ``explanation`` says who would get it and why, or why nobody; None where nobody would be looked for: turned away, scheduled, known
    already, or moved on at once. ``connects``: that agent would be connected without an offer. ``step`` is the first step of the queue's
    ladder that the arrival would set off in the same instant and whose consequences are not told here: one that moves or ends the
    interaction before anybody is looked for, or one whose level is reached, for it or others that wait there, when nobody was found.
    """

    answer: str
    reason: str = ""
    section: SectionId
    queue: QueueId
    overflowed: tuple[QueueId, ...] = ()
    rule: str = ""
    priority: int
    explanation: Explanation | None = None
    connects: bool = False
    step: str = ""


def preview(centre: Centre, arrival: InteractionArrived, now: int) -> Preview:
    """Say what would happen if the arrival came at ``now``, or at the next deadline where that is before. Raises ``SignalError`` as the
    arrival itself would.
    """
    with _untouched(centre, arrival.section, now):
        return _preview(centre, arrival)


@contextmanager
def _untouched(centre: Centre, section_id: SectionId, now: int) -> Iterator[None]:
    """Give back what the rules write to on their way: the clock, what is to be told, what could not be compared."""
    section = centre.sections.get(section_id)
    failed = 0 if section is None else section.intake.failed
    before = centre.now, centre.facts, centre.effects
    centre.now, centre.facts, centre.effects = centre.settled(now), [], []
    try:
        yield
    finally:
        centre.now, centre.facts, centre.effects = before
        if section is not None:
            section.intake.failed = failed


def _preview(centre: Centre, arrival: InteractionArrived) -> Preview:
    interaction_id = arrival.interaction_id
    if looks_like_id(interaction_id) is None:
        raise bad_id(interaction_id)
    known = centre.interactions.get(interaction_id)
    if known is not None and not centre.is_forgotten(known):
        return _told(known, same_again(known, arrival))
    entrance = find_entrance(centre, arrival.section, arrival.channel, arrival.queue)
    check_contents(centre, arrival)

    interaction, is_unmatched = weigh(centre, entrance, arrival, centre.last_number + 1)
    if is_unmatched:
        return _told(interaction, "refused", "unmatched")
    if arrival.not_before is not None and arrival.not_before > centre.now:
        return _told(interaction, "scheduled")
    original = arrival.original_arrived_at
    interaction.queued_at = centre.now if original is None else original
    moves: list[tuple[QueueState, QueueState]] = []
    turned_away = find_room(centre, interaction, moves)
    overflowed = tuple(from_queue.queue_id for from_queue, _ in moves)
    if turned_away is not None:
        return _told(interaction, *turned_away, overflowed=overflowed)
    return _waiting(centre, interaction, overflowed)


def _waiting(centre: Centre, interaction: Interaction, overflowed: tuple[QueueId, ...]) -> Preview:
    """Let it enter its queue as a real one would, and look for an agent."""
    interaction.state = "queued"
    queue = interaction.queue
    interaction.waiting_since = interaction.ladder_at = clocks_start_at(centre, queue)
    if interaction.origin == "queue":
        ask_as_queue(interaction)
    interaction.key = key_of(centre, interaction)
    if centre.now > interaction.queued_at and have_started(centre, interaction):
        catch_up(centre, interaction)
    over_at = runs_out_at(interaction)
    if over_at is not None and over_at < centre.now:
        return _told(interaction, "queued", TIME_TO_LIVE, overflowed=overflowed)
    leaving = _take_due_steps(centre, interaction)
    if leaving is not None:
        return _told(interaction, "queued", overflowed=overflowed, step=leaving)
    _note_what_time_brings(centre, interaction)
    if interaction.expires_due is not None and interaction.expires_due <= centre.now:
        return _told(interaction, "queued", TIME_TO_LIVE, overflowed=overflowed)

    klass = interaction.klass = class_of(centre, interaction)
    found = best_agent(centre, interaction, klass)
    step = "" if found is not None else _level_reached(centre, interaction)
    chosen = None if found is None else found[2]
    explanation = explain_waiting(centre, interaction, chosen, centre.last_decision + 1)
    return Preview(
        answer="queued",
        section=queue.section_id,
        queue=queue.queue_id,
        overflowed=overflowed,
        rule=interaction.rule,
        priority=interaction.priority,
        explanation=explanation,
        connects=found is not None and klass.rules.auto_answer,
        step=step,
    )


def _take_due_steps(centre: Centre, interaction: Interaction) -> str | None:
    """Take the timed steps that are due on entering the queue; return the name of one that would take it away."""
    while (following := next_step(interaction)) is not None and following[0] <= centre.now:
        step = following[1]
        if not guard_holds(centre, interaction, step):
            skip_step(centre, interaction, step)
        elif any(isinstance(operation, TAKES_AWAY) for operation in step.operations):
            return step.name
        else:
            take_step(centre, interaction, step)
    return None


def _note_what_time_brings(centre: Centre, interaction: Interaction) -> None:
    """Note when what is asked, or the ladder, changes next; a real interaction would have a deadline for it."""
    instant = interaction.asked.next_instant(elapsed(centre, interaction))
    interaction.need_due = None if instant is None else interaction.queued_at + instant
    following = next_step(interaction)
    interaction.ladder_due = None if following is None else following[0]
    interaction.expires_due = runs_out_at(interaction)


def _level_reached(centre: Centre, interaction: Interaction) -> str:
    """Return the first step of the queue whose level is reached when the interaction waits there too."""
    queue = interaction.queue
    for step in queue.level_steps:
        is_reached = holds(centre, interaction, step.trigger, queue.waiting + 1)
        if is_reached and guard_holds(centre, interaction, step):
            return step.name
        if is_reached_by_others(centre, queue, step, queue.waiting + 1):
            return step.name
    return ""


def _told(
    interaction: Interaction,
    answer: str,
    reason: str = "",
    *,
    overflowed: tuple[QueueId, ...] = (),
    step: str = "",
) -> Preview:
    return Preview(
        answer=answer,
        reason=reason,
        section=interaction.queue.section_id,
        queue=interaction.queue.queue_id,
        overflowed=overflowed,
        rule=interaction.rule,
        priority=interaction.priority,
        step=step,
    )
