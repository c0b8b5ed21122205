"""Requirements made ready for use: what a tree asks at one moment, and whether an agent meets it.

``Asked`` is a tree as it was given. Its clock passes through stages, at the instants its parts expire or open;
a stage together with the ladder's relaxations gives a ``Need``, which is interned, so that equal needs are one object
and demand classes can be told apart by identity. Which agents exist is not known here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from router.core.names import AgentId, PoolId, SkillName
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
    Term,
    describe,
    terms,
)

Levels = Mapping[SkillName, int]
Tags = Mapping[str, str]
Pools = frozenset[PoolId]
WantedLevels = tuple[tuple[SkillName, int], ...]
"""The least level asked of each wanted skill, by the skill's name."""

Predicate = Callable[[Levels, Tags, Pools, AgentId], bool]

NEVER: Final = Any(of=())
"""The tree nobody meets."""

CACHE_MAX: Final = 4096
"""How many needs and trees are remembered before the caches start anew; what is in use stays alive anyhow."""


class Need:
    """What is asked at one moment.

    ``named`` are the agents that its terms name: for them, and only for them, the answer depends on who the agent is,
    not only on what it can do. ``wanted`` are the wanted skills, ``levels`` the least level asked
    of each. ``generic`` is what is asked of everybody else; the need itself where nobody is named.
    """

    __slots__ = ("_generic", "_parts", "levels", "meets", "named", "preferences", "tree", "wanted")

    def __init__(self, tree: Requirement, preferences: tuple[Term, ...], wanted: WantedLevels) -> None:
        self.tree = tree
        self._parts = (preferences, wanted)
        self.preferences = tuple((_compile(_plain(term)), (term.weight or 0) * 1000) for term in preferences)
        self.meets = _compile(tree)
        self.levels: Levels = dict(wanted)
        self.wanted = frozenset(self.levels)
        self.named = frozenset(
            agent for part in (tree, *preferences) for term in terms(part) if isinstance(term, AgentTerm)
            for agent in term.agents
        )  # fmt: skip
        self._generic: Need | None = None

    @property
    def generic(self) -> Need:
        """What is asked of agents that are not named."""
        return self if self._generic is None else self._generic

    def preference(self, levels: Levels, tags: Tags, pools: Pools, agent_id: AgentId) -> int:
        """Return what the preferences that are met add to the score."""
        return sum(weight for met, weight in self.preferences if met(levels, tags, pools, agent_id))


class Asked:
    """A requirement as it was given, with its stages.

    ``instants`` are the distinct times, in ms after the place, at which a part expires or opens.
    """

    __slots__ = ("_needs", "_stages", "instants", "tree")

    def __init__(self, tree: Requirement, needs: Needs) -> None:
        self.tree = tree
        self.instants = tuple(sorted(set(_instants(tree))))
        self._needs = needs
        self._stages: dict[tuple[int, tuple[Relax, ...]], Need] = {}

    def need(self, elapsed_ms: int, relaxations: tuple[Relax, ...]) -> Need:
        """Return what is asked when the clock shows ``elapsed_ms``."""
        stage = bisect_right(self.instants, elapsed_ms) if self.instants else 0
        key = (stage, relaxations)
        need = self._stages.get(key)
        if need is None:
            at = self.instants[stage - 1] if stage else -1
            need = self._stages[key] = self._needs.intern(self.tree, at, relaxations)
        return need

    def next_instant(self, elapsed_ms: int) -> int | None:
        """Return the first instant after ``elapsed_ms``."""
        stage = bisect_right(self.instants, elapsed_ms)
        return self.instants[stage] if stage < len(self.instants) else None

    def changes_at(self, instant_ms: int) -> str:
        """Return the parts whose time this is, in words, in reading order."""
        return ", ".join(
            describe(part) for part in _parts(self.tree) if instant_ms in (part.expires_ms, part.opens_ms)
        )


class Needs:
    """The interning tables of one engine."""

    __slots__ = ("_asked", "_needs")

    def __init__(self) -> None:
        self._asked: dict[Requirement, Asked] = {}
        self._needs: dict[tuple[Requirement, tuple[Term, ...], WantedLevels], Need] = {}

    def asked(self, tree: Requirement) -> Asked:
        """Return the one ``Asked`` of equal trees."""
        asked = self._asked.get(tree)
        if asked is None:
            if len(self._asked) >= CACHE_MAX:
                self._asked.clear()
            asked = self._asked[tree] = Asked(tree, self)
        return asked

    def intern(self, tree: Requirement, elapsed_ms: int, relaxations: tuple[Relax, ...]) -> Need:
        """Return the one ``Need`` of equal effective trees."""
        preferences: list[Term] = []
        effective = _effective(tree, elapsed_ms, relaxations, preferences, positive=True)
        return self._interned(
            NEVER if effective is None else effective,
            tuple(preferences),
            _least_levels(_wanted(tree, elapsed_ms, relaxations)),
        )

    def _interned(self, tree: Requirement, preferences: tuple[Term, ...], wanted: WantedLevels) -> Need:
        key = (tree, preferences, wanted)
        need = self._needs.get(key)
        if need is None:
            if len(self._needs) >= CACHE_MAX:
                self._needs.clear()
            need = self._needs[key] = Need(*key)
            if need.named:
                need._generic = self._unnamed(*key)
        return need

    def one_of(self, agents: tuple[AgentId, ...], need: Need) -> Need:
        """Return what is asked when the agent has to be one of these, too."""
        preferences, wanted = need._parts
        return self._interned(All(of=(AgentTerm(agents=agents), need.tree)), preferences, wanted)

    def _unnamed(self, tree: Requirement, preferences: tuple[Term, ...], wanted: WantedLevels) -> Need:
        stripped = _without_agents(tree)
        general = tuple(term for term in preferences if not isinstance(term, AgentTerm))
        key = (NEVER if stripped is None else stripped, general, wanted)
        need = self._needs.get(key)
        if need is None:
            need = self._needs[key] = Need(*key)
        return need


def relaxation_in_words(relax: Relax) -> str:
    """Return ``french``, ``french to 2`` or ``tag language``."""
    if relax.skill is None:
        return f"tag {relax.tag}"
    return relax.skill if relax.to is None else f"{relax.skill} to {relax.to}"


def _parts(tree: Requirement) -> Iterator[Requirement]:
    yield tree
    if isinstance(tree, All | Any):
        for part in tree.of:
            yield from _parts(part)
    elif isinstance(tree, Not):
        yield from _parts(tree.of)


def _instants(tree: Requirement) -> Iterator[int]:
    for part in _parts(tree):
        yield from (ms for ms in (part.expires_ms, part.opens_ms) if ms is not None)


def _plain(term: Term) -> Term:
    return replace(term, expires_ms=None, opens_ms=None, weight=None)


def _effective(
    tree: Requirement,
    elapsed: int,
    relaxations: tuple[Relax, ...],
    preferences: list[Term],
    *,
    positive: bool,
) -> Requirement | None:
    """Return the tree with only what counts now, without times and weights; None where nobody can meet it."""
    match tree:
        case All():
            parts: list[Requirement] = []
            for part in tree.of:
                if part.expires_ms is not None and elapsed >= part.expires_ms:
                    continue
                if part.weight is not None and not isinstance(part, All | Any | Not):
                    preferences.append(replace(part, expires_ms=None, opens_ms=None))
                    continue
                counts = _effective(part, elapsed, relaxations, preferences, positive=positive)
                if counts is None:
                    return None
                if counts != All():
                    parts.append(counts)
            return parts[0] if len(parts) == 1 else All(of=tuple(parts))
        case Any():
            branches = []
            for part in tree.of:
                if part.opens_ms is not None and elapsed < part.opens_ms:
                    continue
                counts = _effective(part, elapsed, relaxations, preferences, positive=positive)
                if counts is not None:
                    branches.append(counts)
            if not branches:
                return None
            return branches[0] if len(branches) == 1 else Any(of=tuple(branches))
        case Not():
            counts = _effective(tree.of, elapsed, relaxations, preferences, positive=False)
            return All() if counts is None else Not(of=counts)
        case _:
            return _relaxed(tree, relaxations) if positive else _plain(tree)


def _without_agents(tree: Requirement) -> Requirement | None:
    """Return what the tree asks of an agent it does not name; None where such an agent cannot meet it."""
    match tree:
        case AgentTerm():
            return None
        case All():
            parts = [_without_agents(part) for part in tree.of]
            kept = tuple(part for part in parts if part is not None)
            return All(of=kept) if len(kept) == len(parts) else None
        case Any():
            branches = tuple(branch for part in tree.of if (branch := _without_agents(part)) is not None)
            return Any(of=branches) if branches else None
        case Not():
            inner = _without_agents(tree.of)
            return All() if inner is None else Not(of=inner)
        case _:
            return tree


def _relaxed(term: Term, relaxations: tuple[Relax, ...]) -> Requirement:
    for relax in relaxations:
        if isinstance(term, SkillTerm) and relax.skill == term.skill:
            if relax.to is None:
                return All()
            if term.op == ">=":
                term = replace(term, level=min(term.level, relax.to))
            elif term.op == ">":
                term = replace(term, op=">=", level=min(term.level + 1, relax.to))
        elif isinstance(term, TagTerm) and relax.tag is not None and relax.tag == term.tag:
            return All()
    return _plain(term)


def _wanted(
    tree: Requirement, elapsed: int, relaxations: tuple[Relax, ...]
) -> Iterator[tuple[SkillName, int]]:
    match tree:
        case All():
            for part in tree.of:
                if part.weight is None and (part.expires_ms is None or elapsed < part.expires_ms):
                    yield from _wanted(part, elapsed, relaxations)
        case Any():
            for part in tree.of:
                if part.opens_ms is None or elapsed >= part.opens_ms:
                    yield from _wanted(part, elapsed, relaxations)
        case SkillTerm(op=">=" | ">" | "=="):
            relaxed = _relaxed(tree, relaxations)
            if isinstance(relaxed, SkillTerm):
                yield relaxed.skill, relaxed.level + 1 if relaxed.op == ">" else relaxed.level
        case _:
            pass


def _least_levels(wanted: Iterable[tuple[SkillName, int]]) -> WantedLevels:
    least: dict[SkillName, int] = {}
    for skill, level in wanted:
        least[skill] = min(level, least.get(skill, level))
    return tuple(sorted(least.items()))


def _compile(tree: Requirement) -> Predicate:
    match tree:
        case All():
            return _all_of(tuple(_compile(part) for part in tree.of))
        case Any():
            return _any_of(tuple(_compile(part) for part in tree.of))
        case Not():
            inner = _compile(tree.of)
            return lambda levels, tags, pools, agent_id: not inner(levels, tags, pools, agent_id)
        case SkillTerm():
            return _skill_test(tree)
        case AgentTerm():
            agents = frozenset(tree.agents)
            return lambda levels, tags, pools, agent_id: agent_id in agents
        case TagTerm():
            tag, value = tree.tag, tree.value
            return lambda levels, tags, pools, agent_id: tags.get(tag) == value
        case PoolTerm():
            pool = tree.pool
            return lambda levels, tags, pools, agent_id: pool in pools


def _all_of(parts: tuple[Predicate, ...]) -> Predicate:
    if not parts:
        return lambda levels, tags, pools, agent_id: True
    return lambda levels, tags, pools, agent_id: all(part(levels, tags, pools, agent_id) for part in parts)


def _any_of(parts: tuple[Predicate, ...]) -> Predicate:
    return lambda levels, tags, pools, agent_id: any(part(levels, tags, pools, agent_id) for part in parts)


def _skill_test(term: SkillTerm) -> Predicate:
    skill, level = term.skill, term.level
    match term.op:
        case ">=":
            return lambda levels, tags, pools, agent_id: levels.get(skill, 0) >= level
        case ">":
            return lambda levels, tags, pools, agent_id: levels.get(skill, 0) > level
        case "<=":
            return lambda levels, tags, pools, agent_id: 0 < levels.get(skill, 0) <= level
        case "<":
            return lambda levels, tags, pools, agent_id: 0 < levels.get(skill, 0) < level
        case "==":
            return lambda levels, tags, pools, agent_id: levels.get(skill, 0) == level
        case "!=":
            return lambda levels, tags, pools, agent_id: levels.get(skill, level) != level
