"""Needs, conditions and ladders as they are written, to requirement trees, conditions and steps of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import count

from router.config.names import Names, Place
from router.config.scalars import duration_text, found
from router.config.schema_ladders import NoticeMap, OperationMap, RelaxMap, StepMap
from router.config.schema_rules import (
    AskedSkill,
    Need,
    NeedMap,
    Test,
    TestMap,
    When,
    WhenMap,
    as_list,
)
from router.config.yaml_source import shown
from router.core import plan
from router.core.calendar_plan import Closed
from router.core.names import AgentId, PoolId, QueueId, SkillName
from router.core.order_plan import Expedite, SetPriority
from router.core.requirement import (
    NO_REQUIREMENT,
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    problems,
)
from router.errors import did_you_mean

# ── needs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def requirement(need: Need | None, place: Place, names: Names) -> Requirement:
    """Return the tree for what is written, and note what cannot be."""
    if need is None:
        return NO_REQUIREMENT
    before = len(place.document.problems)
    growing = _Growing(names)
    tree = growing.tree(need, place)
    if tree.expires_ms is not None or tree.weight is not None:
        tree = All(of=(tree,))  # a single part at the top is one of an 'all' of one
    _check_marks(tree, None, top=True, origins=growing.origins, place=place)
    if len(place.document.problems) == before:
        for problem in problems(tree):
            place.note(problem)
    return tree


class _Growing:
    """Makes a tree, and remembers where its nodes are written."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.origins: dict[int, Place] = {}

    def tree(self, need: Need, place: Place) -> Requirement:
        node: Requirement
        if isinstance(need, AskedSkill):
            self.names.skill(need.skill, place)
            node = SkillTerm(skill=SkillName(need.skill), op=need.asked.op, level=need.asked.level)
        elif isinstance(need, list):
            node = All(of=tuple(self.tree(part, place / index) for index, part in enumerate(need)))
        else:
            entries = tuple(self._entries(need, place))
            marks = (need.expires, need.opens, need.weight)
            node = entries[0] if len(entries) == 1 else All(of=entries)
            if marks != (None, None, None):
                if (node.expires_ms, node.opens_ms, node.weight) != (None, None, None):
                    node = All(of=(node,))
                node = replace(node, expires_ms=need.expires, opens_ms=need.opens, weight=need.weight)
        self.origins[id(node)] = place
        return node

    def _entries(self, need: NeedMap, place: Place) -> Iterator[Requirement]:
        names = self.names
        for key in place.entries():
            here = place / key
            match key:
                case "expires" | "opens" | "weight":
                    pass
                case "all" if need.all is not None:
                    yield self.tree(need.all, here)
                case "any" if need.any is not None:
                    yield Any(of=tuple(self.tree(part, here / index) for index, part in enumerate(need.any)))
                case "not" if need.not_ is not None:
                    yield Not(of=self.tree(need.not_, here))
                case "agent" if need.agent is not None:
                    for name, spot in spots(need.agent, here):
                        names.agent(name, spot)
                    yield AgentTerm(agents=tuple(AgentId(name) for name in as_list(need.agent)))
                case "tag" if need.tag is not None:
                    for tag, value in need.tag.items():
                        yield TagTerm(tag=tag, value=value)
                case "pool" if need.pool is not None:
                    for name, spot in spots(need.pool, here):
                        names.pool(name, spot)
                    pools = tuple(PoolTerm(pool=PoolId(name)) for name in as_list(need.pool))
                    yield pools[0] if len(pools) == 1 else Any(of=pools)
                case _ if key in need.skills:
                    if names.skills is None or key in names.skills:
                        asked = need.skills[key]
                        yield SkillTerm(skill=SkillName(key), op=asked.op, level=asked.level)
                    else:
                        words = [*names.skills, *sorted(NeedMap.WORDS)]
                        hint = did_you_mean(key, words) or did_you_mean(key, names.skills)
                        here.note(f"unknown skill {shown(key)!r}", hint, key=True)


def spots(written: str | list[str], place: Place) -> Iterator[tuple[str, Place]]:
    """Yield each name of ``Names`` and where it stands."""
    if isinstance(written, str):
        yield written, place
    else:
        for index, name in enumerate(written):
            yield name, place / index


def _check_marks(
    tree: Requirement, parent: type[Requirement] | None, *, top: bool, origins: dict[int, Place], place: Place
) -> None:
    """Note marks of time and weight that stand where they mean nothing, at their own places."""
    place = origins.get(id(tree), place)
    if tree.expires_ms is not None and parent is not All:
        (place / "expires").note("'expires' stands only on parts of an 'all'", key=True)
    if tree.opens_ms is not None and parent is not Any:
        (place / "opens").note("'opens' stands only on branches of an 'any'", key=True)
    if tree.weight is not None and not (top and parent is All and not isinstance(tree, All | Any | Not)):
        (place / "weight").note("'weight' stands only on single terms at the top", key=True)
    match tree:
        case All() | Any():
            for part in tree.of:
                below_top = top and parent is None and isinstance(tree, All)
                _check_marks(part, type(tree), top=below_top, origins=origins, place=place)
        case Not():
            _check_marks(tree.of, Not, top=False, origins=origins, place=place)
        case _:
            pass


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────

_FIELDS = ("channel", "customer", "priority")


def condition(when: When | None, place: Place, names: Names) -> plan.Condition:
    """Return the condition for what is written, and note what cannot be."""
    if when is None:
        return plan.AllOf()
    if isinstance(when, list):
        return plan.AllOf(of=tuple(condition(part, place / index, names) for index, part in enumerate(when)))
    parts = tuple(_conditions(when, place, names))
    return parts[0] if len(parts) == 1 else plan.AllOf(of=parts)


def _conditions(when: WhenMap, place: Place, names: Names) -> Iterator[plan.Condition]:
    tests: dict[str, Test | None] = {
        "channel": when.channel,
        "customer": when.customer,
        "priority": when.priority,
    }
    for key in place.entries():
        here = place / key
        match key:
            case "all" if when.all is not None:
                yield condition(when.all, here, names)
            case "any" if when.any is not None:
                parts = (condition(part, here / index, names) for index, part in enumerate(when.any))
                yield plan.AnyOf(of=tuple(parts))
            case "not" if when.not_ is not None:
                yield plan.NotOf(of=condition(when.not_, here, names))
            case _ if key in when.attributes:
                _check_field(key, here)
                yield from _matches(key, when.attributes[key], here, names)
            case _:
                test = tests.get(key)
                if test is not None:
                    yield from _matches(key, test, here, names)


def _check_field(key: str, place: Place) -> None:
    attribute = key.removeprefix("attributes.")
    if key.startswith("attributes.") and 1 <= len(attribute) <= 64:
        return
    if key.startswith("attributes."):
        place.note("an attribute's name has 1 to 64 characters", key=True)
        return
    words = [*_FIELDS, "all", "any", "not"]
    hint = did_you_mean(key, words) if get_close_matches(key, words, n=1, cutoff=0.6) else ""
    head, _, tail = key.rpartition(".")
    if not hint:
        hint = (
            f"for an attribute write 'attributes.{shown(tail)}'" if tail and head in {"", "attribute"} else ""
        )
    place.note(
        f"unknown field {shown(key)!r}", hint or "channel, customer, priority or attributes.NAME", key=True
    )


def _matches(name: str, test: Test, place: Place, names: Names) -> Iterator[plan.Match]:
    if isinstance(test, list):
        yield _match(name, "in", tuple(test), place, names)
    elif isinstance(test, TestMap):
        for key in place.entries():
            op = next((op for op in TestMap.FIELDS if op == key), None)
            value = getattr(test, TestMap.FIELDS[op]) if op else None
            if op and value is not None:
                yield _match(name, op, tuple(value) if isinstance(value, list) else value, place / key, names)
    else:
        yield _match(name, "==", test, place, names)


def _match(
    name: str,
    op: plan.MatchOp,
    value: str | int | float | bool | tuple[str | int | float | bool, ...],
    place: Place,
    names: Names,
) -> plan.Match:
    values = value if isinstance(value, tuple) else (value,)
    for index, part in enumerate(values):
        spot = place / index if isinstance(value, tuple) else place
        if op == "exists":
            continue
        if name == "channel" and op in {"==", "!=", "in"}:
            names.channel(str(part), spot)
        elif name == "priority" and not (isinstance(part, int) and not isinstance(part, bool)):
            spot.note(f"a priority is a whole number, not {found(part)}")
        elif name in {"channel", "customer"} and not isinstance(part, str):
            spot.note(f"a {name} is a text, not {found(part)}", f"put it in quotes: '{shown(part)}'")
        elif op in {">=", ">", "<=", "<"} and isinstance(part, bool):
            spot.note("true and false have no order", "compare with '==' or '!='")
    return plan.Match(field=name, op=op, value=value)


# ── ladders ──────────────────────────────────────────────────────────────────────────────────────────────────────


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
        if step.name is not None and step.name in taken:
            (here / "name").note(
                f"a step named {shown(step.name)!r} stands above already", "names are unique in a ladder"
            )
        name = step.name or next(free for free in _numbered(name) if free not in taken)
        taken[name] = here
        operations = tuple(_operations(step.do, here / "do", names))
        made.append(plan.Step(name=name, trigger=trigger, operations=operations))
    return tuple(made)


def _trigger(step: StepMap) -> tuple[plan.Trigger, str]:
    if step.after is not None:
        return plan.After(ms=step.after), f"after-{duration_text(step.after)}"
    if step.when == "closed":
        return Closed(), "closed"
    if step.when is None or isinstance(step.when, str):
        return plan.NoEligibleAgent(), "no-eligible-agent"
    return plan.QueueLength(above=step.when.queue_length), f"queue-length-{step.when.queue_length}"


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
        return SetPriority(to=item.set_priority)
    if item.expedite:
        return Expedite()
    if item.move_to is not None:
        queue = names.queue_or_section(item.move_to, place / "move-to")
        return None if queue is None else plan.MoveTo(queue=QueueId(queue))
    if item.notify is not None:
        notice = item.notify if isinstance(item.notify, NoticeMap) else NoticeMap(target=item.notify)
        return plan.Notify(target=notice.target, message=notice.message or "")
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
