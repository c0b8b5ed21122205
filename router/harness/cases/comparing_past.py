"""What a case expects to have happened, and how much: facts, counts and figures of the report, against what was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.config.names import Place
from router.harness.cases.difference import Difference, differs
from router.harness.cases.models_expected import CountMap, FiguresMap
from router.harness.cases.patterns import FactPattern, line
from router.harness.cases.reading_expected import CENTRE
from router.harness.cases.world import World
from router.telemetry.figures import Flow


def happened(world: World, patterns: Sequence[FactPattern]) -> Iterator[Difference]:
    """Yield the first of the patterns that has not happened after the ones before it, or not so often as it says.

    How often something happened is no matter of order: such patterns stand outside of it.
    """
    position = 0
    facts = world.facts
    before = ""
    for pattern in patterns:
        fitting = [fact for fact in facts if pattern.fits(fact)]
        if pattern.times is not None and len(fitting) != pattern.times:
            found = f"{len(fitting)} times" + "".join(f"\n{line(fact)}" for fact in fitting[:8])
            yield Difference(place=pattern.place, what="happened", expected=str(pattern), found=found)
            return
        if pattern.times is not None:
            continue
        index = next((i for i in range(position, len(facts)) if pattern.fits(facts[i])), None)
        if index is None:
            close = [fact for fact in facts if type(fact) is pattern.fact_type]
            shown = [line(fact) for fact in (fitting or close)[:8]]
            told = f"has happened, but not after '{before}'" if fitting else "has not happened; alike are"
            found = "\n".join((told, *shown))
            yield Difference(
                place=pattern.place,
                what="happened",
                expected=str(pattern),
                found=found if shown else "has not happened, nor anything of the kind",
                about=str(pattern.wanted.get("interaction_id", "")),
            )
            return
        position, before = index + 1, str(pattern)


def never(world: World, patterns: Sequence[FactPattern]) -> Iterator[Difference]:
    """Yield what must not have happened and has."""
    for pattern in patterns:
        found = next((fact for fact in world.facts if pattern.fits(fact)), None)
        if found is not None:
            about = str(getattr(found, "interaction_id", ""))
            yield Difference(
                place=pattern.place,
                what="never",
                expected=f"not: {pattern}",
                found=line(found).strip(),
                about=about,
            )


def count(world: World, wanted: CountMap, place: Place) -> Iterator[Difference]:
    """Yield how much there is otherwise than it is expected."""
    centre = world.engine.centre
    states = [each.state for each in centre.interactions.values()]
    open_offers = {
        agent.id
        for agent in centre.agents.values()
        if any(holding.state == "offered" for holding in agent.holdings)
    }
    rows = (
        ("waiting", wanted.waiting, states.count("queued")),
        ("offered", wanted.offered, states.count("offered")),
        ("assigned", wanted.assigned, states.count("assigned")),
        ("ended", wanted.ended, states.count("ended")),
        ("agents-offered", wanted.agents_offered, len(open_offers)),
    )
    for key, number, found in rows:
        if number is not None:
            yield from differs(f"how many: {key}", number, found, place / key)


def report(world: World, row: str, wanted: FiguresMap, place: Place) -> Iterator[Difference]:
    """Yield the figures of a queue, a section or the centre that are not as they are expected."""
    flow = _flow(world, row)
    for name in FiguresMap.model_fields:
        number = getattr(wanted, name)
        if number is None:
            continue
        here = place / name.replace("_", "-")
        if name != "service_level":
            yield from differs(
                f"report of {row}: {name.replace('_', ' ')}", number, getattr(flow, name), here
            )
            continue
        levels = flow.service_levels()
        for formula, share in number.items():
            level = levels[formula]
            found = "none" if level is None else f"{round(level, 3):g}"
            yield from differs(f"report of {row}: {formula}", f"{share / 1_000:g}", found, here / formula)


def _flow(world: World, row: str) -> Flow:
    figures = world.kpis.figures(world.now)
    if row == CENTRE:
        return figures.flow
    queues = {queue.queue_id: queue.flow for section in figures.sections for queue in section.queues}
    sections = {section.section_id: section.flow for section in figures.sections}
    return next(flow for name, flow in (*queues.items(), *sections.items()) if name == row)
