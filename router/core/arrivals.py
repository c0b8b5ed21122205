"""Interactions arriving and starting: the same again, intake, room, and the beginning of the wait."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.affinity import favour_of
from router.core.centre import START, Centre
from router.core.checks import bad_id, check_contents, unknown
from router.core.demand import DemandClass, Entrance, QueueState
from router.core.effects import Divert, EndInteraction
from router.core.facts import (
    InteractionEnd,
    InteractionMoved,
    InteractionQueued,
    InteractionScheduled,
    PositionGiven,
    QueueCause,
    make_fact,
)
from router.core.hours import clocks_start_at
from router.core.ladder import enter
from router.core.line import take_position
from router.core.matching import best_agent
from router.core.names import ChannelId, QueueId, SectionId, looks_like_id
from router.core.needs import Asked
from router.core.offers import hand_over
from router.core.queueing import end, enlist_new_work
from router.core.records import Interaction, Origin
from router.core.requirement import Requirement
from router.core.room import find_room
from router.core.signals import NO_ATTRIBUTES, InteractionArrived
from router.errors import SignalError, shown

# ── arrival ──────────────────────────────────────────────────────────────────────────────────────────────────────


def arrive(centre: Centre, arrival: InteractionArrived) -> str:
    """Take an arrival; return its answer."""
    (
        interaction_id,
        section_id,
        channel_id,
        attributes,
        queue_id,
        own_priority,
        own_requirement,
        customer,
        due_at,
        not_before,
        original_arrived_at,
        reply_to,
        expires_at,
        position,
        preferred,
    ) = arrival
    if interaction_id.__class__ is not str or looks_like_id(interaction_id) is None:
        raise bad_id(interaction_id)
    known = centre.interactions.get(interaction_id)
    if known is not None and not centre.is_forgotten(known):
        return same_again(known, arrival)
    if centre.ended and centre.ended[0][0] + centre.plan.remember_ms <= centre.now:
        centre.forget()
    entrance = centre.entrances.get((section_id, channel_id, queue_id))
    if entrance is None:
        entrance = find_entrance(centre, section_id, channel_id, queue_id)
    brings_nothing = (
        own_priority is None
        and own_requirement is None
        and not_before is None
        and original_arrived_at is None
        and due_at is None
        and customer is None
        and reply_to is None
        and expires_at is None
        and position is None
        and not preferred
    )
    if attributes is not NO_ATTRIBUTES or not brings_nothing:
        check_contents(centre, arrival)

    number = centre.last_number = centre.last_number + 1
    if entrance.is_plain and brings_nothing:
        queue = entrance.queue
        interaction = Interaction(
            interaction_id, number, arrival, queue, entrance.channel, queue.priority, queue.asked, "queue", ""
        )
        centre.interactions[interaction_id] = interaction
        if queue.is_calm:
            interaction.queued_at = centre.now
            interaction.answer = "queued"
            klass = queue.plain.get(channel_id)
            if klass is None or centre.new_work or centre.freed or centre.match_all:
                queued(centre, interaction, "arrived")
            else:
                _queued_alone(centre, interaction, klass)
            return "queued"
        answer = start(centre, interaction, "arrived")
    else:
        answer = _take_by_rules(centre, entrance, arrival, number)
    centre.interactions[interaction_id].answer = answer
    return answer


def find_entrance(
    centre: Centre, section_id: SectionId, channel_id: ChannelId, queue_id: QueueId | None
) -> Entrance:
    """Look up what an arrival names, and remember it; raises ``unknown-section``, ``unknown-channel``, ``unknown-queue``."""
    section = centre.sections.get(section_id)
    if section is None:
        raise unknown("section", section_id, list(centre.sections))
    channel = centre.channels.get(channel_id)
    if channel is None:
        raise unknown("channel", channel_id, list(centre.channels))
    queue: QueueState | None = None
    if queue_id is not None:
        queue = centre.queues.get(queue_id)
        if queue is None or queue.section is not section:
            names = [queue.queue_id for queue in section.plan.queues]
            raise unknown(f"queue of section {section_id!r}:", queue_id, list(names))
    entrance = Entrance(section, channel, queue, queue or centre.queues[section.plan.default_queue])
    centre.entrances[section_id, channel_id, queue_id] = entrance
    return entrance


def _take_by_rules(centre: Centre, entrance: Entrance, arrival: InteractionArrived, number: int) -> str:
    """Take what the rules make of the arrival; return the answer."""
    interaction, is_unmatched = weigh(centre, entrance, arrival, number)
    interaction_id = interaction.id
    centre.interactions[interaction_id] = interaction
    if is_unmatched:
        _turn_away(centre, interaction, "refused", "unmatched")
        return "refused"
    not_before = arrival.not_before
    if not_before is not None and not_before > centre.now:
        queue = interaction.queue
        centre.fact(
            InteractionScheduled(
                centre.now,
                interaction_id,
                queue.section_id,
                queue.queue_id,
                interaction.channel.channel_id,
                not_before,
            )
        )
        centre.deadline(not_before, START, number, "", interaction)
        return "scheduled"
    return start(centre, interaction, "arrived")


def weigh(
    centre: Centre, entrance: Entrance, arrival: InteractionArrived, number: int
) -> tuple[Interaction, bool]:
    """Weigh what the sender says, the section's intake rules and the queue's own words; return the interaction, and whether it is
    refused because no rule matches. Nothing of the centre is changed.
    """
    section, channel, own_queue = entrance.section, entrance.channel, entrance.own_queue
    plan = section.plan
    rule = section.intake.classify(arrival, centre.now) if plan.intake else None
    rule_queue = None if rule is None or rule.queue is None else centre.queues[rule.queue]
    first, second = (own_queue, rule_queue) if plan.trust_sender else (rule_queue, own_queue)
    queue = first or second or entrance.queue
    rule_priority = None if rule is None else rule.priority
    priority = _prefer(arrival.priority, rule_priority, queue.priority, trust_sender=plan.trust_sender)
    ruled = None if rule is None else rule.requirement
    asked, origin = _asked(centre, arrival, ruled, queue, trust_sender=plan.trust_sender)

    rule_name = "" if rule is None else rule.name
    interaction = Interaction(
        arrival.interaction_id, number, arrival, queue, channel, priority, asked, origin, rule_name
    )
    if arrival.preferred or (arrival.customer is not None and centre.last_agents):
        interaction.favour = favour_of(centre, arrival.customer, arrival.preferred)
    return interaction, rule is None and plan.refuse_unmatched and own_queue is None


def _prefer(own: int | None, ruled: int | None, default: int, *, trust_sender: bool) -> int:
    first, second = (own, ruled) if trust_sender else (ruled, own)
    return first if first is not None else second if second is not None else default


def _asked(
    centre: Centre,
    arrival: InteractionArrived,
    ruled: Requirement | None,
    queue: QueueState,
    trust_sender: bool,
) -> tuple[Asked, Origin]:
    own: tuple[Requirement | None, Origin] = (arrival.requirement, "sender")
    by_rule: tuple[Requirement | None, Origin] = (ruled, "intake")
    for tree, origin in (own, by_rule) if trust_sender else (by_rule, own):
        if tree is not None:
            return centre.needs.asked(tree), origin
    return queue.asked, "queue"


def same_again(known: Interaction, arrival: InteractionArrived) -> str:
    """Return the answer of the first time; raises ``conflict`` when the content is another."""
    first = known.arrival
    if arrival == first:
        return known.answer
    name, before, now = next(
        (name, before, now)
        for name, before, now in zip(InteractionArrived._fields, first, arrival, strict=True)
        if before != now
    )
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        key = min(str(key) for key in {*before, *now} if before.get(key) != now.get(key))
        differs = f"attributes.{key} is another"  # not what it was: whoever sends this may not be who sent the first
    elif name == "customer":
        differs = "customer is another"
    else:
        differs = f"{name} was {shown(before)}, is now {shown(now)}"
    raise SignalError(
        "conflict",
        f"interaction {known.id!r} is known with other content: {differs}; send other content under another id",
    )


# ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────


def start(centre: Centre, interaction: Interaction, cause: QueueCause) -> str:
    """Let the interaction begin to wait, room permitting; return the answer."""
    now = centre.now
    original = interaction.arrival.original_arrived_at
    interaction.queued_at = now if original is None else original
    if interaction.queue.has_limit or interaction.queue.hours is not None:
        moves: list[tuple[QueueState, QueueState]] = []
        turned_away = find_room(centre, interaction, moves)
        for from_queue, to_queue in moves:
            centre.fact(
                InteractionMoved(now, interaction.id, from_queue.queue_id, to_queue.queue_id, "overflow")
            )
        if turned_away is not None:
            how, reason = turned_away
            _turn_away(centre, interaction, how, reason)
            return how
    asked = interaction.arrival.position
    if asked is None or not centre.order.honours_positions:
        queued(centre, interaction, cause)
    else:
        enlist_new_work(centre)
        queued(centre, interaction, cause, take_position(centre, interaction, asked))
    return "queued"


def queued(centre: Centre, interaction: Interaction, cause: QueueCause, position: int | None = None) -> None:
    """Say that it is queued, and in which position where one was asked, start the service-level clock, and let it enter its queue."""
    now = centre.now
    queue = interaction.queue
    is_new = queue.hours is not None and cause in ("arrived", "due")
    interaction.waiting_since = clocks_start_at(centre, queue) if is_new else now
    interaction.state = "queued"
    if centre.figures is not None:
        centre.figures.begun.append(interaction)
    centre.facts.append(
        make_fact(
            InteractionQueued,
            (
                now,
                interaction.id,
                queue.section_id,
                queue.queue_id,
                interaction.channel.channel_id,
                interaction.priority,
                interaction.queued_at,
                interaction.expedited,
                cause,
                interaction.rule,
            ),
        )
    )
    if position is not None:
        asked = interaction.arrival.position or 0
        centre.fact(PositionGiven(now, interaction.id, queue.queue_id, asked, position))
    enter(centre, interaction)


def _queued_alone(centre: Centre, interaction: Interaction, klass: DemandClass) -> None:
    """What ``queued`` and the matching pass do together for the commonest arrival: in a calm queue, of its plain class,
    and with nothing else to be matched. Work that finds an agent never gets into the order of those who wait.
    """
    now = centre.now
    queue = klass.queue
    number = interaction.number
    priority = interaction.priority
    interaction.waiting_since = interaction.ladder_at = now
    interaction.state = "queued"
    interaction.need = klass.need
    interaction.klass = klass
    key = interaction.key = (1, centre.rank(now, priority, None, queue.plan, queue.section.plan), now, number)
    centre.facts.append(
        make_fact(
            InteractionQueued,
            (
                now,
                interaction.id,
                queue.section_id,
                queue.queue_id,
                klass.channel.channel_id,
                priority,
                now,
                False,
                "arrived",
                "",
            ),
        )
    )
    best = best_agent(centre, interaction, klass)
    if best is None:
        klass.count += 1
        queue.waiting += 1
        queue.section.waiting += 1
        centre.waiting += 1
        klass.enlist(interaction, key)
        if centre.figures is not None:
            centre.figures.begun.append(interaction)
        if queue.line is not None:
            queue.line.add(key)
    else:
        hand_over(centre, klass, interaction, best[2], best[0], best[1])


def _turn_away(centre: Centre, interaction: Interaction, how: InteractionEnd, reason: str) -> None:
    end(centre, interaction, how, reason, None)
    if how == "diverted":
        centre.effect(Divert(interaction.id, reason))
    else:
        centre.effect(EndInteraction(interaction.id, how, reason))
