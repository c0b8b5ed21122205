"""The engine: signals and time go in, effects and facts come out. Deterministic, without a clock, a loop or I/O.

    outcome = engine.handle(signal, now)
    engine.next_deadline()          # when advance is due at the latest
    outcome = engine.advance(now)

docs/semantics.md is the rule book. This module passes time, hands each signal to what takes it
(``taking``), each deadline that is due to what fires it (``firing``), and has what they changed matched.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.core.centre import Centre
from router.core.estimates import quote_begun
from router.core.facts import make_fact
from router.core.firing import fire_due
from router.core.levels import read_levels
from router.core.matching import match_pass
from router.core.offers import match
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.policy import Policies
from router.core.reload import adopt_first, check
from router.core.restoring import load
from router.core.signals import Signal
from router.core.snapshot import dump
from router.core.taking import TAKE
from router.errors import SignalError


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
        take = TAKE.get(signal.__class__)
        if take is None:
            raise SignalError("bad-signal", f"{type(signal).__name__} is not a signal")
        answer = take(centre, signal)
        deadlines = centre.deadlines
        if deadlines and deadlines[0][0] <= now:
            fire_due(centre, now)
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
    fire_due(centre, now)
    if centre.new_work or centre.freed or centre.match_all:
        match_pass(centre, match)
    _settle(centre, now)
    if centre.figures is not None and centre.figures.begun:
        quote_begun(centre)


def _settle(centre: Centre, now: int) -> None:
    """Go on after a matching pass until nothing is left to do in this instant."""
    deadlines = centre.deadlines
    while (centre.touched and read_levels(centre)) or (deadlines and deadlines[0][0] <= now):
        fire_due(centre, now)
        if centre.new_work or centre.freed or centre.match_all:
            match_pass(centre, match)
