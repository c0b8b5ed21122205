"""What agents and customers wrote down, put together in the order of its times; and whether the router still has those nobody has heard
the end of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from agents.bot import NOT_MINE
from agents.errors import CommandRefused
from agents.submitter import SubmitterClient
from agents.wire import Abandon
from router.harness.demo.books import Books, Case

LOOKS: Final = 40
LOOK_S: Final = 0.1
"""What is on its way when the traffic ends is waited for so long."""


def read_books(files: Iterable[Path]) -> Books:
    """Return the books of everybody together. A last line that a kill has cut off was not written."""
    lines: list[dict[str, Any]] = []
    for file in files:
        if file.exists():
            whole, _, _ = file.read_text(encoding="utf-8").rpartition("\n")
            lines.extend(json.loads(line) for line in whole.splitlines())
    lines.sort(key=lambda line: float(line["at"]))
    books = Books()
    for line in lines:
        if "interaction" in line:
            _enter(books, line["who"], line["what"], line["interaction"], line)
    return books


def _enter(books: Books, who: str, what: str, interaction: str, line: dict[str, Any]) -> None:
    case = books.cases.get(interaction)
    is_holder = case is not None and case.holder == who
    match what:
        case "submitted":
            books.submitted(interaction)
        case "ended":
            books.ended(interaction, line["how"])
        case "connected":
            books.connected(interaction, who)
        case "asked":  # whoever has it next may have it before this agent hears the answer
            books.let_go(interaction, who, is_over=line["verb"] == "finish")
        case "refused" if line["asked"] in {"finish", "transfer"} and line["code"] not in NOT_MINE:
            books.kept(interaction, who)
        case "let-go" if is_holder:
            books.let_go(interaction, who, is_over=line["reason"] in {"cancelled", "completed"})
        case _:
            pass


async def close_books(files: Sequence[Path], client: SubmitterClient) -> Books:
    """Return the books, once everything on its way has arrived: everybody who still waits hangs up, and the router must have had them until
    then. Who it does not know any more is lost.
    """
    asked: dict[str, str] = {}
    books = read_books(files)
    for _ in range(LOOKS):
        open_cases = list(books.open_cases())
        for case in open_cases:
            if asked.get(case.interaction_id) not in {"waited", "lost"}:
                asked[case.interaction_id] = await _hang_up(client, case)
        if all(asked[case.interaction_id] in {"waited", "lost"} for case in open_cases):
            break
        await asyncio.sleep(LOOK_S)
        books = read_books(files)
    for case in list(books.open_cases()):
        answer = asked[case.interaction_id]
        if answer.startswith("ended "):
            books.ended(case.interaction_id, answer.removeprefix("ended "))
        else:
            case.waits_at_close = answer == "waited"
            case.is_lost = not case.waits_at_close
    return books


async def _hang_up(client: SubmitterClient, case: Case) -> str:
    """Return ``waited`` where the router had it, ``lost`` where it does not know it, else what it is said to be."""
    try:
        await client.send("abandon", Abandon(interaction_id=case.interaction_id))
    except CommandRefused as refused:
        if refused.code == "unknown-interaction":
            return "lost"
        if refused.code == "interaction-ended":
            return f"ended {refused.state}"
        return refused.code
    return "waited"
