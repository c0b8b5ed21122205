"""The plan at run time: from the files and from the API, one change after the other, each whole, kept with its document and history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from router.config.whole import examine_whole, load_whole
from router.core.adoption import Adoption, in_words, tried
from router.core.differences import differences
from router.core.engine import Engine
from router.core.plan import Plan
from router.core.plan_origin import PlanChange, PlanOrigin
from router.errors import ConfigError, Problem, SignalError
from router.policies import BUILT_IN
from router.service import Router
from router.transports.plans import Edit, PlanReceipt

FILES: Final = "files"
"""Who changed a plan that was read from the centre's files."""


def load_first(path: Path, now: int) -> Plan:
    """Return the plan of the files, as it is where there was none before; raises ``ConfigError``."""
    plan, document = load_whole(path)
    origin = PlanOrigin("", "").changed(
        _text(document), _tag(plan, _text(document)), PlanChange(now, FILES, "", plan.version)
    )
    return replace(plan, origin=origin)


def check_centre(known: Plan, plan: Plan, message: str, hint: str) -> None:
    """Raise ``ConfigError`` where the plan is of another centre: topics and events bear its name, and its work is not the other's."""
    if plan.centre_id != known.centre_id:
        raise ConfigError(
            [Problem("", 0, 0, "centre", f"{message} {known.centre_id!r}, not {plan.centre_id!r}", hint)]
        )


class Plans:
    """A ``router.transports.plans.PlanDesk`` over a router; ``files`` is the plan that the centre's files say now."""

    def __init__(self, router: Router, files: Plan, path: Path, log: FilteringBoundLogger) -> None:
        assert files.origin is not None
        self._router = router
        self._files = files.origin.files
        self._first = files.origin
        self._path = path
        self._log = log
        self._turn = asyncio.Lock()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _origin(self) -> PlanOrigin:
        """Where the plan in force comes from. A journal of an earlier release has none; its plan is then that of the files."""
        return self._router.plan.origin or self._first

    @property
    def _tag(self) -> str:
        return _tag(self._router.plan, self._origin.document)

    def in_force(self) -> tuple[str, str]:
        """Return the document in force as JSON, and its tag."""
        return self._origin.document, self._tag

    def history(self) -> Sequence[PlanChange]:
        """Return the last changes, the oldest first."""
        return self._origin.history

    # ── the files ────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, files: Plan) -> None:
        """Go on under the files where they have changed since they were last read; else under what the journal holds.

        Raises ``ConfigError`` where the work under way does not allow the plan of the files.
        """
        kept = self._router.plan
        if self._tag == self._files:
            return
        if kept.origin is not None and kept.origin.files == self._files:
            self._log.info("plan.kept", version=kept.version, files=files.version)
            return
        assert files.origin is not None
        try:
            async with self._turn:
                await self._adopt(files, files.origin.document, FILES)
        except SignalError as error:
            raise ConfigError([Problem("", 0, 0, "", str(error))]) from error

    async def read_files(self) -> None:
        """Read the files again and go on under them, whatever was changed otherwise; raises ``RouterError`` and changes nothing."""
        async with self._turn:
            plan, document = await asyncio.to_thread(load_whole, self._path)
            check_centre(
                self._router.plan,
                plan,
                "this daemon routes for",
                "stop it and start another for that one",
            )
            text = _text(document)
            self._files = _tag(plan, text)
            if self._files == self._tag:
                self._log.info("plan.unchanged", version=plan.version)
            else:
                await self._adopt(plan, text, FILES)

    # ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def change(
        self, edit: Edit, *, by: str, expected: Collection[str] | None, dry_run: bool
    ) -> PlanReceipt:
        """See ``router.transports.plans.PlanDesk``."""
        async with self._turn:
            old = self._router.plan
            if expected is not None and self._tag not in expected:
                raise SignalError("plan-changed", f"the plan in force is {self._tag}", state=self._tag)
            document = edit(json.loads(self._origin.document))
            examined = await asyncio.to_thread(examine_whole, document, old.centre_id)
            new = examined.plan_or_raise()
            check_centre(old, new, "this daemon routes for", "leave it out, or write that")
            warnings = tuple(examined.warnings)
            text = _text(document)
            if text == self._origin.document:
                return PlanReceipt(new.version, old.version, self._tag, (), (), warnings)
            changes = tuple(await asyncio.to_thread(differences, old, new))
            found = await asyncio.to_thread(_tried, old, self._router.snapshot(), new)
            if found.refused:
                raise SignalError("plan-rejected", found.refused)
            if not dry_run:
                await self._adopt(new, text, by, changes)
            at_once = tuple(in_words(found))
            return PlanReceipt(new.version, old.version, self._tag, changes, at_once, warnings)

    async def _adopt(
        self, plan: Plan, document: str, by: str, changes: tuple[str, ...] | None = None
    ) -> None:
        """Go on under the plan; raises ``SignalError`` where what is under way does not allow it."""
        old = self._router.plan
        words = tuple(differences(old, plan)) if changes is None else changes
        change = PlanChange(self._router.now(), by, old.version, plan.version, words)
        origin = self._origin.changed(document, self._files, change)
        await self._router.replace_plan(replace(plan, origin=origin))
        self._log.info(
            "plan.replaced",
            version=plan.version,
            was=old.version,
            by=by,
            changes=list(origin.history[-1].changes),
        )


def _tried(old: Plan, snapshot: dict[str, object], new: Plan) -> Adoption:
    return tried(Engine.restore(old, BUILT_IN, snapshot), new)


def _tag(plan: Plan, document: str) -> str:
    """Return what names plan and document together: some documents differ in nothing that the compiled plan says."""
    return f"{plan.version}-{blake2b(document.encode(), digest_size=4).hexdigest()}"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
