"""Ladders as they are written, to steps of the plan: triggers, conditions, operations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from router.config.compile_rules import INTAKE_FIELDS, Fields, condition, spots
from router.config.names import Names, Place
from router.config.schema_ladders import (
    AnnouncementMap,
    GuardMap,
    NoticeMap,
    OperationMap,
    RelaxMap,
    StepMap,
    TriggerMap,
)
from router.config.schema_rules import When, as_list
from router.config.yaml_source import shown
from router.core import callback_plan, ladder_plan, order_plan, plan
from router.core.calendar_plan import Closed
from router.core.durations import duration_text
from router.core.estimate_plan import EstimatedWait
from router.core.guards import EXPRESSION_FIELDS
from router.core.names import PoolId, QueueId, SkillName

GUARD_FIELDS = Fields((*INTAKE_FIELDS.of_mappings, *GuardMap.OWN), EXPRESSION_FIELDS)


def ladder(steps: list[StepMap], place: Place, names: Names) -> tuple[plan.Step, ...]:
    """Return the steps for what is written, and note what cannot be."""
    made: list[plan.Step] = []
    taken: dict[str, Place] = {}
    latest = 0
    for index, step in enumerate(steps):
        here = place / index
        trigger, name = _trigger(step)
        if isinstance(trigger, plan.After):
            if trigger.ms < latest:
                hint = "put the steps in the order of their times"
                what = f"after {duration_text(trigger.ms)} stands behind after {duration_text(latest)}"
                (here / "after").note(what, hint)
            latest = max(latest, trigger.ms)
        if isinstance(trigger, EstimatedWait):
            names.needs_estimates("estimated-wait", here / "when" / "estimated-wait")
        if step.name is not None and step.name in taken:
            (here / "name").note(
                f"a step named {shown(step.name)!r} stands above already", "names are unique in a ladder"
            )
        name = step.name or next(free for free in _numbered(name) if free not in taken)
        taken[name] = here
        made.append(
            plan.Step(
                name=name,
                trigger=trigger,
                operations=tuple(_operations(step.do, here / "do", names)),
                guard=_guard(step, here, names),
                repeat_ms=step.repeat,
                times=step.times,
            )
        )
    return tuple(made)


def _trigger(step: StepMap) -> tuple[plan.Trigger, str]:
    if step.after is not None:
        return plan.After(ms=step.after), f"after-{duration_text(step.after)}"
    if step.before_due is not None:
        return ladder_plan.BeforeDue(ms=step.before_due), f"before-due-{duration_text(step.before_due)}"
    match step.when:
        case TriggerMap(queue_length=int(above)):
            return plan.QueueLength(above=above), f"queue-length-{above}"
        case TriggerMap(estimated_wait=int(ms)):
            return EstimatedWait(above_ms=ms), f"estimated-wait-{duration_text(ms)}"
        case TriggerMap():
            return ladder_plan.Holds(), "holds"
        case "all-declined":
            return ladder_plan.AllDeclined(), "all-declined"
        case "closed":
            return Closed(), "closed"
        case _:
            return plan.NoEligibleAgent(), "no-eligible-agent"


def _guard(step: StepMap, place: Place, names: Names) -> plan.Condition:
    """Return what must hold for the step: its trigger's condition, where that is one, and its own."""
    parts: list[plan.Condition] = []
    if isinstance(step.when, TriggerMap) and step.when.holds is not None:
        parts.append(_condition(step.when.holds, place / "when" / "holds", names))
    if step.if_ is not None:
        parts.append(_condition(step.if_, place / "if", names))
    return parts[0] if len(parts) == 1 else plan.AllOf(of=tuple(parts))


def _condition(written: When, place: Place, names: Names) -> plan.Condition:
    return condition(written, place, names, fields=GUARD_FIELDS)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _operations(items: list[OperationMap], place: Place, names: Names) -> Iterator[plan.Operation]:
    ended = ""
    for index, item in enumerate(items):
        here = place / index
        if ended:
            here.note(f"stands behind '{ended}', after which nothing runs", "put it before, or remove it")
        operation = _operation(item, here, names)
        if item.divert is not None or item.end is not None:
            ended = "divert" if item.divert is not None else "end"
        if operation is not None:
            yield operation


def _operation(item: OperationMap, place: Place, names: Names) -> plan.Operation | None:
    if item.relax is not None:
        return _relax(item.relax, place / "relax", names)
    if item.widen_to is not None:
        for name, spot in spots(item.widen_to, place / "widen-to"):
            names.pool(name, spot)
        return plan.WidenTo(pools=tuple(PoolId(name) for name in as_list(item.widen_to)))
    if item.raise_priority is not None:
        return plan.RaisePriority(by=item.raise_priority)
    if item.set_priority is not None:
        return order_plan.SetPriority(to=item.set_priority)
    if item.expedite:
        return order_plan.Expedite()
    if item.move_to is not None:
        queue = names.queue_or_section(item.move_to, place / "move-to")
        return None if queue is None else plan.MoveTo(queue=QueueId(queue))
    if item.notify is not None:
        notice = item.notify if isinstance(item.notify, NoticeMap) else NoticeMap(target=item.notify)
        return plan.Notify(target=notice.target, message=notice.message or "")
    if item.announce is not None:
        said = (
            item.announce
            if isinstance(item.announce, AnnouncementMap)
            else AnnouncementMap(text=item.announce)
        )
        return ladder_plan.Announce(text=said.text, target=said.target)
    if item.offer_callback is not None:
        asked = item.offer_callback
        return callback_plan.OfferCallback(text=asked if isinstance(asked, str) else asked.text or "")
    if item.divert is not None:
        return plan.DivertTo(target=item.divert)
    return None if item.end is None else plan.EndWith(reason=item.end)


def _relax(relax: str | RelaxMap, place: Place, names: Names) -> plan.Relax:
    if isinstance(relax, str):
        names.skill(relax, place)
        return plan.Relax(skill=SkillName(relax))
    if relax.skill is not None:
        names.skill(relax.skill, place / "skill")
        return plan.Relax(skill=SkillName(relax.skill), to=relax.to)
    return plan.Relax(tag=relax.tag)
