"""Plans changed over the API of a real daemon: what is in force after a kill, after a change of the files, and after SIGHUP."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.desk import CALL, Desk, running

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A daemon that runs, strictly durable."""
    async for ready in running(Desk(tmp_path)):
        yield ready


async def _patch(desk: Desk, patch: dict[str, Any], by: str = "mia") -> dict[str, Any]:
    answer = await desk.http.patch("/v1/plan", json=patch, headers={"If-Match": "*", "Changed-By": by})
    assert answer.is_success, answer.text
    done: dict[str, Any] = answer.json()
    return done


def _write_ttl(desk: Desk, ttl: str) -> None:
    centre = desk.centre / "centre.yaml"
    centre.write_text(centre.read_text().replace("presence-ttl: 45s", f"presence-ttl: {ttl}"))


async def test_a_change_survives_a_kill(desk: Desk) -> None:
    """Plan, document, tag and history are there again, the files notwithstanding, and new work goes by the new plan."""
    await desk.post("/v1/interactions", CALL)
    done = await _patch(desk, {"agents": {"zoe": {"skills": {"invoices": 3}}}})
    document = await desk.get("/v1/plan")
    history = await desk.get("/v1/plan/history")
    (logged,) = desk.logged("plan.replaced")
    assert (logged["by"], logged["was"], logged["version"]) == ("mia", done["was"], done["version"])
    await desk.daemon.kill()
    started = await desk.daemon.start()
    assert started["plan"] == done["version"]
    assert desk.logged("plan.kept")
    assert await desk.get("/v1/plan") == document
    assert (await desk.http.get("/v1/plan")).headers["etag"].startswith(f'"{done["version"]}-')
    assert await desk.get("/v1/plan/history") == history
    assert [each["by"] for each in history["items"]] == ["mia", "files"]
    assert (await desk.post("/v1/agents/zoe/sign-in"))["agent"]["presence"] == "ready"


async def test_a_change_survives_a_clean_end(desk: Desk) -> None:
    """From the snapshot alone, without anything to replay."""
    done = await _patch(desk, {"seed": 7})
    desk.daemon.child.send_signal(signal.SIGTERM)
    assert await desk.exit_code() == 0
    started = await desk.daemon.start()
    assert (started["replayed"], started["plan"]) == (0, done["version"])


async def test_files_that_have_changed_since_win_at_a_start(desk: Desk) -> None:
    """Somebody wrote them later; the history says that they took the place of the other's change."""
    done = await _patch(desk, {"seed": 7})
    await desk.daemon.kill()
    _write_ttl(desk, "50s")
    await desk.daemon.start()
    document = await desk.get("/v1/plan")
    assert (document.get("seed"), document["presence-ttl"]) == (None, "50s")
    items = (await desk.get("/v1/plan/history"))["items"]
    assert (items[0]["by"], items[0]["was"], [each["by"] for each in items]) == (
        "files",
        done["version"],
        ["files", "mia", "files"],
    )
    kept = await _patch(desk, {"seed": 8})
    await desk.daemon.kill()
    assert (await desk.daemon.start())["plan"] == kept["version"]


async def test_a_sighup_goes_back_to_the_files(desk: Desk) -> None:
    """Whether they have changed or not."""
    done = await _patch(desk, {"seed": 7})
    desk.daemon.child.send_signal(signal.SIGHUP)
    await desk.until_logged("plan.replaced", 2)
    assert (await desk.http.get("/v1/plan")).headers["etag"].startswith(f'"{done["was"]}-')
