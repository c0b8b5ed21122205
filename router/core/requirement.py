"""What is asked of an agent: the requirement tree as frozen values, and the rules of a well-formed one.

Evaluation against agents is the engine's business and lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL
from router.core.names import AgentId, PoolId, SkillName
from router.errors import shown

SkillOp = Literal[">=", ">", "<=", "<", "==", "!="]
SKILL_OPS: Final[tuple[SkillOp, ...]] = (">=", ">", "<=", "<", "==", "!=")

TERMS_MAX: Final = 32
DEPTH_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every part of a tree may say about itself.

    ``expires_ms``: this long after the place (``queued_at``) the node leaves the ``all`` it stands in.
    ``opens_ms``: from this long after the place the branch of an ``any`` counts; before, it is as if not there.
    ``weight``: in thousandths; makes a term under the topmost ``all`` a preference: no condition, but added to the
    score where it is met.
    """

    expires_ms: int | None = None
    opens_ms: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillTerm(Node):
    """``skill <op> level``. False for an agent that lacks the skill, whatever the operator."""

    skill: SkillName
    op: SkillOp = ">="
    level: int = LOWEST_LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTerm(Node):
    """True for the named agents."""

    agents: tuple[AgentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTerm(Node):
    """True for agents whose tag has this value."""

    tag: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTerm(Node):
    """True for members of the pool."""

    pool: PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class All(Node):
    """True when every part is; true when there is none."""

    of: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Any(Node):
    """True when a branch that counts is."""

    of: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    """True when its part is not."""

    of: Requirement


Term = SkillTerm | AgentTerm | TagTerm | PoolTerm
Requirement = Term | All | Any | Not

NO_REQUIREMENT: Final = All()
"""Asks nothing of an agent."""


def terms(tree: Requirement) -> Iterator[Term]:
    """Yield every term of the tree, in reading order."""
    match tree:
        case All() | Any():
            for part in tree.of:
                yield from terms(part)
        case Not():
            yield from terms(tree.of)
        case _:
            yield tree


def problems(tree: Requirement) -> list[str]:
    """Return what is wrong with the tree, in reading order; empty when it is well-formed."""
    found: list[str] = list(filter(None, [_misshapen(tree, 1)]))
    if not found and sum(1 for _ in _bounded_terms(tree, 1, found)) > TERMS_MAX:
        found.append(f"more than {TERMS_MAX} terms")
    if not found:
        _check(tree, None, top=True, found=found)
    return found


def _misshapen(tree: object, depth: int) -> str:
    """Return what in the tree is of a wrong kind, the first of it: callers without a type checker send anything."""
    if depth > DEPTH_MAX:
        return ""
    match tree:
        case All() | Any():
            if tree.of.__class__ is not tuple:
                return f"the parts of an {type(tree).__name__} must be a tuple, found {shown(tree.of)}"
            wrong = next(filter(None, (_misshapen(part, depth + 1) for part in tree.of)), "")
        case Not():
            wrong = _misshapen(tree.of, depth + 1)
        case SkillTerm():
            wrong = _wrong_text(tree.skill, tree.op) or _wrong_number(tree.level)
        case AgentTerm():
            if tree.agents.__class__ is not tuple:
                return f"the agents of a term must be a tuple, found {shown(tree.agents)}"
            wrong = _wrong_text(*tree.agents)
        case TagTerm():
            wrong = _wrong_text(tree.tag, tree.value)
        case PoolTerm():
            wrong = _wrong_text(tree.pool)
        case _:
            return f"expected a term, All, Any or Not of router.core.requirement, found {shown(tree)}"
    times = (ms for ms in (tree.expires_ms, tree.opens_ms, tree.weight) if ms is not None)
    return wrong or _wrong_number(*times)


def _wrong_text(*values: object) -> str:
    wrong = [value for value in values if not isinstance(value, str)]
    return f"expected a text, found {shown(wrong[0])}" if wrong else ""


def _wrong_number(*values: object) -> str:
    wrong = [value for value in values if value.__class__ is not int]
    return f"expected a whole number, found {shown(wrong[0])}" if wrong else ""


def _bounded_terms(tree: Requirement, depth: int, found: list[str]) -> Iterator[Term]:
    if depth > DEPTH_MAX:
        if not found:
            found.append(f"nested deeper than {DEPTH_MAX}")
        return
    match tree:
        case All() | Any():
            for part in tree.of:
                yield from _bounded_terms(part, depth + 1, found)
        case Not():
            yield from _bounded_terms(tree.of, depth + 1, found)
        case _:
            yield tree


def _check(
    tree: Requirement, parent: type[All] | type[Any] | type[Not] | None, *, top: bool, found: list[str]
) -> None:
    if tree.expires_ms is not None and parent is not All:
        found.append(f"{describe(tree)}: 'expires' stands only on parts of an 'all'")
    if tree.opens_ms is not None and parent is not Any:
        found.append(f"{describe(tree)}: 'opens' stands only on branches of an 'any'")
    if tree.weight is not None and not (top and parent is All and not isinstance(tree, All | Any | Not)):
        found.append(f"{describe(tree)}: 'weight' stands only on terms of the topmost 'all'")
    for name, ms in (("expires", tree.expires_ms), ("opens", tree.opens_ms)):
        if ms is not None and ms < 1:
            found.append(f"{describe(tree)}: {name!r} must be later than the start")
    match tree:
        case SkillTerm():
            if tree.op not in SKILL_OPS:
                found.append(f"{describe(tree)}: the operator is not one of {' '.join(SKILL_OPS)}")
            if not LOWEST_LEVEL <= tree.level <= HIGHEST_LEVEL:
                found.append(
                    f"{describe(tree)}: level {tree.level} is not in {LOWEST_LEVEL}..{HIGHEST_LEVEL}"
                )
        case AgentTerm():
            if not tree.agents:
                found.append("an 'agent in' term names no agent")
        case All():
            for part in tree.of:
                _check(part, All, top=top and parent is None, found=found)
        case Any():
            if not tree.of:
                found.append("an 'any' needs at least one branch")
            for part in tree.of:
                _check(part, Any, top=False, found=found)
        case Not():
            _check(tree.of, Not, top=False, found=found)
        case TagTerm() | PoolTerm():
            pass


def describe(tree: Requirement) -> str:
    """Return the tree as a reader would write it: ``french >= 4 and (billing >= 1 or agent in [ana])``."""
    text = _bare(tree)
    if tree.expires_ms is not None:
        text += f" until {tree.expires_ms / 1000:g}s"
    if tree.opens_ms is not None:
        text += f" from {tree.opens_ms / 1000:g}s"
    if tree.weight is not None:
        text = f"rather {text} ({tree.weight / 1000:g})"
    return text


def _bare(tree: Requirement) -> str:
    match tree:
        case SkillTerm():
            return f"{tree.skill} {tree.op} {tree.level}"
        case AgentTerm():
            return f"agent in [{', '.join(tree.agents)}]"
        case TagTerm():
            return f"tag {tree.tag} == {tree.value}"
        case PoolTerm():
            return f"pool in [{tree.pool}]"
        case All():
            return " and ".join(_nested(part) for part in tree.of) or "anybody"
        case Any():
            return " or ".join(_nested(part) for part in tree.of) or "nobody"
        case Not():
            return f"not {_nested(tree.of)}"


def _nested(tree: Requirement) -> str:
    text = describe(tree)
    return f"({text})" if isinstance(tree, All | Any) and len(tree.of) > 1 else text
