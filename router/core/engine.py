"""The engine: signals and time go in, effects and facts come out. Deterministic, without a clock, a loop or I/O.

    outcome = engine.handle(signal, now)
    engine.next_deadline()          # when advance is due at the latest
    outcome = engine.advance(now)

docs/semantics.md is the rule book. This module passes time and hands each signal to its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop
from typing import Final, cast

from router.core.arrivals import arrive, start
from router.core.broadcast import look_no_further
from router.core.callbacks import book, not_reached, reached, resume
from router.core.centre import (
    CALLBACK_DUE,
    DIAL_END,
    HOLD_END,
    HOURS,
    LADDER_STEP,
    LEASE_END,
    LEVEL_CHECK,
    LEVEL_OPENS,
    NEED_CHANGE,
    OFFER_EXPIRY,
    PAUSE_END,
    RATE_END,
    REFUSAL_END,
    REFUSALS_CLEAR,
    START,
    TIME_TO_LIVE_END,
    WINDOW_END,
    WRAP_UP_END,
    Centre,
)
from router.core.demand import QueueState
from router.core.departures import abandon, cancel, complete, expire, owner_of, transfer
from router.core.dialling import is_held
from router.core.estimates import quote_begun
from router.core.facts import RequirementRelaxed, make_fact
from router.core.holdings import close, end_contact
from router.core.ladder import on_step_due
from router.core.levels import read_levels
from router.core.link import lose_link, restore_link
from router.core.matching import match_pass
from router.core.names import AgentId
from router.core.offers import accept, clear_refusals, decline, end_rest, fail, match, offer_of, open_offer
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.policy import Policies
from router.core.presence import (
    change,
    expire_offer,
    heard_from,
    lose,
    on_hold_end,
    on_lease_due,
    on_pause_end,
    on_rate_end,
    sign_out,
)
from router.core.queueing import end, on_level_opens, on_window_end, reclassify, schedule_need_change
from router.core.records import AgentState, Holding, Interaction
from router.core.reload import adopt_first, check, replace_plan
from router.core.shifts import on_calendars_change
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.core.snapshot import dump, load
from router.errors import SignalError

DONE: Final = "done"
UNCHANGED: Final = "unchanged"


class Engine:
    """A centre's routing engine.

    Raises ``PlanError`` when the plan is impossible. Not safe to call from several threads at once.
    """

    __slots__ = ("_centre",)

    def __init__(self, plan: Plan, policies: Policies, *, now: int = 0) -> None:
        check(plan, policies)
        self._centre = Centre(plan, policies, now)
        adopt_first(self._centre)

    @property
    def centre(self) -> Centre:
        """The state, for ``explain`` and tests; change it only through ``handle`` and ``advance``."""
        return self._centre

    @property
    def plan(self) -> Plan:
        """The plan decisions are made under."""
        return self._centre.plan

    @property
    def now(self) -> int:
        """The engine's clock, in milliseconds."""
        return self._centre.now

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Let time pass to ``now``, then take the signal.

        Raises ``SignalError`` when the signal is illegal; what the passing of time caused is then returned by the
        next call.
        """
        centre = self._centre
        if now != centre.now:
            if now < centre.now:
                raise SignalError(
                    "clock-back", f"the clock stands at {centre.now} and cannot go back to {now}"
                )
            if centre.deadlines and centre.deadlines[0][0] <= now:
                _pass_time(centre, now)
            centre.now = now
        take = _TAKE.get(signal.__class__)
        if take is None:
            raise SignalError("bad-signal", f"{type(signal).__name__} is not a signal")
        answer = take(centre, signal)
        deadlines = centre.deadlines
        if deadlines and deadlines[0][0] <= now:
            _fire_due(centre, now)
        if centre.new_work or centre.freed or centre.match_all:
            match_pass(centre, match)
        if centre.touched or (deadlines and deadlines[0][0] <= now):
            _settle(centre, now)
        if centre.figures is not None and centre.figures.begun:
            quote_begun(centre)
        effects, facts = centre.effects, centre.facts
        centre.effects, centre.facts = [], []
        return make_fact(Outcome, (effects, facts, answer))

    def advance(self, now: int) -> Outcome:
        """Let time pass to ``now``."""
        centre = self._centre
        if now < centre.now:
            raise SignalError("clock-back", f"the clock stands at {centre.now} and cannot go back to {now}")
        _pass_time(centre, now)
        centre.now = now
        effects, facts = centre.effects, centre.facts
        centre.effects, centre.facts = [], []
        return Outcome(effects, facts, "")

    def next_deadline(self) -> int | None:
        """Return when ``advance`` has something to do at the earliest; it may turn out to be nothing."""
        deadlines = self._centre.deadlines
        return deadlines[0][0] if deadlines else None

    def snapshot(self) -> dict[str, object]:
        """Return the whole state as plain data that JSON can carry; the plan is named by its version only."""
        return dump(self._centre)

    @classmethod
    def restore(cls, plan: Plan, policies: Policies, snapshot: Mapping[str, object]) -> Engine:
        """Return an engine that goes on where the snapshot was taken; ``plan`` must be the plan of that moment.

        Raises ``ValueError`` when the snapshot is of another plan or version, or damaged.
        """
        engine = cls(plan, policies)
        engine._centre = load(plan, policies, snapshot)
        return engine


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pass_time(centre: Centre, now: int) -> None:
    deadlines = centre.deadlines
    while deadlines and deadlines[0][0] <= now:
        due = deadlines[0][0]
        centre.now = max(centre.now, due)
        _run_instant(centre, centre.now)


def _run_instant(centre: Centre, now: int) -> None:
    _fire_due(centre, now)
    if centre.new_work or centre.freed or centre.match_all:
        match_pass(centre, match)
    _settle(centre, now)
    if centre.figures is not None and centre.figures.begun:
        quote_begun(centre)


def _settle(centre: Centre, now: int) -> None:
    """Go on after a matching pass until nothing is left to do in this instant."""
    deadlines = centre.deadlines
    while (centre.touched and read_levels(centre)) or (deadlines and deadlines[0][0] <= now):
        _fire_due(centre, now)
        if centre.new_work or centre.freed or centre.match_all:
            match_pass(centre, match)


def _fire_due(centre: Centre, now: int) -> None:
    """Fire the deadlines that are due, each unless its subject says that it is not due any more."""
    deadlines = centre.deadlines
    while deadlines and deadlines[0][0] <= now:
        due, kind, _, agent_id, _, subject = heappop(deadlines)
        _FIRE[kind](centre, due, agent_id, subject)


def _fire_hours(centre: Centre, due: int, agent_id: str, subject: Centre) -> None:
    if centre.hours_due == due:
        on_calendars_change(centre)


def _fire_start(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.state == "scheduled":
        start(centre, interaction, "due")


def _fire_wrap_up_end(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.state == "wrap-up":
        close(centre, holding)


def _fire_offer_expiry(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.state == "offered" and holding.until == due and centre.link_lost_at is None:
        if is_held(holding):
            not_reached(centre, holding.interaction, "no-answer")
        else:
            expire_offer(centre, holding)


def _fire_pause_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.paused_until == due:
        on_pause_end(centre, agent)


def _fire_lease_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.lease_due == due:
        if centre.link_lost_at is None:
            on_lease_due(centre, agent)
        else:
            agent.lease_due = None


def _fire_hold_end(centre: Centre, due: int, agent_id: str, holding: Holding) -> None:
    if holding.held_until == due:
        on_hold_end(centre, holding)


def _fire_refusal_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    end_rest(centre, interaction, AgentId(agent_id), due)


def _fire_refusals_clear(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.refused_clear_at == due:
        clear_refusals(centre, interaction)


def _fire_need_change(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.need_due == due and interaction.state in ("queued", "offered"):
        what = interaction.asked.changes_at(due - interaction.queued_at)
        centre.fact(RequirementRelaxed(centre.now, interaction.id, "time", what))
        schedule_need_change(centre, interaction)
        if interaction.klass is not None:
            reclassify(centre, interaction)


def _fire_ladder_step(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.ladder_due == due and interaction.state in ("queued", "offered"):
        on_step_due(centre, interaction)


def _fire_dial_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.callback is not None and interaction.callback.dial_due == due:
        not_reached(centre, interaction, "no-answer")


def _fire_callback_due(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.callback is not None and interaction.callback.resume_at == due:
        resume(centre, interaction)


def _fire_level_check(centre: Centre, due: int, agent_id: str, queue: QueueState) -> None:
    if queue.tick_at == due:
        centre.touched.add(queue)


def _fire_rate_end(centre: Centre, due: int, agent_id: str, agent: AgentState) -> None:
    if agent.starts is not None and agent.starts.until == due:
        on_rate_end(centre, agent)


def _fire_time_to_live(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.expires_due == due:
        if interaction.state == "queued":
            expire(centre, interaction)
        elif interaction.state == "offered":
            look_no_further(centre, interaction)


def _fire_level_opens(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    if interaction.opens_due == due:
        on_level_opens(centre, interaction)


def _fire_window_end(centre: Centre, due: int, agent_id: str, interaction: Interaction) -> None:
    on_window_end(centre, interaction, due)


_FIRE: Final = cast(
    "dict[int, Callable[[Centre, int, str, object], None]]",
    {
        HOURS: _fire_hours,
        START: _fire_start,
        WRAP_UP_END: _fire_wrap_up_end,
        OFFER_EXPIRY: _fire_offer_expiry,
        PAUSE_END: _fire_pause_end,
        LEASE_END: _fire_lease_end,
        HOLD_END: _fire_hold_end,
        REFUSAL_END: _fire_refusal_end,
        REFUSALS_CLEAR: _fire_refusals_clear,
        NEED_CHANGE: _fire_need_change,
        LADDER_STEP: _fire_ladder_step,
        LEVEL_CHECK: _fire_level_check,
        DIAL_END: _fire_dial_end,
        CALLBACK_DUE: _fire_callback_due,
        WINDOW_END: _fire_window_end,
        RATE_END: _fire_rate_end,
        TIME_TO_LIVE_END: _fire_time_to_live,
        LEVEL_OPENS: _fire_level_opens,
    },
)


# ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _abandoned(centre: Centre, signal: InteractionAbandoned) -> str:
    return abandon(centre, centre.find(signal.interaction_id))


def _cancelled(centre: Centre, signal: InteractionCancelled) -> str:
    cancel(centre, centre.find(signal.interaction_id), signal.reason)
    return DONE


def _completed(centre: Centre, signal: InteractionCompleted) -> str:
    complete(centre, owner_of(centre.find(signal.interaction_id)))
    return DONE


def _callback_requested(centre: Centre, signal: CallbackRequested) -> str:
    return DONE if book(centre, signal) else UNCHANGED


def _callback_answered(centre: Centre, signal: CallbackAnswered) -> str:
    reached(centre, centre.find(signal.interaction_id))
    return DONE


def _callback_unanswered(centre: Centre, signal: CallbackUnanswered) -> str:
    not_reached(centre, centre.find(signal.interaction_id), signal.reason)
    return DONE


def _owned(centre: Centre, signal: WorkFinished | InteractionTransferred) -> Holding:
    interaction = centre.find(signal.interaction_id)
    centre.agent(signal.agent_id)
    holding = owner_of(interaction)
    if holding.agent.id != signal.agent_id:
        raise SignalError(
            "not-yours", f"interaction {interaction.id!r} is not with agent {signal.agent_id!r}"
        )
    return holding


def _finished(centre: Centre, signal: WorkFinished) -> str:
    interaction_id, agent_id = signal
    interaction = centre.interactions.get(interaction_id)
    holding = None if interaction is None else interaction.owner
    if (
        interaction is None
        or holding is None
        or holding.state != "connected"
        or (agent := holding.agent).id != agent_id
    ):
        holding = _owned(centre, signal)  # raises: it knows what is wrong
        interaction, agent = holding.interaction, holding.agent
    heard_from(centre, agent)
    end(centre, interaction, "completed", "", agent.id)
    end_contact(centre, holding)
    return DONE


def _transferred(centre: Centre, signal: InteractionTransferred) -> str:
    holding = _owned(centre, signal)
    transfer(centre, holding, signal)
    heard_from(centre, holding.agent)
    return DONE


def _wrap_up_done(centre: Centre, signal: WrapUpDone) -> str:
    agent = centre.agents.get(signal.agent_id)
    for holding in () if agent is None else agent.holdings:
        if holding.state == "wrap-up" and holding.interaction.id == signal.interaction_id:
            heard_from(centre, holding.agent)
            close(centre, holding)
            return DONE
    interaction = centre.known(signal.interaction_id)
    agent = centre.agent(signal.agent_id)
    raise SignalError(
        "illegal-state",
        f"agent {agent.id!r} has no wrap-up of interaction {interaction.id!r} running",
        state=interaction.state,
    )


def _accepted(centre: Centre, signal: OfferAccepted) -> str:
    holding = offer_of(centre, signal.offer_id, signal.agent_id)
    if holding.offer_end != "accepted":
        accept(centre, open_offer(centre, signal.offer_id, signal.agent_id))
    heard_from(centre, holding.agent)
    return "accepted"


def _declined(centre: Centre, signal: OfferDeclined) -> str:
    holding = open_offer(centre, signal.offer_id, signal.agent_id)
    heard_from(centre, holding.agent)
    decline(centre, holding, signal.reason)
    return DONE


def _failed(centre: Centre, signal: ConnectFailed) -> str:
    fail(centre, open_offer(centre, signal.offer_id, signal.agent_id), signal.reason)
    return DONE


def _present_agent(centre: Centre, agent_id: AgentId) -> AgentState:
    agent = centre.agent(agent_id)
    if agent.leaving:
        raise SignalError("unknown-agent", f"agent {agent_id!r} is not in the roster any more")
    return agent


def _signed_in(centre: Centre, signal: AgentSignedIn) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "signed-in" if signal.ready else "signed-in-not-ready", signal.reason)
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _became_ready(centre: Centre, signal: AgentBecameReady) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "ready", "")
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _became_not_ready(centre: Centre, signal: AgentBecameNotReady) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "not-ready", signal.reason)
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _started_draining(centre: Centre, signal: AgentStartedDraining) -> str:
    agent = _present_agent(centre, signal.agent_id)
    has_changed = change(centre, agent, "draining", "")
    heard_from(centre, agent)
    return DONE if has_changed else UNCHANGED


def _signed_out(centre: Centre, signal: AgentSignedOut) -> str:
    agent = _present_agent(centre, signal.agent_id)
    return DONE if sign_out(centre, agent) else UNCHANGED


def _heartbeat(centre: Centre, signal: AgentHeartbeat) -> str:
    agent = centre.agent(signal.agent_id)
    if agent.presence == "offline":
        raise SignalError(
            "illegal-state", f"agent {agent.id!r} is offline: it has to sign in", state="offline"
        )
    heard_from(centre, agent)
    return UNCHANGED


def _lost(centre: Centre, signal: AgentLost) -> str:
    return DONE if lose(centre, centre.agent(signal.agent_id), signal.reason) else UNCHANGED


def _link_lost(centre: Centre, signal: LinkLost) -> str:
    return DONE if lose_link(centre) else UNCHANGED


def _link_restored(centre: Centre, signal: LinkRestored) -> str:
    return DONE if restore_link(centre) else UNCHANGED


def _plan_replaced(centre: Centre, signal: PlanReplaced) -> str:
    replace_plan(centre, signal.plan)
    return DONE


_TAKE: Final = cast(
    "dict[type, Callable[[Centre, Signal], str]]",
    {
        InteractionArrived: arrive,
        InteractionAbandoned: _abandoned,
        InteractionCancelled: _cancelled,
        InteractionCompleted: _completed,
        CallbackRequested: _callback_requested,
        CallbackAnswered: _callback_answered,
        CallbackUnanswered: _callback_unanswered,
        InteractionTransferred: _transferred,
        WorkFinished: _finished,
        WrapUpDone: _wrap_up_done,
        OfferAccepted: _accepted,
        OfferDeclined: _declined,
        ConnectFailed: _failed,
        AgentSignedIn: _signed_in,
        AgentBecameReady: _became_ready,
        AgentBecameNotReady: _became_not_ready,
        AgentStartedDraining: _started_draining,
        AgentSignedOut: _signed_out,
        AgentHeartbeat: _heartbeat,
        AgentLost: _lost,
        LinkLost: _link_lost,
        LinkRestored: _link_restored,
        PlanReplaced: _plan_replaced,
    },
)
