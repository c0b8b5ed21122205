"""The models of what is written like a rule: needs (requirements) and conditions of intake.

Needs and conditions share one grammar: a mapping is an ``all`` of its entries in the order of writing, a list is an
``all`` of its items. Descriptions here are what editors and the reference show.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, NamedTuple, Self

from pydantic import (
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import TypeAliasType

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL
from router.config.scalars import (
    Model,
    Name,
    PositiveDuration,
    Weight,
    Words,
    by_shape,
    found,
    is_lenient,
    name_text,
    wrong,
)
from router.config.yaml_source import shown
from router.core.expression import LENGTH_MAX
from router.core.plan import MatchOp
from router.core.requirement import SKILL_OPS, SkillOp

PRIORITY_MAX: Final = 1_000_000
TEXT_MAX: Final = 1_024
INTEGER_MAX: Final = 2**53

Priority = Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX)]

Names = Annotated[
    Annotated[Name, Tag("<scalar>")] | Annotated[list[Name], Field(min_length=1), Tag("<list>")],
    by_shape("a name or a list of names"),
]
"""One name, or a list of them."""


def as_list(names: str | list[str]) -> list[str]:
    """Return ``Names`` as a list."""
    return [names] if isinstance(names, str) else names


# ── needs ────────────────────────────────────────────────────────────────────────────────────────────────────────


class AskedLevel(NamedTuple):
    """A comparison with an agent's level of a skill."""

    op: SkillOp
    level: int


class AskedSkill(NamedTuple):
    """A skill and the comparison."""

    skill: str
    asked: AskedLevel


_OPS: Final = "|".join(sorted(SKILL_OPS, key=len, reverse=True))
_LEVEL: Final = re.compile(rf"({_OPS})\s*(-?\d{{1,9}})\Z")
_SKILL: Final = re.compile(rf"([^\s<>=!]+)(?:\s*({_OPS})\s*(-?\d{{1,9}}))?\Z")


def asked_level(value: object) -> AskedLevel:
    """Return the comparison for ``4`` (at least 4) or ``">= 4"``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return AskedLevel(">=", _bounded(value))
    match = _LEVEL.match(value) if isinstance(value, str) else None
    if match is None:
        what = repr(shown(value)) if isinstance(value, str) else found(value)
        wrong(
            f"{what} is not a skill level", "write 4 for at least 4, or one of '>= 4', '> 4', '== 4', '< 4'"
        )
    return AskedLevel(_op(match[1]), _bounded(int(match[2])))


def asked_skill(value: object) -> AskedSkill:
    """Return the term for ``french`` (any level) or ``french >= 4``."""
    match = _SKILL.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        wrong(f"expected a skill, found {found(value)}", "write 'french' or 'french >= 4'")
    level = AskedLevel(_op(match[2]), _bounded(int(match[3]))) if match[2] else AskedLevel(">=", LOWEST_LEVEL)
    return AskedSkill(name_text(match[1]), level)


def _bounded(level: int) -> int:
    if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
        wrong(f"level {level} is not in {LOWEST_LEVEL}..{HIGHEST_LEVEL}")
    return level


def _op(text: str) -> SkillOp:
    return next(op for op in SKILL_OPS if op == text)


Level = Annotated[
    AskedLevel,
    PlainValidator(asked_level),
    WithJsonSchema(
        {
            "title": "level",
            "description": 'A level from 1 to 10: `4` asks for at least 4; otherwise a comparison such as `"< 4"`.',
            "anyOf": [
                {"type": "integer", "minimum": LOWEST_LEVEL, "maximum": HIGHEST_LEVEL},
                {"type": "string", "pattern": r"^(>=|>|<=|<|==|!=)\s*\d+$"},
            ],
        }
    ),
]

SkillText = Annotated[
    AskedSkill,
    PlainValidator(asked_skill),
    WithJsonSchema(
        {"title": "skill", "type": "string", "examples": ["french", "french >= 4"], "minLength": 1}
    ),
]


class NeedMap(Model):
    """What an agent must have: an `all` of its entries, in the order of writing. Any other key is a skill.

    `{billing: 3, any: [french >= 4, {english: 2, opens: 30s}]}`
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Level]

    all: list[Need] | None = Field(None, description="Every part must hold; none written: holds.")
    any: Annotated[list[Need], Field(min_length=1)] | None = Field(None, description="One branch must hold.")
    not_: Need | None = Field(None, description="Must not hold.")
    agent: Names | None = Field(None, description="The agent is one of these.")
    tag: Annotated[dict[Name, Words], Field(min_length=1)] | None = Field(
        None, description="The agent has these tags with these values: `{site: north}`."
    )
    pool: Names | None = Field(None, description="The agent is in (one of) the pool(s).")
    expires: PositiveDuration | None = Field(
        None, description="This long after queueing the part is asked no more. On parts of an `all`."
    )
    opens: PositiveDuration | None = Field(
        None,
        description="From this long after queueing the branch counts, not before. On branches of an `any`.",
    )
    weight: Weight | None = Field(
        None,
        description="Makes it a preference: no condition, but this much (1 is one full point) is added to the"
        " score of agents that have it. On single terms at the top.",
    )

    WORDS: ClassVar[frozenset[str]] = frozenset(
        ("all", "any", "not", "agent", "tag", "pool", "expires", "opens", "weight")
    )

    @property
    def skills(self) -> dict[str, AskedLevel]:
        """The entries that are skills."""
        return self.__pydantic_extra__ or {}


if TYPE_CHECKING:
    Need = AskedSkill | list["Need"] | NeedMap
else:
    Need = TypeAliasType(
        "Need",
        Annotated[
            Annotated[SkillText, Tag("<scalar>")]
            | Annotated[list["Need"], Tag("<list>")]
            | Annotated[NeedMap, Tag("<mapping>")],
            by_shape("a skill, a mapping or a list"),
        ],
    )
"""A requirement as it is written."""


# ── conditions of intake ─────────────────────────────────────────────────────────────────────────────────────────

Plain = str | int | float | bool


def plain(value: object) -> Plain:
    """Return a value that an attribute can have."""
    if not isinstance(value, str | int | float):
        wrong(f"expected a text, a number, true or false, found {found(value)}")
    if isinstance(value, str) and len(value) > TEXT_MAX:
        wrong(f"a text of {len(value):,} characters", f"{TEXT_MAX:,} at the most")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        wrong(f"the number {shown(value)} is beyond ±2^53", "write it as a text, in quotes")
    return value


PlainValue = Annotated[
    Plain, PlainValidator(plain), WithJsonSchema({"title": "value", "type": ["string", "number", "boolean"]})
]
PlainList = Annotated[list[PlainValue], Field(min_length=1)]


class TestMap(Model):
    """A comparison: one or more of these, all of which must hold. A missing field fails all but `!=`, `exists: false`."""

    __test__: ClassVar[bool] = False

    eq: PlainValue | None = Field(None, alias="==", description="Equal in kind and value.")
    ne: PlainValue | None = Field(None, alias="!=", description="Not equal, or missing.")
    ge: PlainValue | None = Field(None, alias=">=", description="At least; two numbers or two texts.")
    gt: PlainValue | None = Field(None, alias=">", description="More than.")
    le: PlainValue | None = Field(None, alias="<=", description="At most.")
    lt: PlainValue | None = Field(None, alias="<", description="Less than.")
    in_: PlainList | None = Field(None, description="One of these.")
    exists: bool | None = Field(None, description="Whether the interaction has the field at all.")
    prefix: Words | None = Field(None, description="A text that starts like this.")

    FIELDS: ClassVar[dict[MatchOp, str]] = {
        "==": "eq",
        "!=": "ne",
        ">=": "ge",
        ">": "gt",
        "<=": "le",
        "<": "lt",
        "in": "in_",
        "exists": "exists",
        "prefix": "prefix",
    }

    @model_validator(mode="after")
    def _says_something(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if not self.model_fields_set:
            wrong("an empty comparison", "write one of " + ", ".join(f"'{op}'" for op in self.FIELDS))
        return self


Test = Annotated[
    Annotated[PlainValue, Tag("<scalar>")]
    | Annotated[PlainList, Tag("<list>")]
    | Annotated[TestMap, Tag("<mapping>")],
    by_shape("a value, a list of values or a comparison"),
]
"""A value (equal), a list (one of), or a comparison."""


class WhenMap(Model):
    """A condition on an interaction: all of its entries must hold. `attributes.NAME` reads an attribute.

    `{channel: voice, attributes.tier: {in: [gold, silver]}}`
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Test]

    all: list[When] | None = Field(None, description="Every part must hold.")
    any: Annotated[list[When], Field(min_length=1)] | None = Field(None, description="One part must hold.")
    not_: When | None = Field(None, description="Must not hold.")
    channel: Test | None = Field(None, description="The channel it came on.")
    customer: Test | None = Field(None, description="The customer's key.")
    priority: Test | None = Field(None, description="The priority its sender gave.")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        test = schema.pop("additionalProperties", True)
        schema["patternProperties"] = {r"^attributes\..+$": test}
        schema["additionalProperties"] = False
        return schema

    @property
    def attributes(self) -> dict[str, Any]:
        """The entries that are neither words of the grammar nor fields."""
        return self.__pydantic_extra__ or {}


def expression_text(value: object) -> str:
    """Return what may be an expression; whether it is one is said where its names are known."""
    if not isinstance(value, str) or not value.strip():
        wrong(f"expected a condition, found {found(value)}", "write 'priority >= 2' or {channel: voice}")
    return value


ExpressionText = Annotated[
    str,
    PlainValidator(expression_text),
    WithJsonSchema({"title": "expression", "type": "string", "minLength": 1, "maxLength": LENGTH_MAX}),
]

CONDITION_SHAPE: Final = by_shape(
    "a condition", "write a mapping such as {channel: voice}, or an expression such as 'priority >= 2'"
)

if TYPE_CHECKING:
    When = list["When"] | WhenMap | str
else:
    When = TypeAliasType(
        "When",
        Annotated[
            Annotated[ExpressionText, Tag("<scalar>")]
            | Annotated[list["When"], Tag("<list>")]
            | Annotated[WhenMap, Tag("<mapping>")],
            CONDITION_SHAPE,
        ],
    )
"""A condition as it is written; a text is an expression."""


NeedMap.model_rebuild()
WhenMap.model_rebuild()
