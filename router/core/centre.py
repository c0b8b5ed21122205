"""The state of one centre, and the few things every part of the engine does with it: emit, set deadlines, look up.

Everything mutable hangs off ``Centre``; the modules beside this one are the rules that change it. Nothing here
decides anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush
from typing import Final

from router.core.calendar import OpenHours
from router.core.demand import DemandClass, Entrance, QueueState, SectionState
from router.core.effects import Effect
from router.core.facts import Fact
from router.core.level_delays import delays_in
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, PoolId, QueueId, SectionId
from router.core.needs import Need, Needs
from router.core.plan import Channel, Plan, Queue, Section
from router.core.policy import HeadSelection, OrderPolicy, Policies, SelectionPolicy
from router.core.records import AgentState, Holding, Interaction
from router.core.running_figures import RunningFigures
from router.core.supply import Profiles
from router.errors import SignalError, did_you_mean, shown

OFFER_MEMORY_MS: Final = 3_600_000
"""How long an ended offer is remembered, so that a late answer is told how it ended."""

# Kinds of deadlines, in the order in which those of one instant fire.
HOURS: Final = -1
RATE_END: Final = 0
START: Final = 1
WRAP_UP_END: Final = 2
OFFER_EXPIRY: Final = 3
PAUSE_END: Final = 4
LEASE_END: Final = 5
HOLD_END: Final = 6
REFUSAL_END: Final = 7
REFUSALS_CLEAR: Final = 8
NEED_CHANGE: Final = 9
LADDER_STEP: Final = 10
LEVEL_CHECK: Final = 11
TIME_TO_LIVE_END: Final = 12
LEVEL_OPENS: Final = 13
DIAL_END: Final = 14
CALLBACK_DUE: Final = 15
WINDOW_END: Final = 16

Deadline = tuple[int, int, int, str, int, object]
"""(due, kind, number, agent id, tie-break, subject)"""

Rank = Callable[[int, int, int | None, Queue, Section], int]
"""(queued at, priority, due at, queue, section) → rank: ``rank`` of the centre's order."""

EntranceKey = tuple[SectionId, ChannelId, QueueId | None]

ClassKey = tuple[QueueId, ChannelId, Need, tuple[PoolId, ...], bool, int]


class Centre:
    """All state of one centre. ``epoch`` moves on when which profiles serve which class may have changed.
    ``waiting`` is how many are queued, ``seeking`` how many are broadcast and go on naming agents.
    """

    __slots__ = (
        "agents",
        "blocked_agents",
        "by_heads",
        "calendars",
        "channels",
        "classes",
        "deadlines",
        "effects",
        "ended",
        "ended_offers",
        "entrances",
        "epoch",
        "facts",
        "favouring",
        "figures",
        "freed",
        "handle_times",
        "hours_due",
        "interactions",
        "keeps_standings",
        "last_agents",
        "last_decision",
        "last_number",
        "last_offer",
        "last_tie",
        "lines",
        "link_lost_at",
        "match_all",
        "needs",
        "new_work",
        "now",
        "offered_unheard",
        "offers",
        "order",
        "plan",
        "policies",
        "pool_ids",
        "pools_signed_in",
        "profiles",
        "queues",
        "rank",
        "remembers_customers",
        "sections",
        "seeking",
        "selection",
        "shares",
        "tier_pools",
        "touched",
        "waiting",
        "watched_decision",
        "watcher",
    )

    def __init__(self, plan: Plan, policies: Policies, now: int) -> None:
        self.policies = policies
        self.now = now
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        self.deadlines: list[Deadline] = []
        self.needs = Needs()

        self.interactions: dict[InteractionId, Interaction] = {}
        self.ended: deque[tuple[int, Interaction]] = deque()
        self.offers: dict[OfferId, Holding] = {}
        self.link_lost_at: int | None = None
        self.offered_unheard: dict[
            OfferId, int
        ] = {}  # when offers were made that the agents cannot have heard of
        self.ended_offers: deque[Holding] = deque()
        self.agents: dict[AgentId, AgentState] = {}
        self.last_number = 0
        self.last_decision = 0
        self.last_offer = 0
        self.last_tie = 0
        self.waiting = 0
        self.seeking = 0

        self.classes: dict[ClassKey, DemandClass] = {}
        self.favouring: dict[int, Interaction] = {}
        self.last_agents: dict[str, tuple[AgentId, int]] = {}  # of customers, the oldest contact first
        self.epoch = 0
        self.pools_signed_in: dict[PoolId, int] = {}
        self.blocked_agents = 0
        self.calendars: dict[str, OpenHours] = {}
        self.hours_due: int | None = None

        self.new_work: list[Interaction] = []
        self.freed: list[AgentState] = []
        self.match_all = False
        self.touched: set[QueueState] = set()
        self.figures: RunningFigures | None = None
        self.watched_decision = 0
        self.watcher: Callable[[Interaction, AgentState], None] | None = None
        self.handle_times: dict[QueueId, int] = {}
        self.queues: dict[QueueId, QueueState] = {}
        self.adopt(plan)

    def adopt(self, plan: Plan) -> None:
        """Index a plan. Interactions and agents are carried over by ``reload``."""
        self.plan = plan
        self.lines: object = None  # of ``lines``, made when first asked for
        self._adopt_figures(plan)
        self.channels: dict[ChannelId, Channel] = {channel.channel_id: channel for channel in plan.channels}
        self.sections: dict[SectionId, SectionState] = {}
        before = self.queues
        self.queues = {}
        for section in plan.sections:
            state = self.sections[section.section_id] = SectionState(section)
            for queue in section.queues:
                asked = self.needs.asked(queue.requirement)
                self.queues[queue.queue_id] = QueueState(
                    queue,
                    state,
                    len(self.queues),
                    asked,
                    centre_is_limited=plan.limit is not None,
                    level_delays=delays_in(plan, queue.queue_id),
                )
        self.entrances: dict[EntranceKey, Entrance] = {}
        self.order: OrderPolicy = self.policies.orders[plan.order]
        self.rank: Rank = self.order.rank
        self.selection: SelectionPolicy | None = self.policies.selections.get(plan.selection)
        self.by_heads: HeadSelection | None = (
            None if self.selection is not None else self.policies.heads[plan.selection]
        )
        self.shares = sum(queue.plan.selection.share for queue in self.queues.values())
        self.handle_times = self._carried_handle_times(before)
        measured = self.policies.measured
        self.keeps_standings = bool(measured) and (
            any(channel.choice in measured for channel in plan.channels)
            or any(queue.plan.choice in measured for queue in self.queues.values())
        )
        self.remembers_customers = any(queue.plan.last_agent.ms for queue in self.queues.values())
        self.profiles = Profiles(plan, keeps_standings=self.keeps_standings)
        self.classes.clear()
        self.tier_pools: frozenset[PoolId] = frozenset(
            pool
            for queue in self.queues.values()
            if queue.plan.skip_empty
            for tier in queue.plan.tiers[:-1]
            for pool in tier
        )
        self.pool_ids: frozenset[PoolId] = frozenset(pool.pool_id for pool in plan.pools)
        self.epoch += 1

    def _adopt_figures(self, plan: Plan) -> None:
        rules, figures = plan.estimates, self.figures
        if rules is None:
            self.figures = None
        elif figures is None or figures.rules.window_ms != rules.window_ms:
            self.figures = RunningFigures(rules)
        else:
            figures.rules = rules
            queues = [queue.queue_id for section in plan.sections for queue in section.queues]
            figures.keep_only(queues, [channel.channel_id for channel in plan.channels])

    def _carried_handle_times(self, before: dict[QueueId, QueueState]) -> dict[QueueId, int]:
        """Return the running means of a selection that reads them: known ones go on while the plan begins with the same time."""
        if self.by_heads is None or not self.by_heads.reads_handle_times:
            return {}
        means: dict[QueueId, int] = {}
        for queue_id, queue in self.queues.items():
            begins_with = queue.plan.selection.handle_ms
            old = before.get(queue_id)
            goes_on = old is not None and old.plan.selection.handle_ms == begins_with
            means[queue_id] = self.handle_times.get(queue_id, begins_with) if goes_on else begins_with
        return means

    def fact(self, fact: Fact) -> None:
        """Note what happened."""
        self.facts.append(fact)

    def effect(self, effect: Effect) -> None:
        """Ask the world for something."""
        self.effects.append(effect)

    def deadline(
        self, due: int, kind: int, number: int, agent_id: str, subject: object, tie: int = 0
    ) -> None:
        """Set a deadline; it is cancelled by changing what its subject says about it."""
        if not tie:
            self.last_tie += 1
            tie = self.last_tie
        heappush(self.deadlines, (due, kind, number, agent_id, tie, subject))

    def settled(self, now: int) -> int:
        """Return the latest moment up to ``now`` of which the state tells: the clock stands still between signals, and beyond the next
        deadline the engine has to act before anything can be said.
        """
        due = self.deadlines[0][0] if self.deadlines else now
        return max(self.now, min(now, due))

    def find(self, interaction_id: InteractionId) -> Interaction:
        """Return the live interaction; raises ``unknown-interaction`` or ``interaction-ended``."""
        interaction = self.known(interaction_id)
        if interaction.state == "ended":
            how = interaction.ended_how or ""
            raise SignalError(
                "interaction-ended", f"interaction {interaction_id!r} has ended: {how}", state=how
            )
        return interaction

    def known(self, interaction_id: InteractionId) -> Interaction:
        """Return the interaction, live or ended; raises ``unknown-interaction``."""
        interaction = self.interactions.get(interaction_id)
        if interaction is None or self.is_forgotten(interaction):
            raise SignalError("unknown-interaction", f"interaction {shown(interaction_id)} is not known here")
        return interaction

    def is_forgotten(self, interaction: Interaction) -> bool:
        """Say whether the interaction ended so long ago that its id is free again."""
        return interaction.state == "ended" and interaction.ended_at + self.plan.remember_ms <= self.now

    def agent(self, agent_id: AgentId) -> AgentState:
        """Return the agent; raises ``unknown-agent``."""
        agent = self.agents.get(agent_id)
        if agent is None:
            hint = did_you_mean(agent_id, list(self.agents))
            text = f"agent {shown(agent_id)} is not known"
            raise SignalError("unknown-agent", f"{text} ({hint})" if hint else text)
        return agent

    def forget(self) -> None:
        """Drop the memory of what ended too long ago to matter."""
        while self.ended and self.ended[0][0] + self.plan.remember_ms <= self.now:
            interaction = self.ended.popleft()[1]
            if self.interactions.get(interaction.id) is interaction:
                del self.interactions[interaction.id]
        while self.ended_offers and self.ended_offers[0].offer_ended_at + OFFER_MEMORY_MS < self.now:
            del self.offers[self.ended_offers.popleft().offer_id]
