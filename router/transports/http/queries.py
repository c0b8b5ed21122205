"""What may stand behind the question mark: one model for each route that takes something there, and cursors."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from agents.presence import Presence
from agents.wire import Id
from router.transports.http.handling import Call, ProblemError
from router.transports.problems import made

Limit = Annotated[int, Field(100, ge=1, le=1000, description="At most so many items.")]
Cursor = Annotated[
    str | None,
    Field(
        None,
        pattern=r"^[A-Za-z0-9_.:-]{1,64}$",
        description="The `next` of the page before; the first page without.",
    ),
]


class Query(BaseModel):
    """What all have in common: no unknown names. Values come as texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NoQuery(Query):
    """Nothing is taken."""


class PageQuery(Query):
    """A part of a list."""

    limit: Limit
    cursor: Cursor


class InteractionQuery(PageQuery):
    """Which interactions: those that have not ended, unless `state` says `ended`."""

    section: Id | None = None
    queue: Id | None = None
    state: Literal["scheduled", "queued", "offered", "assigned", "ended"] | None = None


class AgentQuery(PageQuery):
    """Which agents."""

    presence: Presence | None = None


class QueueQuery(PageQuery):
    """Which queues."""

    section: Id | None = None


class EstimateQuery(Query):
    """What would arrive."""

    channel: Id | None = Field(None, description="May be left out where the centre has one only.")


class DryRunQuery(Query):
    """How to change the plan."""

    dry_run: bool = Field(
        False, alias="dry-run", description="Only say what the change would do; nothing is changed."
    )


class RemovedQueueQuery(DryRunQuery):
    """What becomes of the queue's work."""

    successor: Id | None = Field(
        None, description="The queue or section where the work of the queue goes that is taken out."
    )


class EventQuery(Query):
    """Which events; `section` and `type` may be given several times."""

    after: Annotated[
        int | None,
        Field(None, ge=0, le=2**62, description="All events after this sequence; without: from now on."),
    ]
    section: list[Id] = Field(default_factory=list)
    type: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list, description="For example `switchroom.interaction.ended`."
    )


_Asked = TypeVar("_Asked", bound=Query)


def query(call: Call, model: type[_Asked]) -> _Asked:
    """Return what the request asks. Raises ``pydantic.ValidationError``, and ``ProblemError`` for a name given twice or bad encoding."""
    text: bytes = call.scope["query_string"]
    if not text:
        return model()
    found: dict[str, str | list[str]] = {}
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError as error:
        raise ProblemError(made("invalid", f"the query cannot be read: {error}", 422)) from None
    for name, value in pairs:
        field = model.model_fields.get(name)
        if field is not None and field.default_factory is not None:
            several = found.setdefault(name, [])
            assert isinstance(several, list)
            several.append(value)
        elif name in found:
            raise ProblemError(made("invalid", f"{name!r} is given twice in the query", 422))
        else:
            found[name] = value
    return model.model_validate(found)


def bad_cursor(cursor: str) -> ProblemError:
    """Return the problem of a cursor that no page gave."""
    return ProblemError(made("bad-cursor", f"no page of this list gave the cursor {cursor!r}", 422))
