"""What an explanation says, and how it reads: reason codes, the verdict on each agent, the whole answer.

The fields hold the engine's milliseconds; what people read tells times as from the moment that is explained, since the
engine's zero means nothing to them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from router.core.estimated import Estimate
from router.core.names import AgentId, InteractionId, QueueId
from router.core.spans import span

Code = Literal[
    "offline",
    "not-ready",
    "draining",
    "paused",
    "rate",
    "kind",
    "channel",
    "pool",
    "requirement",
    "level",
    "preferred-window",
    "refused",
    "offered",
    "section-wrap-up",
    "channel-max",
    "capacity",
    "can-take",
    "chosen",
]

CODES: Final[dict[Code, str]] = {
    "offline": "the agent is not signed in",
    "not-ready": "the agent is signed in and takes no work; the reason is its own, or no-answer, no-answer-limit",
    "draining": "the agent finishes what it holds and leaves",
    "paused": "the agent left an offer unanswered and is offered nothing for a while",
    "rate": "the agent, an automated one, has started as many interactions as its rate limit allows for now",
    "kind": "the work is for people only, and the agent is automated",
    "channel": "the agent does not serve the channel",
    "pool": "the agent is in no pool that is open to the work",
    "requirement": "the agent does not meet the requirement; the first term that fails is named",
    "level": "the agent serves the queue only after its work has waited longer",
    "preferred-window": "the work is kept for its customer's last agent, or for agents it prefers, for a while",
    "refused": "the pair rests after a declined, unanswered or failed offer, or a transfer",
    "offered": "the agent has an open offer of this work already, which is broadcast",
    "section-wrap-up": "a wrap-up of the same section runs that keeps its work away",
    "channel-max": "the agent holds as many of the channel as it may",
    "capacity": "the agent's free units do not suffice",
    "can-take": "the agent can take it; tier, score and key say how it ranks",
    "chosen": "the agent it went to",
}
"""Every reason code and what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One agent's position: the first rule that excludes it, or how it ranks.

    ``until`` is when that rule alone ends by the passing of time (a rest, a pause, a rate limit, a wrap-up), in the engine's milliseconds;
    ``detail`` tells the same as from now. ``fits``: the agent passes ``kind``, ``channel``, ``pool`` and ``requirement``, wherever it is
    and whatever it holds.
    """

    agent_id: AgentId
    code: Code
    detail: str
    tier: int | None = None
    score: int | None = None
    key: tuple[int, ...] = ()
    until: int | None = None
    fits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftWaiting:
    """The first work of another queue that the agent could have taken, its level there, and what was compared of it."""

    interaction_id: InteractionId
    queue: QueueId
    level: int
    compared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Why the agent took this work and no other: the selection, the agent's level for the queue, what was compared of it, and what
    it left waiting, of each other queue the first, in the order of levels and keys.
    """

    selection: str
    level: int
    compared: str
    instead_of: tuple[LeftWaiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer to "why". Times are the engine's milliseconds.

    ``chosen`` is who has it, or its oldest open offer, ``also`` are those with the further open offers of a broadcast.
    ``decision`` is 0 where nothing has been decided; ``decided_by`` names what set the chosen agent apart from the next
    best: ``only candidate``, ``last-agent``, ``preferred``, ``tier``, ``score``, the dynamic policy, or ``id``. ``missing`` are the
    parts of the requirement that no signed-in agent meets, and ``unmet`` those that nobody in the roster does. ``next_change_at`` is
    the next instant at which the passing of time alone can change the answer. ``position`` is where it stands among all that wait in its
    queue, from 1, where it waits itself. ``is_closed``: the queue is closed by its hours, and ``opens_at`` is when it
    opens next (None: never again). ``estimate`` is there for work that waits, or would.
    ``taken`` tells of a decision, or of one that would be made, what the agent could have taken instead.
    """

    interaction_id: InteractionId
    at: int
    plan_version: str
    state: str
    queue: QueueId
    key: tuple[int, int, int, int] | None
    requirement: str
    verdicts: tuple[Verdict, ...]
    chosen: AgentId | None = None
    also: tuple[AgentId, ...] = ()
    decision: int = 0
    choice: str = ""
    decided_by: str = ""
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    next_change_at: int | None = None
    estimate: Estimate | None = None
    position: int | None = None
    is_closed: bool = False
    opens_at: int | None = None
    taken: Taken | None = None

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.chosen is not None:
            verb = {"offered": "is offered to", "assigned": "is with"}.get(self.state, "goes to")
            by = f", decided by {self.decided_by}" if self.decided_by else f", chosen by {self.choice}"
            others = f" and {', '.join(self.also)}" if self.also else ""
            return f"{self.interaction_id} {verb} {self.chosen}{others}{by} (decision {self.decision})"
        if self.state == "queued":
            why = f"nobody in the roster meets {' and '.join(self.unmet)}" if self.unmet else ""
            why = why or (f"nobody signed in meets {' and '.join(self.missing)}" if self.missing else "")
            why = why or _who_would_fit(self.verdicts)
            return f"{self.interaction_id} waits in {self.queue}{self._hours}: {why}"
        return f"{self.interaction_id} is {self.state} in {self.queue}"

    @property
    def _hours(self) -> str:
        if not self.is_closed:
            return ""
        return (
            ", closed for good"
            if self.opens_at is None
            else f", closed for another {span(self.opens_at - self.at)}"
        )

    def text(self) -> str:
        """Return the whole answer for people, a line each."""
        lines = [self.summary, f"  asked of an agent: {self.requirement}"]
        if self.taken is not None and self.taken.instead_of:
            lines.append(
                f"  taken by {self.taken.selection} at level {self.taken.level}: {self.taken.compared}"
            )
            lines.extend(
                f"    not {left.interaction_id} of {left.queue} at level {left.level}: {left.compared}"
                for left in self.taken.instead_of
            )
        for verdict in self.verdicts:
            rank = ""
            if verdict.tier is not None and verdict.score is not None:
                rank = f" [tier {verdict.tier}, score {verdict.score / 1_000_000:g}]"
            lines.append(f"  {verdict.agent_id}: {verdict.code}: {verdict.detail}{rank}")
        if self.estimate is not None and self.estimate.why != "off":
            lines.append(f"  {self.estimate}")
        if self.next_change_at is not None:
            lines.append(f"  can next change in {span(self.next_change_at - self.at)}")
        return "\n".join(lines)

    __str__ = text


def _who_would_fit(verdicts: tuple[Verdict, ...]) -> str:
    here = [verdict for verdict in verdicts if verdict.fits and verdict.code != "offline"]
    away = sum(verdict.fits and verdict.code == "offline" for verdict in verdicts)
    if here:
        return f"{len(here)} signed in would fit ({_counted(here)})" + (f", {away} offline" if away else "")
    return f"nobody signed in would fit, {away} offline would" if away else "nobody would fit"


def _counted(verdicts: list[Verdict]) -> str:
    counts = Counter(verdict.code for verdict in verdicts)
    return ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
