"""Interactions arriving, starting, leaving and being passed on."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from router.core.centre import START, Centre
from router.core.demand import Entrance, QueueState
from router.core.effects import Divert, EndInteraction, ReleaseWork
from router.core.facts import (
    InteractionEnd,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    InteractionScheduled,
    QueueCause,
    make_fact,
)
from router.core.holdings import end_contact
from router.core.ladder import enter
from router.core.matching import best_agent
from router.core.names import ChannelId, QueueId, SectionId, looks_like_id
from router.core.needs import Asked
from router.core.offers import end_offer, rest, rules_of
from router.core.plan import DAY_MS, Limit
from router.core.queueing import ask_as_queue, class_of, elapsed, end
from router.core.records import Holding, Interaction, Origin
from router.core.requirement import PoolTerm, Requirement, problems, terms
from router.core.signals import NO_ATTRIBUTES, InteractionArrived, InteractionTransferred
from router.errors import SignalError, did_you_mean

ATTRIBUTES_MAX: Final = 64
NAME_MAX: Final = 64
TEXT_MAX: Final = 1024
LABEL_MAX: Final = 256
PRIORITY_MAX: Final = 1_000_000
NUMBER_MAX: Final = 1 << 53
HORIZON_MS: Final = 400 * DAY_MS


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
    ) = arrival
    if interaction_id.__class__ is not str or looks_like_id(interaction_id) is None:
        raise SignalError(
            "bad-id", f"interaction id {_shown(interaction_id)}: expected 1 to 64 letters, digits or _ . : -"
        )
    known = centre.interactions.get(interaction_id)
    if known is not None and not centre.is_forgotten(known):
        return _same_again(known, arrival)
    if centre.ended and centre.ended[0][0] + centre.plan.remember_ms <= centre.now:
        centre.forget()
    entrance = centre.entrances.get((section_id, channel_id, queue_id))
    if entrance is None:
        entrance = _entrance(centre, section_id, channel_id, queue_id)
    brings_nothing = (
        own_priority is None
        and own_requirement is None
        and not_before is None
        and original_arrived_at is None
        and due_at is None
        and customer is None
        and reply_to is None
    )
    if attributes or not brings_nothing:
        _check_contents(centre, arrival)

    number = centre.last_number = centre.last_number + 1
    if entrance.is_plain and brings_nothing:
        queue = entrance.queue
        interaction = Interaction(
            interaction_id, number, arrival, queue, entrance.channel, queue.priority, queue.asked, "queue", ""
        )
        centre.interactions[interaction_id] = interaction
        if not queue.has_limit:
            interaction.queued_at = centre.now
            interaction.answer = "queued"
            queued(centre, interaction, "arrived")
            return "queued"
        answer = start(centre, interaction, "arrived")
    else:
        answer = _take_by_rules(centre, entrance, arrival, number)
    centre.interactions[interaction_id].answer = answer
    return answer


def _entrance(
    centre: Centre, section_id: SectionId, channel_id: ChannelId, queue_id: QueueId | None
) -> Entrance:
    """Look up what the arrival names, and remember it."""
    section = centre.sections.get(section_id)
    if section is None:
        raise _unknown("section", section_id, list(centre.sections))
    channel = centre.channels.get(channel_id)
    if channel is None:
        raise _unknown("channel", channel_id, list(centre.channels))
    queue: QueueState | None = None
    if queue_id is not None:
        queue = centre.queues.get(queue_id)
        if queue is None or queue.section is not section:
            names = [queue.queue_id for queue in section.plan.queues]
            raise _unknown(f"queue of section {section_id!r}:", queue_id, list(names))
    entrance = Entrance(section, channel, queue, queue or centre.queues[section.plan.default_queue])
    centre.entrances[section_id, channel_id, queue_id] = entrance
    return entrance


def _take_by_rules(centre: Centre, entrance: Entrance, arrival: InteractionArrived, number: int) -> str:
    """Weigh what the sender says, the section's intake rules and the queue's own words; return the answer."""
    section, channel, own_queue = entrance.section, entrance.channel, entrance.own_queue
    plan = section.plan
    rule = section.intake.classify(arrival) if plan.intake else None
    rule_queue = None if rule is None or rule.queue is None else centre.queues[rule.queue]
    first, second = (own_queue, rule_queue) if plan.trust_sender else (rule_queue, own_queue)
    queue = first or second or entrance.queue
    rule_priority = None if rule is None else rule.priority
    priority = _prefer(arrival.priority, rule_priority, queue.priority, trust_sender=plan.trust_sender)
    ruled = None if rule is None else rule.requirement
    asked, origin = _asked(centre, arrival, ruled, queue, trust_sender=plan.trust_sender)

    interaction_id = arrival.interaction_id
    rule_name = "" if rule is None else rule.name
    interaction = Interaction(
        interaction_id, number, arrival, queue, channel, priority, asked, origin, rule_name
    )
    centre.interactions[interaction_id] = interaction
    not_before = arrival.not_before
    if rule is None and plan.refuse_unmatched and own_queue is None:
        _turn_away(centre, interaction, "refused", "unmatched")
        return "refused"
    if not_before is not None and not_before > centre.now:
        centre.fact(
            InteractionScheduled(
                centre.now, interaction_id, plan.section_id, queue.queue_id, channel.channel_id, not_before
            )
        )
        centre.deadline(not_before, START, number, "", interaction)
        return "scheduled"
    return start(centre, interaction, "arrived")


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


def _same_again(known: Interaction, arrival: InteractionArrived) -> str:
    first = known.arrival
    if arrival == first:
        return known.answer
    name, before, now = next(
        (name, before, now)
        for name, before, now in zip(InteractionArrived._fields, first, arrival, strict=True)
        if before != now
    )
    was, is_now = _shown(before), _shown(now)
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        key = min(str(key) for key in {*before, *now} if before.get(key) != now.get(key))
        name, was, is_now = f"attributes.{key}", _shown(before.get(key)), _shown(now.get(key))
    raise SignalError(
        "conflict",
        f"interaction {known.id!r} is known with other content: {name} was {was}, is now {is_now}; "
        "send other content under another id",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:76] + "…" + text[-1]


def _unknown(kind: str, found: object, known: list[str]) -> SignalError:
    hint = did_you_mean(found, known) if isinstance(found, str) and len(found) <= LABEL_MAX else ""
    code = f"unknown-{kind.split(maxsplit=1)[0]}"
    return SignalError(
        code, " ".join(filter(None, (f"{kind} {_shown(found)} is not known", f"({hint})" if hint else "")))
    )


def _check_contents(centre: Centre, arrival: InteractionArrived) -> None:
    if arrival.attributes is not NO_ATTRIBUTES:
        _check_attributes(arrival.attributes)
    for name, text in (("customer", arrival.customer), ("reply_to", arrival.reply_to)):
        if text is not None and (text.__class__ is not str or len(text) > LABEL_MAX):
            raise SignalError("bad-text", f"{name}: expected a text of at most {LABEL_MAX} characters")
    if arrival.priority is not None:
        check_priority(arrival.priority)
    if arrival.requirement is not None:
        check_requirement(centre, arrival.requirement)
    if (
        arrival.original_arrived_at is not None
        or arrival.due_at is not None
        or arrival.not_before is not None
    ):
        _check_times(centre.now, arrival)


def _check_attributes(attributes: object) -> None:
    if not isinstance(attributes, Mapping):
        raise SignalError(
            "bad-attributes", f"attributes: expected a flat map, found {type(attributes).__name__}"
        )
    if len(attributes) > ATTRIBUTES_MAX:
        raise SignalError(
            "bad-attributes", f"attributes: {len(attributes)} of them, at most {ATTRIBUTES_MAX} are taken"
        )
    for name, value in attributes.items():
        if not (isinstance(name, str) and 1 <= len(name) <= NAME_MAX):
            raise SignalError("bad-attributes", f"attributes: a name must have 1 to {NAME_MAX} characters")
        if isinstance(value, str):
            fits = len(value) <= TEXT_MAX
        elif isinstance(value, float):
            fits = isfinite(value)
        else:
            fits = isinstance(value, int) and -NUMBER_MAX <= value <= NUMBER_MAX
        if not fits:
            raise SignalError(
                "bad-attributes",
                f"attributes.{name}: expected a text of at most {TEXT_MAX} characters, a whole number within 2^53, "
                f"a finite number, true or false; found {type(value).__name__}",
            )


def check_priority(priority: int) -> None:
    """Raise ``bad-priority`` unless it is an int in range."""
    if priority.__class__ is not int or abs(priority) > PRIORITY_MAX:
        raise SignalError("bad-priority", f"priority: expected a whole number in ±{PRIORITY_MAX}")


def check_requirement(centre: Centre, tree: Requirement) -> None:
    """Raise ``bad-requirement`` unless the tree is well-formed and its pools exist."""
    found = problems(tree)
    if found:
        raise SignalError("bad-requirement", "requirement: " + "; ".join(found))
    for term in terms(tree):
        if isinstance(term, PoolTerm) and term.pool not in centre.pool_ids:
            hint = did_you_mean(term.pool, sorted(centre.pool_ids))
            raise SignalError(
                "bad-requirement", f"requirement: pool {term.pool!r} is not known {hint}".rstrip()
            )


def _check_times(now: int, arrival: InteractionArrived) -> None:
    original = arrival.original_arrived_at
    if original is not None and not (_is_time(original) and now - DAY_MS <= original <= now):
        raise SignalError(
            "bad-time", "original_arrived_at: expected a time within the last 24 hours, not in the future"
        )
    for name, time in (("due_at", arrival.due_at), ("not_before", arrival.not_before)):
        if time is not None and not (_is_time(time) and abs(time - now) <= HORIZON_MS):
            raise SignalError("bad-time", f"{name}: expected milliseconds within 400 days from now")


def _is_time(value: object) -> bool:
    return value.__class__ is int


# ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────


def start(centre: Centre, interaction: Interaction, cause: QueueCause) -> str:
    """Let the interaction begin to wait, room permitting; return the answer."""
    now = centre.now
    original = interaction.arrival.original_arrived_at
    interaction.queued_at = now if original is None else original
    while interaction.queue.has_limit and (full := _first_full(centre, interaction)) is not None:
        limit, what = full
        if limit.when_full == "refuse":
            _turn_away(centre, interaction, "refused", f"{what}-full")
            return "refused"
        if limit.when_full == "divert":
            _turn_away(centre, interaction, "diverted", limit.target)
            return "diverted"
        if interaction.hops >= centre.plan.hop_limit:
            _turn_away(centre, interaction, "refused", "hop-limit")
            return "refused"
        interaction.hops += 1
        from_queue, interaction.queue = interaction.queue, _queue_named(centre, limit.target)
        if interaction.origin == "queue":
            ask_as_queue(interaction)
        centre.fact(
            InteractionMoved(
                now, interaction.id, from_queue.plan.queue_id, interaction.queue.plan.queue_id, "overflow"
            )
        )
    queued(centre, interaction, cause)
    return "queued"


def queued(centre: Centre, interaction: Interaction, cause: QueueCause) -> None:
    """Say that it is queued, start the service-level clock, and let it enter its queue."""
    now = centre.now
    interaction.waiting_since = now
    interaction.state = "queued"
    queue = interaction.queue
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
    enter(centre, interaction)


def _queue_named(centre: Centre, target: str) -> QueueState:
    for queue_id, queue in centre.queues.items():
        if queue_id == target:
            return queue
    raise AssertionError(f"the plan was checked, but has no queue {target!r}")


def _first_full(centre: Centre, interaction: Interaction) -> tuple[Limit, str] | None:
    queue = interaction.queue
    section = queue.section
    for limit, what, waiting in (
        (queue.plan.limit, "queue", queue.waiting),
        (section.plan.limit, "section", section.waiting),
        (centre.plan.limit, "centre", centre.waiting),
    ):
        if limit is not None and waiting >= limit.max_waiting and not _would_be_taken(centre, interaction):
            return limit, what
    return None


def _would_be_taken(centre: Centre, interaction: Interaction) -> bool:
    for agent in centre.freed:
        agent.profile.note(agent)
    klass = interaction.klass = class_of(centre, interaction)
    found = best_agent(centre, interaction, klass)
    interaction.klass = None
    return found is not None


def _turn_away(centre: Centre, interaction: Interaction, how: InteractionEnd, reason: str) -> None:
    end(centre, interaction, how, reason, None)
    if how == "diverted":
        centre.effect(Divert(interaction.id, reason))
    else:
        centre.effect(EndInteraction(interaction.id, how, reason))


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────


def abandon(centre: Centre, interaction: Interaction) -> None:
    """The customer left before an answer."""
    if interaction.state == "assigned":
        raise SignalError(
            "illegal-state",
            f"interaction {interaction.id!r} is assigned: it can be completed or cancelled, not abandoned",
            state="assigned",
        )
    _end_open_offer(centre, interaction, "abandoned")
    end(centre, interaction, "abandoned", "", None)


def cancel(centre: Centre, interaction: Interaction, reason: str) -> None:
    """The interaction was called off."""
    owner = interaction.owner if interaction.state == "assigned" else None
    _end_open_offer(centre, interaction, "cancelled")
    end(centre, interaction, "cancelled", reason, None if owner is None else owner.agent.id)
    if owner is not None:
        centre.effect(ReleaseWork(interaction.id, owner.agent.id, "cancelled"))
        end_contact(centre, owner)


def _end_open_offer(centre: Centre, interaction: Interaction, reason: str) -> None:
    if interaction.state == "offered":
        assert interaction.owner is not None
        end_offer(centre, interaction.owner, "cancelled", reason)


def owner_of(interaction: Interaction) -> Holding:
    """Return the connected holding of an assigned interaction; raises ``illegal-state``."""
    if interaction.state != "assigned" or interaction.owner is None:
        raise SignalError(
            "illegal-state",
            f"interaction {interaction.id!r} is {interaction.state}, not assigned",
            state=interaction.state,
        )
    return interaction.owner


def complete(centre: Centre, holding: Holding) -> None:
    """The contact ended from the customer's side."""
    interaction = holding.interaction
    end(centre, interaction, "completed", "", holding.agent.id)
    centre.effect(ReleaseWork(interaction.id, holding.agent.id, "completed"))
    end_contact(centre, holding)


# ── passing on ───────────────────────────────────────────────────────────────────────────────────────────────────


def transfer(centre: Centre, holding: Holding, signal: InteractionTransferred) -> None:
    """The owning agent gives the interaction to a queue."""
    interaction, agent = holding.interaction, holding.agent
    to_queue = interaction.queue
    if signal.queue is not None:
        found = centre.queues.get(signal.queue)
        if found is None:
            raise _unknown("queue", signal.queue, list(centre.queues))
        to_queue = found
    if signal.priority is not None:
        check_priority(signal.priority)
    if signal.requirement is not None:
        check_requirement(centre, signal.requirement)
    if signal.to_people and agent.spec.kind != "automated":
        raise SignalError(
            "not-automated", f"agent {agent.id!r} is a person: only automated agents hand over to people"
        )

    now = centre.now
    from_queue = interaction.queue.plan.queue_id
    centre.fact(
        InteractionPassedOn(
            now,
            interaction.id,
            agent.id,
            from_queue,
            to_queue.plan.queue_id,
            signal.keep_place,
            signal.to_people,
        )
    )
    interaction.owner = None
    end_contact(centre, holding)
    interaction.elapsed_floor = elapsed(centre, interaction)
    interaction.queue = to_queue
    if signal.priority is not None:
        interaction.priority = signal.priority
    if signal.requirement is not None:
        interaction.asked = centre.needs.asked(signal.requirement)
        interaction.origin = "sender"
        interaction.relaxations = ()
        interaction.elapsed_floor = 0
    interaction.people_only = interaction.people_only or signal.to_people
    if not signal.keep_place:
        interaction.queued_at = now
    interaction.refused = None
    interaction.refused_clear_at = None
    rest(centre, interaction, agent, rules_of(interaction).retry_after_ms)
    queued(centre, interaction, "transferred")
