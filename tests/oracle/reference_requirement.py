"""What a requirement tree says about an agent after some time and some relaxations, read off the tree each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.model import Agent, Pool, SkillName
from agents.pools import is_member
from agents.skills import levels
from router.core.plan import Relax
from router.core.requirement import (
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    describe,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tree is read: this long after the place, with these relaxations and pools."""

    elapsed: int
    relaxations: Sequence[Relax]
    pools: Sequence[Pool]


def is_met(tree: Requirement, agent: Agent, reading: Reading) -> bool:
    """Say whether the agent meets the tree now. Preferences are no conditions."""
    return _is_met(tree, agent, reading, under_not=False)


def _is_met(tree: Requirement, agent: Agent, reading: Reading, *, under_not: bool) -> bool:
    match tree:
        case All():
            parts = [part for part in tree.of if part.weight is None and _counts(part, reading)]
            return all(_is_met(part, agent, reading, under_not=under_not) for part in parts)
        case Any():
            parts = [part for part in tree.of if _counts(part, reading)]
            return any(_is_met(part, agent, reading, under_not=under_not) for part in parts)
        case Not():
            return not _is_met(tree.of, agent, reading, under_not=True)
        case SkillTerm():
            return _is_skilled(tree, agent, [] if under_not else reading.relaxations)
        case TagTerm():
            relaxed = not under_not and any(relax.tag == tree.tag for relax in reading.relaxations)
            return relaxed or dict(agent.tags).get(tree.tag) == tree.value
        case AgentTerm():
            return agent.agent_id in tree.agents
        case PoolTerm():
            return any(pool.pool_id == tree.pool and is_member(pool, agent) for pool in reading.pools)


def _counts(part: Requirement, reading: Reading) -> bool:
    if part.expires_ms is not None and reading.elapsed >= part.expires_ms:
        return False
    return part.opens_ms is None or reading.elapsed >= part.opens_ms


def _is_skilled(term: SkillTerm, agent: Agent, relaxations: Sequence[Relax]) -> bool:
    wanted = term.level
    for relax in relaxations:
        if relax.skill != term.skill:
            continue
        if relax.to is None:
            return True
    level = levels(agent).get(term.skill)
    if level is None:
        return False
    lowered = [relax.to for relax in relaxations if relax.skill == term.skill and relax.to is not None]
    match term.op:
        case ">=":
            return level >= min([wanted, *lowered])
        case ">":
            # `> n` asks for at least n + 1; relaxed to m it asks for at least min(n + 1, m).
            return level >= min([wanted + 1, *lowered])
        case "<=":
            return level <= wanted
        case "<":
            return level < wanted
        case "==":
            return level == wanted
        case "!=":
            return level != wanted


def wanted_skills(tree: Requirement, reading: Reading) -> list[SkillName]:
    """Return the skills that the tree asks for now, each once, in reading order."""
    found: list[SkillName] = []
    for term in _asked_terms(tree, reading):
        relaxed = any(relax.skill == term.skill and relax.to is None for relax in reading.relaxations)
        if term.op in (">=", ">", "==") and not relaxed and term.skill not in found:
            found.append(term.skill)
    return found


def wanted_levels(tree: Requirement, reading: Reading) -> dict[SkillName, int]:
    """Return the least level that is asked of each wanted skill, as relaxed."""
    found: dict[SkillName, int] = {}
    for term in _asked_terms(tree, reading):
        if term.skill not in wanted_skills(tree, reading) or term.op not in (">=", ">", "=="):
            continue
        level = term.level + 1 if term.op == ">" else term.level
        lowered = [relax.to for relax in reading.relaxations if relax.skill == term.skill and relax.to]
        if term.op != "==":
            level = min([level, *lowered])
        found[term.skill] = min(level, found.get(term.skill, level))
    return found


def _asked_terms(tree: Requirement, reading: Reading) -> Iterator[SkillTerm]:
    match tree:
        case All() | Any():
            for part in tree.of:
                if part.weight is None and _counts(part, reading):
                    yield from _asked_terms(part, reading)
        case SkillTerm() if tree.weight is None:
            yield tree
        case _:
            return


def preferences_met(tree: Requirement, agent: Agent, reading: Reading) -> int:
    """Return the sum of the weights of the preferences that count now and that the agent meets, unrelaxed."""
    if not isinstance(tree, All):
        return 0
    strict = Reading(reading.elapsed, (), reading.pools)
    return sum(
        part.weight
        for part in tree.of
        if part.weight is not None and _counts(part, reading) and is_met(part, agent, strict)
    )


def _nodes(tree: Requirement) -> Iterator[Requirement]:
    yield tree
    match tree:
        case All() | Any():
            for part in tree.of:
                yield from _nodes(part)
        case Not():
            yield from _nodes(tree.of)
        case _:
            return


def times(tree: Requirement) -> list[int]:
    """Return the distinct ``expires_ms`` and ``opens_ms`` of the tree, ascending."""
    return sorted({ms for node in _nodes(tree) for ms in (node.expires_ms, node.opens_ms) if ms is not None})


def parts_of_time(tree: Requirement, time: int) -> str:
    """Return the parts whose time this is, described, in reading order."""
    return ", ".join(describe(node) for node in _nodes(tree) if time in (node.expires_ms, node.opens_ms))
