"""The names in what a case expects: each must be one that the case, or its centre, knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from router.config.names import Place, known
from router.core.plan import Plan
from router.harness.cases.models_expected import ExpectMap
from router.harness.cases.patterns import FactPattern, field_name
from router.telemetry.figures import SERVICE_LEVELS

CENTRE: Final = "centre"
_BY_WORK: Final = (
    "offered",
    "assigned",
    "scheduled",
    "ended",
    "priority",
    "asked",
    "steps",
    "explain",
    "decided",
    "missing",
    "unmet",
    "estimate",
    "next_change",
)
_BY_AGENT: Final = ("presence", "units")


class Known:
    """All names that a case may use: of its plans, of the work that arrives, and of groups of either."""

    def __init__(
        self, plans: Sequence[Plan], work: Sequence[str], groups: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.plans = plans
        self.work = dict.fromkeys(work)
        self.groups = groups
        self.agents = tuple(dict.fromkeys(agent.agent_id for plan in plans for agent in plan.agents))
        self.sections = {
            section.section_id: section.default_queue for plan in plans for section in plan.sections
        }
        self.queues = {
            queue.queue_id: queue for plan in plans for section in plan.sections for queue in section.queues
        }
        self._steps = sorted({step.name for queue in self.queues.values() for step in queue.ladder})
        self._pools = sorted({pool.pool_id for plan in plans for pool in plan.pools})
        self._are_agents = set(self.agents)

    def agent(self, name: str, place: Place, *, key: bool = False) -> bool:
        """Say whether there is such an agent, or group of copies; if not, note it."""
        if name in self._are_agents or any(one in self._are_agents for one in self.groups.get(name, ())):
            return True
        return known("agent", name, self.agents, place, key=key)

    def work_name(self, name: str, place: Place, *, key: bool = False) -> bool:
        """Say whether such work arrives; if not, note it."""
        if any(one in self.work for one in self.groups.get(name, (name,))):
            return True
        if not self.work:
            place.note(f"unknown work {name!r}", "no work arrives in this case", key=key)
            return False
        return known("work", name, self.work, place, key=key)

    def queue_or_section(self, name: str, place: Place) -> str | None:
        """Return the queue that is meant; None, noted, where there is none."""
        queues = {str(queue) for queue in self.queues}
        sections = {str(section): str(queue) for section, queue in self.sections.items()}
        if name in queues:
            return name
        if name in sections:
            return sections[name]
        known("queue or section", name, sorted(queues | set(sections)), place)
        return None

    def step(self, name: str, place: Place, *, key: bool = False) -> None:
        """Note a step that is in no ladder."""
        known("step", name, self._steps, place, key=key)

    def check_pattern(self, pattern: FactPattern) -> None:
        """Note names in a pattern that nothing has."""
        for field, value in pattern.wanted.items():
            here = pattern.place / pattern.kind / field_name(field)
            if field in {"interaction_id", "agent_id"}:
                if value in self.groups and value not in self.work and value not in self._are_agents:
                    here.note(f"{value!r} stands for several, a fact is about one", f"such as '{value}-1'")
                elif field == "interaction_id":
                    self.work_name(str(value), here)
                else:
                    self.agent(str(value), here)
            elif field in {"queue", "from_queue", "to_queue"}:
                known("queue", str(value), sorted(self.queues), here)
            elif field == "section":
                known("section", str(value), sorted(self.sections), here)
            elif field == "step":
                self.step(str(value), here)
            elif field == "pools" and isinstance(value, tuple):
                for pool in value:
                    known("pool", pool, self._pools, here)


def check_expected(expect: ExpectMap, place: Place, names: Known) -> None:
    """Note every name in what is expected that nothing has."""
    for field in _BY_WORK:
        here = place / field.replace("_", "-")
        for work in getattr(expect, field):
            names.work_name(work, here / work, key=True)
    for field in _BY_AGENT:
        for agent in getattr(expect, field):
            names.agent(agent, place / field / agent, key=True)
    for spot, agent in _agents(expect, place):
        names.agent(agent, spot, key=spot.steps[-1] == agent)
    for queue, waiting in expect.waiting.items():
        known("queue", queue, sorted(names.queues), place / "waiting" / queue, key=True)
        for index, work in enumerate(waiting):
            names.work_name(work, place / "waiting" / queue / index)
    for queue in expect.if_it_arrived:
        known("queue", queue, sorted(names.queues), place / "if-it-arrived" / queue, key=True)
    for index, work in enumerate(expect.order or ()):
        names.work_name(work, place / "order" / index)
    _check_steps(expect, place / "steps", names)
    _check_report(expect, place / "report", names)


def _agents(expect: ExpectMap, place: Place) -> Iterator[tuple[Place, str]]:
    for field in ("offered", "assigned", "ended"):
        for work, said in getattr(expect, field).items():
            here = place / field / work
            if isinstance(said, str):
                if field != "ended":
                    yield here, said
            elif (agent := getattr(said, "agent" if field == "ended" else "to")) is not None:
                yield here / ("agent" if field == "ended" else "to"), agent
    for field in ("explain", "decided"):
        for work, verdicts in getattr(expect, field).items():
            for agent in verdicts:
                yield place / field / work / agent, agent


def _check_steps(expect: ExpectMap, place: Place, names: Known) -> None:
    for work, taken in expect.steps.items():
        items: list[Any] = list(taken)
        for index, step in enumerate(items):
            is_key = isinstance(taken, dict)
            names.step(step, place / work / (step if is_key else index), key=is_key)


def _check_report(expect: ExpectMap, place: Place, names: Known) -> None:
    rows = [CENTRE, *sorted(names.sections), *sorted(names.queues)]
    for row, figures in expect.report.items():
        known("queue, section or 'centre'", row, rows, place / row, key=True)
        for formula in figures.service_level or ():
            here = place / row / "service-level" / formula
            if formula not in SERVICE_LEVELS:
                here.note(f"unknown formula {formula!r}", "one of " + "; ".join(SERVICE_LEVELS), key=True)
