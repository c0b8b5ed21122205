"""What an arrival must look like, where the intake rules send it, and whether there is room for it."""

from __future__ import annotations

import math

from router.core.effects import Divert, EndInteraction
from router.core.facts import InteractionScheduled, QueueCause
from router.core.names import ID_PATTERN, AttributeValue, QueueId
from router.core.plan import IntakeRule, Limit, Section
from router.core.requirement import PoolTerm, Requirement, problems, terms
from router.core.signals import InteractionArrived
from router.errors import SignalError
from tests.oracle.reference_affinity import favour
from tests.oracle.reference_conditions import condition_holds
from tests.oracle.reference_estimates import somebody_can_take, waits_longer
from tests.oracle.reference_hours import is_closed
from tests.oracle.reference_ladder import end, move, put_in_queue
from tests.oracle.reference_state import State, Work, new_work

_DAY_MS = 24 * 60 * 60 * 1000


# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_priority(priority: object) -> None:
    """Raise `bad-priority` unless it is an int that is small enough."""
    if not isinstance(priority, int) or isinstance(priority, bool) or abs(priority) > 1_000_000:
        raise SignalError("bad-priority", f"priority {priority!r} is not an int within ±1,000,000")


def check_requirement(state: State, requirement: Requirement) -> None:
    """Raise `bad-requirement` unless it is well-formed and its pools are there."""
    found = problems(requirement)
    if not found:
        found = [
            f"there is no pool {term.pool!r}"
            for term in terms(requirement)
            if isinstance(term, PoolTerm) and state.find_pool(term.pool) is None
        ]
    if found:
        raise SignalError("bad-requirement", "; ".join(found))


def _check_attributes(arrival: InteractionArrived) -> None:
    if len(arrival.attributes) > 64:
        raise SignalError("bad-attributes", "more than 64 attributes")
    for name, value in arrival.attributes.items():
        if not _is_text(name) or not 1 <= len(name) <= 64:
            raise SignalError("bad-attributes", f"the name {name!r} is not 1..64 characters long")
        if not _is_good_value(value):
            raise SignalError("bad-attributes", f"attribute {name!r} has no good value")


def _is_good_value(value: object) -> bool:
    match value:
        case bool():
            return True
        case str():
            return len(value) <= 1024
        case int():
            return abs(value) <= 2**53
        case float():
            return math.isfinite(value)
        case _:
            return False


def _check_text(arrival: InteractionArrived) -> None:
    for text in (arrival.customer, arrival.reply_to):
        if text is not None and (not _is_text(text) or len(text) > 256):
            raise SignalError("bad-text", "customer and reply_to are texts of up to 256 characters")


def _check_preferred(arrival: InteractionArrived) -> None:
    names = arrival.preferred
    if len(names) > 16 or any(not ID_PATTERN.match(name) or names.count(name) > 1 for name in names):
        raise SignalError("bad-preferred", "preferred are the ids of up to 16 agents, each once")


def _check_position(state: State, position: object) -> None:
    if position is None:
        return
    if not isinstance(position, int) or isinstance(position, bool) or not 1 <= position <= 1_000_000_000:
        raise SignalError("bad-position", f"position {position!r} is not an int from 1")
    if state.plan.order != "strict":
        raise SignalError("bad-position", "positions are asked under strict order only")


def _check_times(state: State, arrival: InteractionArrived) -> None:
    for time in (arrival.original_arrived_at, arrival.due_at, arrival.not_before, arrival.expires_at):
        if time is not None and not _is_int(time):
            raise SignalError("bad-time", f"{time!r} is no time in milliseconds")
    original = arrival.original_arrived_at
    if original is not None and not state.now - _DAY_MS <= original <= state.now:
        raise SignalError("bad-time", "original_arrived_at is after now, or more than 24 hours before")
    for time in (arrival.due_at, arrival.not_before, arrival.expires_at):
        if time is not None and abs(time - state.now) > 400 * _DAY_MS:
            raise SignalError("bad-time", "due_at and not_before are within 400 days")


# ── arrival ──────────────────────────────────────────────────────────────────────────────────────────────────────


def arrive(state: State, arrival: InteractionArrived) -> str:
    """Take an arrival, or say what was said when it came the first time."""
    interaction_id = arrival.interaction_id
    if not _is_text(interaction_id) or not ID_PATTERN.match(interaction_id):
        raise SignalError("bad-id", f"{interaction_id!r} is no id")
    known = state.known(interaction_id)
    if known is not None:
        for field in InteractionArrived._fields:
            if getattr(known.arrival, field) != getattr(arrival, field):
                raise SignalError("conflict", f"{interaction_id} came before with another {field}")
        return known.answer
    section = next((s for s in state.plan.sections if s.section_id == arrival.section), None)
    if section is None:
        raise SignalError("unknown-section", f"there is no section {arrival.section!r}")
    if state.find_channel(arrival.channel) is None:
        raise SignalError("unknown-channel", f"there is no channel {arrival.channel!r}")
    if arrival.queue is not None and all(q.queue_id != arrival.queue for q in section.queues):
        raise SignalError("unknown-queue", f"section {section.section_id} has no queue {arrival.queue!r}")
    _check_attributes(arrival)
    _check_text(arrival)
    _check_preferred(arrival)
    if arrival.priority is not None:
        check_priority(arrival.priority)
    if arrival.requirement is not None:
        check_requirement(state, arrival.requirement)
    _check_position(state, arrival.position)
    _check_times(state, arrival)

    work = new_work(len(state.works) + 1, arrival, section)
    state.works.append(work)
    favour(state, work)
    work.answer = _admit(state, work, section)
    return work.answer


def _admit(state: State, work: Work, section: Section) -> str:
    arrival = work.arrival
    rule = next((rule for rule in section.intake if _holds(state, rule, arrival)), None)
    if rule is None and section.refuse_unmatched and arrival.queue is None:
        return _refuse(state, work, "unmatched")
    work.rule = rule.name if rule is not None else ""
    _classify(state, work, section, rule)
    if arrival.not_before is not None and arrival.not_before > state.now:
        work.state = "scheduled"
        state.facts.append(
            InteractionScheduled(
                at=state.now,
                interaction_id=work.interaction_id,
                section=work.section,
                queue=work.queue,
                channel=work.channel,
                not_before=arrival.not_before,
            )
        )
        return "scheduled"
    return start(state, work)


def _classify(state: State, work: Work, section: Section, rule: IntakeRule | None) -> None:
    sender, intake = ("sender", work.arrival), ("intake", rule)
    sources = [sender, intake] if section.trust_sender else [intake, sender]

    queues = [s.queue for _, s in sources if s is not None and s.queue is not None]
    work.queue = queues[0] if queues else section.default_queue
    priorities = [s.priority for _, s in sources if s is not None and s.priority is not None]
    work.priority = priorities[0] if priorities else state.queue(work.queue).priority
    requirements = [(o, s.requirement) for o, s in sources if s is not None and s.requirement is not None]
    requirements.append(("queue", state.queue(work.queue).requirement))
    work.requirement_origin, work.requirement = requirements[0]


def start(state: State, work: Work) -> str:
    """Let new or scheduled work begin to wait, if there is room for it."""
    arrival = work.arrival
    cause: QueueCause = "due" if work.state == "scheduled" else "arrived"
    original = arrival.original_arrived_at
    work.queued_at = state.now if original is None else original
    while True:
        hours = state.queue(work.queue).hours
        if hours is not None and is_closed(state, work.queue):
            if hours.when_closed == "refuse":
                return _refuse(state, work, "closed")
            if hours.when_closed == "divert":
                end(state, work, "diverted", hours.target)
                state.effects.append(Divert(work.interaction_id, hours.target))
                return "diverted"
        limit = _full_limit(state, work)
        if limit is None:
            break
        if limit.when_full == "divert":
            end(state, work, "diverted", limit.target)
            state.effects.append(Divert(work.interaction_id, limit.target))
            return "diverted"
        if limit.when_full == "refuse":
            return _refuse(state, work, _full_name(state, work))
        if work.hops >= state.plan.hop_limit:
            return _refuse(state, work, "hop-limit")
        work.hops += 1
        move(state, work, QueueId(limit.target), "overflow")
    put_in_queue(state, work, cause)
    return "queued"


def _refuse(state: State, work: Work, reason: str) -> str:
    end(state, work, "refused", reason)
    state.effects.append(EndInteraction(work.interaction_id, "refused", reason))
    return "refused"


# ── room ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _first_full(state: State, work: Work) -> tuple[str, Limit] | None:
    if somebody_can_take(state, work):
        return None
    section = state.section_of(work.queue)
    queued = state.queued()
    rooms = [
        ("queue-full", state.queue(work.queue).limit, [w for w in queued if w.queue == work.queue]),
        ("section-full", section.limit, [w for w in queued if w.section == section.section_id]),
        ("centre-full", state.plan.limit, queued),
    ]
    for name, limit, waiting in rooms:
        if limit is None:
            continue
        reason = ""
        if limit.max_waiting is not None and len(waiting) >= limit.max_waiting:
            reason = name
        elif limit.max_estimated_ms is not None and waits_longer(state, work, limit.max_estimated_ms):
            reason = "wait-too-long"
        if reason:
            return None if _is_taken_when_it_favours_nobody(state, work) else (reason, limit)
    return None


def _is_taken_when_it_favours_nobody(state: State, work: Work) -> bool:
    favours = work.last_agent, work.preferred
    work.last_agent, work.preferred = None, ()
    if somebody_can_take(state, work):
        return True
    work.last_agent, work.preferred = favours
    return False


def _full_limit(state: State, work: Work) -> Limit | None:
    full = _first_full(state, work)
    return None if full is None else full[1]


def _full_name(state: State, work: Work) -> str:
    full = _first_full(state, work)
    return "" if full is None else full[0]


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────


def _holds(state: State, rule: IntakeRule, arrival: InteractionArrived) -> bool:
    def read(name: str) -> AttributeValue | None:
        match name:
            case "channel":
                return arrival.channel
            case "customer":
                return arrival.customer
            case "priority":
                return arrival.priority
            case "section":
                return arrival.section
            case "queue":
                return arrival.queue
            case "due_at":
                return arrival.due_at
            case "not_before":
                return arrival.not_before
            case "arrived_at":
                return state.now if arrival.original_arrived_at is None else arrival.original_arrived_at
            case "now":
                return state.now
            case _:
                return arrival.attributes.get(name.removeprefix("attributes."))

    def count_failure() -> None:
        state.failed_matches += 1

    return condition_holds(rule.when, read, count_failure)
