"""What makes a well-formed plan impossible. Every problem at once, each as a sentence that says where and what would do.

``router.config`` says the same of files, with lines and columns; this is the last gate, also for plans made by programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.model import Agent
from agents.pools import is_member
from router.core.calendar_check import calendar_problems
from router.core.callback_plan import callback_problems
from router.core.estimate_plan import EstimatedWait
from router.core.intake import INTAKE_FIELDS
from router.core.ladder_check import expression_problems, ladder_problems, unknown_name
from router.core.names import ID_PATTERN, QueueId
from router.core.plan import IntakeRule, Limit, Plan, Queue, Section
from router.core.policy import Policies
from router.core.rates import rate_problems
from router.core.requirement import PoolTerm, Requirement, problems, terms
from router.core.selection_plan import level_problems, selection_problems


def plan_problems(plan: Plan, policies: Policies) -> list[str]:
    """Return what makes the plan impossible, in reading order; empty when nothing does."""
    return list(_Check(plan, policies).problems())


class _Check:
    def __init__(self, plan: Plan, policies: Policies) -> None:
        self.plan = plan
        self.policies = policies
        self.channels = [channel.channel_id for channel in plan.channels]
        self.pools = [pool.pool_id for pool in plan.pools]
        self.queues = [queue.queue_id for section in plan.sections for queue in section.queues]

    def problems(self) -> Iterator[str]:
        plan = self.plan
        yield from self._unique("channel", self.channels)
        yield from self._unique("section", [section.section_id for section in plan.sections])
        yield from self._unique("queue", self.queues)
        yield from self._unique("pool", self.pools)
        yield from self._unique("calendar", [calendar.calendar_id for calendar in plan.calendars])
        yield from self._unique("agent", [agent.agent_id for agent in plan.agents])
        if not plan.channels:
            yield "the plan has no channel; add one"
        if not plan.sections:
            yield "the plan has no section; add one"
        yield from self._known("order", plan.order, self.policies.orders)
        yield from self._known("selection", plan.selection, self.policies.selection_names())
        for name, value, least in (
            ("presence_ttl_ms", plan.presence_ttl_ms, 1),
            ("hop_limit", plan.hop_limit, 0),
            ("check_every_ms", plan.check_every_ms, 1),
            ("remember_ms", plan.remember_ms, 0),
            ("handled_window_ms", plan.handled_window_ms, 1),
            ("customer_memory_ms", plan.customer_memory_ms, 0),
            ("customer_memory_max", plan.customer_memory_max, 0),
        ):
            if value is not None and value < least:
                yield f"{name} {value} is less than {least}"
        for channel in plan.channels:
            where = f"channel {channel.channel_id!r}"
            if channel.cost < 1:
                yield f"{where}: cost {channel.cost} is less than 1"
            if channel.hold_ms is not None and channel.hold_ms < 0:
                yield f"{where}: hold {channel.hold_ms} ms is negative"
            yield from self._known(f"{where}: choice", channel.choice, self.policies.choices())
            for other in channel.interruptible_by:
                yield from self._known(f"{where}: interruptible by channel", other, self.channels)
        yield from self._limit("centre", plan.limit)
        if plan.estimates is not None:
            for name, value in (
                ("window", plan.estimates.window_ms),
                ("least-services", plan.estimates.least_services),
            ):
                if value < 1:
                    yield f"estimates: {name} {value} is less than 1"
        yield from self._agents()
        yield from self._pools()
        for section in plan.sections:
            yield from self._section(section)
        yield from calendar_problems(plan)
        yield from self._overflow_cycles()
        for gone, successor in plan.successors:
            yield from self._known(f"successor of queue {gone!r}: queue", successor, self.queues)

    def _unique(self, kind: str, names: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        for name in names:
            if ID_PATTERN.match(name) is None:
                yield f"{kind} {name!r}: expected 1 to 64 letters, digits or _ . : -"
            if name in seen:
                yield f"{kind} {name!r} is there twice; rename one"
            seen.add(name)

    def _known(self, what: str, name: str, known: Iterable[str]) -> Iterator[str]:
        yield from unknown_name(what, name, known)

    def _limit(self, where: str, limit: Limit | None) -> Iterator[str]:
        if limit is None:
            return
        if limit.max_waiting is not None and limit.max_waiting < 0:
            yield f"{where}: max-waiting {limit.max_waiting} is negative"
        if limit.max_estimated_ms is not None:
            if limit.max_estimated_ms < 0:
                yield f"{where}: max-estimated-wait {limit.max_estimated_ms} ms is negative"
            if self.plan.estimates is None:
                yield f"{where}: max-estimated-wait needs estimates; turn them on in the centre"
        elif limit.max_waiting is None:
            yield f"{where}: a limit bounds max-waiting or max-estimated-wait"
        if limit.when_full == "overflow":
            yield from self._known(f"{where}: overflow to queue", limit.target, self.queues)
        elif limit.when_full == "divert" and not limit.target:
            yield f"{where}: a divert needs a target"

    def _agents(self) -> Iterator[str]:
        for agent in self.plan.agents:
            where = f"agent {agent.agent_id!r}"
            if agent.capacity < 1:
                yield f"{where}: capacity {agent.capacity} is less than 1"
            yield from level_problems(where, agent.queue_levels, self.queues)
            names = [skill.name for skill in agent.skills]
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield f"{where}: skill {name!r} is there twice; keep one level"
            for channel in agent.channels:
                yield from self._known(f"{where}: channel", channel, self.channels)
            yield from self._speeds(where, agent)
            for channel, cost in agent.costs:
                yield from self._known(f"{where}: cost of channel", channel, self.channels)
                if cost < 1:
                    yield f"{where}: cost {cost} of channel {channel!r} is less than 1"
            for channel, most in agent.channel_max:
                yield from self._known(f"{where}: maximum of channel", channel, self.channels)
                if most < 1:
                    yield f"{where}: maximum {most} of channel {channel!r} is less than 1"
            if agent.rate is not None:
                yield from rate_problems(where, agent.kind, agent.rate)
            for channel, wrap_up in agent.wrap_up:
                yield from self._known(f"{where}: wrap-up of channel", channel, self.channels)
                if wrap_up.limit_ms < 0:
                    yield f"{where}: wrap-up of channel {channel!r} is negative"

    def _speeds(self, where: str, agent: Agent) -> Iterator[str]:
        if agent.speed < 1:
            yield f"{where}: speed {agent.speed} is less than 1 (1000 is ordinary)"
        for channel, speed in agent.speeds:
            yield from self._known(f"{where}: speed on channel", channel, self.channels)
            if speed < 1:
                yield f"{where}: speed {speed} on channel {channel!r} is less than 1 (1000 is ordinary)"

    def _pools(self) -> Iterator[str]:
        agents = {agent.agent_id for agent in self.plan.agents}
        for pool in self.plan.pools:
            yield from level_problems(f"pool {pool.pool_id!r}", pool.queue_levels, self.queues)
            for member in pool.members:
                if member not in agents:
                    yield f"pool {pool.pool_id!r}: member {member!r} is not in the roster"
            if self.plan.agents and not any(is_member(pool, agent) for agent in self.plan.agents):
                yield f"pool {pool.pool_id!r}: no agent of the roster can be in it; lower what it asks or add one"

    def _section(self, section: Section) -> Iterator[str]:
        where = f"section {section.section_id!r}"
        own = [queue.queue_id for queue in section.queues]
        if not own:
            yield f"{where} has no queue; add one"
        yield from self._known(f"{where}: default queue", section.default_queue, own)
        yield from self._limit(where, section.limit)
        if section.callbacks is not None:
            yield from callback_problems(where, section.callbacks)
        if section.ms_per_point < 0:
            yield f"{where}: {section.ms_per_point} ms per point of priority is negative"
        for channel in self.channels:
            if channel not in dict(section.offers):
                yield f"{where}: no offer rules for channel {channel!r}"
            if channel not in dict(section.wrap_up):
                yield f"{where}: no wrap-up rule for channel {channel!r}"
        for channel, rules in section.offers:
            yield from self._known(f"{where}: offers of channel", channel, self.channels)
            for name, value, least in (
                ("timeout", rules.timeout_ms, 1),
                ("pause", rules.pause_ms, 1),
                ("retry-after", rules.retry_after_ms, 1),
                ("all-declined-pause", rules.all_declined_pause_ms, 1),
                ("max-no-answer", rules.max_no_answer, 0),
                ("broadcast", rules.broadcast, 1),
            ):
                if value < least:
                    yield f"{where}: offers of channel {channel!r}: {name} {value} is less than {least}"
            if rules.auto_answer and rules.broadcast > 1:
                yield (
                    f"{where}: offers of channel {channel!r}: what is answered automatically cannot be broadcast;"
                    " choose auto-answer or broadcast"
                )
        for channel, wrap_up in section.wrap_up:
            yield from self._known(f"{where}: wrap-up of channel", channel, self.channels)
            if wrap_up.limit_ms < 0:
                yield f"{where}: wrap-up of channel {channel!r} is negative"
        for rule in section.intake:
            yield from self._intake(where, rule, own)
        for queue in section.queues:
            yield from self._queue(section, queue)

    def _intake(self, where: str, rule: IntakeRule, own: list[QueueId]) -> Iterator[str]:
        yield from expression_problems(f"{where}: intake rule {rule.name!r}", rule.when, INTAKE_FIELDS)
        if rule.queue is not None:
            yield from self._known(f"{where}: intake rule {rule.name!r}: queue", rule.queue, own)
        if rule.requirement is not None:
            yield from self._requirement(f"{where}: intake rule {rule.name!r}", rule.requirement)

    def _requirement(self, where: str, tree: Requirement) -> Iterator[str]:
        for problem in problems(tree):
            yield f"{where}: {problem}"
        for term in terms(tree):
            if isinstance(term, PoolTerm):
                yield from self._known(f"{where}: pool", term.pool, self.pools)

    def _queue(self, section: Section, queue: Queue) -> Iterator[str]:
        where = f"queue {queue.queue_id!r}"
        if queue.section_id != section.section_id:
            yield f"{where} stands in section {section.section_id!r} but says it is in {queue.section_id!r}"
        yield from self._requirement(where, queue.requirement)
        yield from self._limit(where, queue.limit)
        listed = [pool for tier in queue.tiers for pool in tier]
        for pool in listed:
            yield from self._known(f"{where}: pool", pool, self.pools)
        for pool in sorted({pool for pool in listed if listed.count(pool) > 1}):
            yield f"{where}: pool {pool!r} stands in two tiers; keep one"
        for name, _ in queue.score:
            yield from self._known(f"{where}: score", name, self.policies.terms)
        for what, window in (("last_agent", queue.last_agent), ("preferred", queue.preferred)):
            if window.ms < 0:
                yield f"{where}: the window {what} of {window.ms} ms is negative"
        if queue.tolerance < 0:
            yield f"{where}: tolerance {queue.tolerance} is negative"
        if queue.time_to_live_ms is not None and queue.time_to_live_ms < 1:
            yield f"{where}: time-to-live {queue.time_to_live_ms} ms is less than 1"
        if queue.choice is not None:
            yield from self._known(f"{where}: choice", queue.choice, self.policies.choices())
        yield from selection_problems(where, queue.selection)
        yield from ladder_problems(where, queue, self.queues, self.pools)
        for step in queue.ladder:
            if isinstance(step.trigger, EstimatedWait) and self.plan.estimates is None:
                yield f"{where}: step {step.name!r}: estimated-wait needs estimates; turn them on in the centre"

    def _overflow_cycles(self) -> Iterator[str]:
        """Queues whose limits overflow in a ring turn work round until the hop limit: refuse the ring."""
        target: dict[str, str] = {}
        for section in self.plan.sections:
            for queue in section.queues:
                for limit in (queue.limit, section.limit):
                    if limit is not None and limit.when_full == "overflow" and queue.queue_id not in target:
                        target[queue.queue_id] = limit.target
        reported: set[str] = set()
        for start in target:
            path = [start]
            while path[-1] in target and target[path[-1]] not in path:
                path.append(target[path[-1]])
            following = target.get(path[-1])
            if following == start and not reported.intersection(path):
                reported.update(path)
                yield f"overflow goes round: {' → '.join([*path, start])}; let one of them refuse or divert"
