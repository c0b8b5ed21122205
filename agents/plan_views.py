"""What is told of the plan over HTTP: what became of a change, and which changes there were."""

from __future__ import annotations

from pydantic import Field

from agents.wire import Fault, Message, Moment


class PlanChanged(Message):
    """What a change of the plan did; of a dry run, what it would do. ``version`` is ``was`` where the document says the same rules."""

    version: str = Field(description="The version of the new plan.")
    was: str = Field(description="The version before.")
    dry_run: bool
    changes: list[str] = Field(description="What differs, in words.")
    at_once: list[str] = Field(
        description="What it does to the work under way, in words; as tried on a copy a moment before."
    )
    warnings: list[Fault] = Field(description="What is legal and probably not meant.")


class PlanHistoryEntry(Message):
    """One change; ``was`` is empty for the first plan there was. ``by`` is ``files`` for what was read from the centre's files."""

    at: Moment
    by: str
    was: str
    version: str
    changes: list[str] = Field(description="What differed, in words: the first ten lines.")


class PlanHistory(Message):
    """The last 50 changes, the latest first."""

    items: list[PlanHistoryEntry]
