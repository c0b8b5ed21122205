"""A case as it runs: its centre, and moments with things that happen and what is expected then. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from router.config.names import Place
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.errors import ConfigError, Problem
from router.harness.cases.models import AnswerMap, ArrivalMap, CallbackMap, CheckMap, ReplyMap, TransferMap
from router.harness.cases.models_expected import ExpectMap
from router.harness.cases.patterns import FactPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that happens to one agent, piece of work, or plan.

    ``verb`` is the key of the step (``sign_in``, ``arrive``), ``name`` whom or what it is about. The rest is what the verb
    needs: the arrival and its requirement, whose word it is and why, where a transfer goes, the new plan.
    """

    verb: str
    name: str
    place: Place
    arrival: ArrivalMap | None = None
    requirement: Requirement | None = None
    reply: ReplyMap = field(default_factory=ReplyMap)
    transfer: TransferMap | None = None
    callback: CallbackMap | None = None
    queue: str | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A step of a case. ``at_ms`` counts from the start."""

    at_ms: int
    place: Place
    acts: tuple[Act, ...] = ()
    answer: AnswerMap | None = None
    expect: ExpectMap | None = None
    happened: tuple[FactPattern, ...] = ()
    never: tuple[FactPattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case that can be run.

    ``centre`` names the centre that it stands beside. ``plan`` None: the centre must be refused, which ``check`` says.
    ``groups`` are names that stand for several: ``call`` for call-1, call-2, ….
    """

    name: str
    centre: str
    path: Path
    description: str
    shows: tuple[str, ...]
    plan: Plan | None
    place: Place
    check: CheckMap | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    moments: tuple[Moment, ...] = ()
    never: tuple[FactPattern, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    short_abandon_ms: int = 5_000

    @property
    def title(self) -> str:
        """Its name among all cases."""
        return f"{self.centre}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A case that cannot be run, because it, or its centre, is not written as it must be."""

    name: str
    centre: str
    path: Path
    error: ConfigError

    @property
    def title(self) -> str:
        """Its name among all cases."""
        return f"{self.centre}/{self.name}"
