"""What a free agent takes of all that it can: level, selection, key; every queue looked at, every time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from agents.pools import is_member
from agents.skills import places
from router.core.names import QueueId
from router.core.plan import Plan
from tests.oracle.reference_requirement import Reading, wanted_skills
from tests.oracle.reference_state import Person, State, Work

READS_HANDLE_TIMES = ("gcmu", "predicted-wait")

Key = Callable[[Work], tuple[int, ...]]


def first_work(
    state: State,
    person: Person,
    possible: list[Work],
    key: Key,
    would_do: Callable[[Person, Work], bool],
    lot: int,
) -> Work:
    """Return the work that the agent names: the first of `possible`, all that it can take."""
    match state.plan.selection:
        case "oldest":
            return min(possible, key=key)
        case "own-first":
            return min(possible, key=lambda work: (_place(state, person, work), key(work)))
        case "weighted":
            return _drawn(state, _heads(state, possible, key), lot)
        case _:
            heads = _heads(state, possible, key)
            values = {work.number: _value(state, person, work, would_do) for work in heads}
            most = max(values.values())
            return min((work for work in heads if values[work.number] == most), key=key)


def _place(state: State, person: Person, work: Work) -> int:
    have = places(person.agent)
    reading = Reading(state.elapsed(work), work.relaxations, state.plan.pools)
    wanted = wanted_skills(work.requirement, reading)
    return min((have[skill] for skill in wanted if skill in have), default=len(person.agent.skills) + 1)


def _heads(state: State, possible: list[Work], key: Key) -> list[Work]:
    """Return the smallest key of each queue, in the order of the plan's queues."""
    heads: list[Work] = []
    for queue in state.queues():
        mine = [work for work in possible if work.queue == queue.queue_id]
        if mine:
            heads.append(min(mine, key=key))
    return heads


def _drawn(state: State, heads: list[Work], lot: int) -> Work:
    tickets = [work for work in heads for _ in range(state.queue(work.queue).selection.weight)]
    return tickets[(lot // 2**32) % len(tickets)]


def _value(
    state: State, person: Person, work: Work, would_do: Callable[[Person, Work], bool]
) -> tuple[bool, Fraction]:
    """Return what is compared; the largest is taken. The first part says that it is beyond all numbers."""
    queue = state.queue(work.queue)
    wait = max(0, state.now - (state.now if work.service_clock is None else work.service_clock))
    match state.plan.selection:
        case "delay-ratio":
            return False, Fraction(wait, max(1, queue.answer_within_ms))
        case "slack":
            return False, Fraction(wait - queue.answer_within_ms)
        case "gcmu":
            return False, Fraction(queue.selection.cost_slope * wait, handle_time(state, work.queue))
        case "queue-ratio":
            waiting = state.queued()
            mine = len([other for other in waiting if other.queue == work.queue])
            shares = sum(other.selection.share for other in state.queues())
            return False, mine - Fraction(queue.selection.share, shares) * len(waiting)
        case "predicted-wait":
            others = [
                other
                for other in state.people.values()
                if other is not person and other.is_signed_in and would_do(other, work)
            ]
            if not others:
                return True, Fraction(0)
            return False, wait + Fraction(handle_time(state, work.queue), len(others))
        case other:
            raise ValueError(f"the reference knows no selection {other!r}")


# ── handle times ───────────────────────────────────────────────────────────────────────────────────────────────


def handle_time(state: State, queue_id: QueueId) -> int:
    """Return the queue's mean handle time as far as it is known."""
    return state.handle_times.get(queue_id, state.queue(queue_id).selection.handle_ms)


def note_handle_time(state: State, queue_id: QueueId, ms: int) -> None:
    """Let the mean move by a sixteenth of the difference, rounded down."""
    if state.plan.selection in READS_HANDLE_TIMES and state.find_queue(queue_id) is not None:
        mean = handle_time(state, queue_id)
        state.handle_times[queue_id] = max(1, mean + (ms - mean) // 16)


def keep_handle_times(state: State, before: Plan) -> None:
    """Under a new plan: forget the means unless they are read now, and the queue is there and begins with the same time."""
    said = {queue.queue_id: queue.selection.handle_ms for s in before.sections for queue in s.queues}
    for queue_id in list(state.handle_times):
        queue = state.find_queue(queue_id)
        if (
            state.plan.selection not in READS_HANDLE_TIMES
            or queue is None
            or queue.selection.handle_ms != said[queue_id]
        ):
            del state.handle_times[queue_id]


# ── queue levels ─────────────────────────────────────────────────────────────────────────────────────────────────


def queue_level(state: State, person: Person, queue_id: QueueId) -> tuple[int, int]:
    """Return the level at which the agent serves the queue, and the wait after which it does."""
    said = list(person.agent.queue_levels)
    for pool in state.plan.pools:
        if is_member(pool, person.agent):
            said.extend(pool.queue_levels)
    for wanted in (queue_id, None):
        for entry in said:
            if entry.queue == wanted:
                return entry.level, entry.after_ms
    counting = [
        entry for place, entry in enumerate(said) if entry.queue not in [e.queue for e in said[:place]]
    ]
    return max((entry.level for entry in counting), default=0) + 1, 0


def has_waited_enough(state: State, person: Person, work: Work) -> bool:
    """Say whether the level at which the agent serves the work's queue is open to it."""
    return state.now - work.queued_at >= queue_level(state, person, work.queue)[1]


def of_first_level(state: State, person: Person, possible: list[Work]) -> list[Work]:
    """Return the work of the smallest level there is work of."""
    levels = {work.number: queue_level(state, person, work.queue)[0] for work in possible}
    return [work for work in possible if levels[work.number] == min(levels.values())]


def openings(state: State, work: Work) -> list[int]:
    """Return the instants to come at which the work's queue opens to somebody."""
    instants = {
        work.queued_at + queue_level(state, person, work.queue)[1]
        for person in state.people.values()
        if not person.removed
    }
    return sorted(instant for instant in instants if instant > state.now)
