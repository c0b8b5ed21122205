"""What happens, in lines for people: who gets what and why, and who waits and why. Reads facts, asks for explanations, prints nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from router.core.facts import (
    AnnouncementMade,
    Fact,
    HopLimitReached,
    InteractionAssigned,
    InteractionEnded,
    InteractionExpedited,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    NoticeSent,
    OfferEnded,
    OfferMade,
    PoolsOpened,
    PositionGiven,
    PresenceChanged,
    PriorityRaised,
    PrioritySet,
    RefusalsCleared,
    RequirementRelaxed,
    StepTaken,
    WorkSuspended,
)
from router.core.plan import Plan

UNFIT: Final = {"kind", "channel", "pool", "requirement"}
"""Codes of agents that it is not for, whatever they do."""


class Line(NamedTuple):
    """One line: when (milliseconds since the start), what it is about, what happened, and why. ``mood`` is for colours."""

    at_ms: int
    subject: str
    event: str
    detail: str
    mood: str = ""


class Verdict(Protocol):
    """What kept one agent from the interaction, or did not."""

    @property
    def agent_id(self) -> str:
        """Who."""

    @property
    def code(self) -> str:
        """Why, as a code."""

    @property
    def detail(self) -> str:
        """Why, in words."""


class Explained(Protocol):
    """An explanation, of the engine or over the wire."""

    @property
    def state(self) -> str:
        """Where the interaction is."""

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """One for each agent."""

    @property
    def missing(self) -> Sequence[str]:
        """Parts of what is asked that nobody signed in meets."""


class Commentary:
    """A sink of facts that hands out lines; ``explain`` says why an interaction is where it is, None where nobody knows any more."""

    def __init__(
        self,
        plan: Plan,
        started_at: int,
        explain: Callable[[str], Explained | None],
        show: Callable[[Line], None],
    ) -> None:
        self._explain = explain
        self._show = show
        self._started_at = started_at
        self._names: dict[str, str] = {agent.agent_id: agent.name or agent.agent_id for agent in plan.agents}
        self._is_there: set[str] = set()
        self._step: StepTaken | None = None

    def read(self, fact: Fact) -> None:
        """Say what a fact means, if it is worth a line."""
        match fact:
            case InteractionQueued():
                # Whether it has to wait is known once all that happened in this moment was told.
                asyncio.get_running_loop().call_soon(self._tell_if_waiting, fact)
            case OfferMade():
                self._tell(
                    fact,
                    fact.interaction_id,
                    f"offered to {self._name(fact.agent_id)}",
                    self._why(fact),
                    "good",
                )
            case InteractionAssigned():
                self._tell(
                    fact,
                    fact.interaction_id,
                    f"answered by {self._name(fact.agent_id)}",
                    f"after {_seconds(fact.wait_ms)} in {fact.queue}",
                    "good",
                )
            case OfferEnded():
                self._offer_ended(fact)
            case InteractionEnded():
                self._ended(fact)
            case PresenceChanged():
                self._presence(fact)
            case _:
                self._ladder(fact)

    def _ladder(self, fact: Fact) -> None:
        match fact:
            case StepTaken():
                self._step = fact  # what it did comes with the facts behind it
            case RequirementRelaxed():
                self._tell(fact, fact.interaction_id, "relaxed", fact.what, "step")
            case PoolsOpened():
                self._tell(fact, fact.interaction_id, "widened", f"also {', '.join(fact.pools)}", "step")
            case PositionGiven():
                where = f"{fact.position} in {fact.queue}, asked for {fact.asked}"
                self._tell(fact, fact.interaction_id, "position", where, "step")
            case InteractionExpedited():
                self._tell(fact, fact.interaction_id, "expedited", "goes first from now on", "step")
            case PrioritySet():
                self._tell(fact, fact.interaction_id, "priority", f"{fact.before} → {fact.priority}", "step")
            case PriorityRaised():
                self._tell(
                    fact, fact.interaction_id, "raised", f"priority {fact.before} → {fact.priority}", "step"
                )
            case InteractionMoved():
                where = f"{fact.from_queue} → {fact.to_queue} ({fact.cause})"
                self._tell(fact, fact.interaction_id, "moved", where, "step")
            case NoticeSent():
                self._tell(fact, fact.interaction_id, f"notice to {fact.target}", fact.message, "step")
            case AnnouncementMade():
                self._tell(fact, fact.interaction_id, f"says to {fact.target}", fact.text, "step")
            case HopLimitReached():
                self._tell(fact, fact.interaction_id, "stays", f"in {fact.queue}: moved too often", "bad")
            case RefusalsCleared():
                self._tell(
                    fact,
                    fact.interaction_id,
                    "asked again",
                    "everybody who could take it had refused",
                    "step",
                )
            case InteractionPassedOn():
                who = f"transferred by {self._name(fact.agent_id)}"
                self._tell(fact, fact.interaction_id, who, f"{fact.from_queue} → {fact.to_queue}", "step")
            case WorkSuspended():
                who = f"put aside by {self._name(fact.agent_id)}"
                self._tell(fact, fact.interaction_id, who, "for more urgent work")
            case _:
                pass

    def _tell(self, fact: Fact, subject: str, event: str, detail: str, mood: str = "") -> None:
        step = self._step
        if step is not None and mood == "step" and (step.at, step.interaction_id) == (fact.at, subject):
            event, detail = f"step {step.step}", f"{event}: {detail}"
        self._show(Line(fact.at - self._started_at, subject, event, detail, mood))

    def _name(self, agent_id: str) -> str:
        return self._names.get(agent_id, agent_id)

    def _why(self, fact: OfferMade) -> str:
        score = f", score {fact.score / 1_000_000:g}" if fact.score else ""
        others = ""
        explanation = self._explain(fact.interaction_id)
        if explanation is not None:
            able = [
                self._name(verdict.agent_id) for verdict in explanation.verdicts if verdict.code == "can-take"
            ]
            others = f"; before {', '.join(able)}" if able else "; nobody else is free for it"
        return f"{fact.queue}: tier {fact.tier}{score}, {fact.choice}{others}"

    def _tell_if_waiting(self, fact: InteractionQueued) -> None:
        explanation = self._explain(fact.interaction_id)
        if explanation is None or explanation.state != "queued":
            return
        rule = f" (rule {fact.rule})" if fact.rule else ""
        self._tell(fact, fact.interaction_id, "waits", f"{fact.queue}{rule}: {self._why_not(explanation)}")

    def _why_not(self, explanation: Explained) -> str:
        here = [verdict for verdict in explanation.verdicts if verdict.code != "offline"]
        if not here:
            return "nobody is signed in"
        if explanation.missing:
            return f"nobody here meets {' and '.join(explanation.missing)}"
        told = [verdict for verdict in here if verdict.code not in UNFIT]
        told = told or [verdict for verdict in here if verdict.code == "requirement"] or here
        counts = Counter(verdict.code for verdict in told).most_common()
        example = next(verdict for verdict in told if verdict.code == counts[0][0])
        summed_up = ", ".join(f"{count} {code}" for code, count in counts)
        return f"{summed_up}; {self._name(example.agent_id)}: {example.detail}"

    def _offer_ended(self, fact: OfferEnded) -> None:
        name = self._name(fact.agent_id)
        match fact.how:
            case "declined":
                self._tell(fact, fact.interaction_id, f"declined by {name}", fact.reason, "bad")
            case "expired":
                self._tell(
                    fact,
                    fact.interaction_id,
                    f"no answer from {name}",
                    "back in the queue, at its place",
                    "bad",
                )
            case "rescinded":
                self._tell(
                    fact,
                    fact.interaction_id,
                    f"taken from {name}",
                    f"{fact.reason}; back in the queue",
                    "bad",
                )
            case "failed":
                self._tell(fact, fact.interaction_id, f"did not reach {name}", fact.reason, "bad")
            case "accepted" | "cancelled":
                pass

    def _ended(self, fact: InteractionEnded) -> None:
        if fact.how == "completed":
            return
        why = f"after {_seconds(fact.wait_ms)} in {fact.queue}"
        if fact.reason:
            why = f"{fact.reason}, {why}"
        self._tell(fact, fact.interaction_id, fact.how, why, "bad")

    def _presence(self, fact: PresenceChanged) -> None:
        is_first = fact.agent_id not in self._is_there
        self._is_there.add(fact.agent_id)
        if is_first and fact.presence == "ready":
            return  # everybody comes in at the start; one line for each says little
        reason = f" ({fact.reason})" if fact.reason else ""
        self._tell(fact, self._name(fact.agent_id), f"{fact.presence}{reason}", "")


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s"
