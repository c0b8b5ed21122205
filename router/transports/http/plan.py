"""The routes of the plan: read it, change all or part of it, see who changed it. Every change is one plan, taken whole or not at all."""

from __future__ import annotations

import re
from typing import Final

from agents import plan_views
from agents.wire import moment
from router.errors import ConfigError, SignalError
from router.transports.http import plan_edits
from router.transports.http.bodies import path_id, read
from router.transports.http.handling import (
    Call,
    Handler,
    Headers,
    ProblemError,
    Responder,
    json_answer,
    tagged_answer,
    view_answer,
)
from router.transports.http.queries import DryRunQuery, RemovedQueueQuery, query
from router.transports.plans import Edit, Json, PlanDesk
from router.transports.problems import faults_of, invalid_plan, made

MERGE_PATCH: Final = b"application/merge-patch+json"
_BY: Final = re.compile(r"[\x20-\x7e]{1,64}")
_TAG: Final = re.compile(r'"([^"]*)"')


class PlanRoutes:
    """What can be done with the plan of one router; ``desk`` None: it was not made from a document, and nothing can."""

    def __init__(self, desk: PlanDesk | None) -> None:
        self._given = desk

    @property
    def _desk(self) -> PlanDesk:
        if self._given is None:
            detail = "this router was started by a program, from a plan without a document"
            raise ProblemError(made("no-document", detail, 404))
        return self._given

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def document(self, call: Call) -> Responder:
        """Return the document in force."""
        text, tag = self._desk.in_force()
        return tagged_answer(call, text.encode(), b'"%s"' % tag.encode())

    async def history(self, call: Call) -> Responder:
        """Return the last changes, the latest first."""
        items = [
            plan_views.PlanHistoryEntry(
                at=moment(each.at),
                by=each.by,
                was=each.was,
                version=each.version,
                changes=list(each.changes),
            )
            for each in reversed(self._desk.history())
        ]
        return view_answer(call, plan_views.PlanHistory(items=items))

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def put(self, call: Call) -> Responder:
        """Put a whole document in the place of the one in force."""
        return await self._changed(call, plan_edits.whole(await self._body(call)))

    async def patch(self, call: Call) -> Responder:
        """Merge a patch into the document in force."""
        return await self._changed(call, plan_edits.merge(await self._body(call, MERGE_PATCH)))

    def put_part(self, kind: str) -> Handler:
        """Return the route that adds or replaces a part of that kind."""

        async def put(call: Call) -> Responder:
            return await self._changed(
                call, plan_edits.put_part(kind, path_id(call, "part_id"), await self._body(call))
            )

        return put

    def remove_part(self, kind: str) -> Handler:
        """Return the route that takes one out."""

        async def remove(call: Call) -> Responder:
            return await self._changed(call, plan_edits.remove_part(kind, path_id(call, "part_id")))

        return remove

    async def put_queue(self, call: Call) -> Responder:
        """Add or replace a queue."""
        body = await self._body(call)
        edit = plan_edits.put_queue(path_id(call, "section_id"), path_id(call, "queue_id"), body)
        return await self._changed(call, edit)

    async def remove_queue(self, call: Call) -> Responder:
        """Take a queue out, its work to a successor."""
        asked = query(call, RemovedQueueQuery)
        edit = plan_edits.remove_queue(
            path_id(call, "section_id"), path_id(call, "queue_id"), asked.successor
        )
        return await self._apply(call, edit, dry_run=asked.dry_run)

    async def put_skill(self, call: Call) -> Responder:
        """Add a skill."""
        return await self._changed(call, plan_edits.put_skill(path_id(call, "skill")))

    async def remove_skill(self, call: Call) -> Responder:
        """Take a skill out."""
        return await self._changed(call, plan_edits.remove_skill(path_id(call, "skill")))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _body(self, call: Call, *kinds: bytes) -> Json:
        body = await read(call, plan_edits.DOCUMENT_MAX, kinds)
        return plan_edits.document_in(body)

    async def _changed(self, call: Call, edit: Edit) -> Responder:
        return await self._apply(call, edit, dry_run=query(call, DryRunQuery).dry_run)

    async def _apply(self, call: Call, edit: Edit, *, dry_run: bool) -> Responder:
        desk = self._desk
        try:
            done = await desk.change(edit, by=_by(call), expected=_expected(call), dry_run=dry_run)
        except ConfigError as error:
            raise ProblemError(invalid_plan(error)) from None
        except SignalError as error:
            if error.code != "plan-changed":
                raise
            detail = f"{error}: read it, and change that"
            headers: Headers = [(b"etag", b'"%s"' % error.state.encode())]
            raise ProblemError(made("plan-changed", detail, 412, state=error.state), headers) from None
        told = plan_views.PlanChanged(
            version=done.version,
            was=done.was,
            dry_run=dry_run,
            changes=list(done.changes),
            at_once=list(done.at_once),
            warnings=faults_of(done.warnings),
        )
        return json_answer(told, headers=[] if dry_run else [(b"etag", b'"%s"' % done.tag.encode())])


def _by(call: Call) -> str:
    """Return who says to change the plan. Raises ``ProblemError`` where that is no name."""
    by = call.header(b"changed-by")
    if by is None:
        return "unknown"
    if _BY.fullmatch(by) is None:
        detail = f"Changed-By: expected 1 to 64 printable ASCII characters, found {by[:80]!r}"
        raise ProblemError(made("invalid", detail, 422))
    return by


def _expected(call: Call) -> frozenset[str] | None:
    """Return the tags of ``If-Match``; None for ``*``. Raises ``ProblemError`` (428) where there is none."""
    given = call.header(b"if-match")
    if given is None:
        detail = "say which plan you change: If-Match with the ETag of GET /v1/plan, or * for whichever is in force"
        raise ProblemError(made("if-match-required", detail, 428))
    if given.strip() == "*":
        return None
    found = (_TAG.fullmatch(part.strip()) for part in given.split(","))
    return frozenset(match[1] for match in found if match is not None)
