"""The plan over HTTP: read, changed as a whole and in parts, tried, refused, and who did it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.daemon.plans import load_first
from tests.http.desk import Desk

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart"
CALL = {"interaction_id": "c-1", "section": "billing", "channel": "voice"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The quickstart's centre, with its documents."""
    shutil.copytree(QUICKSTART, tmp_path / "centre")
    async with Desk(load_first(tmp_path / "centre", 0), centre=tmp_path / "centre") as running:
        yield running


async def _send(desk: Desk, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {"If-Match": "*", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body is None:
        return await desk.http.request(method, path, headers=named)
    return await desk.http.request(method, path, json=body, headers=named)


async def _document(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.http.get("/v1/plan")).json()
    return found


async def _tag(desk: Desk) -> str:
    found: str = (await desk.http.get("/v1/plan")).headers["etag"]
    return found


async def test_the_document_is_the_files_in_one(desk: Desk) -> None:
    """With sections and agents in it, a strong tag that begins with the plan's version, and 304 for who has it."""
    answer = await desk.http.get("/v1/plan")
    assert answer.headers["etag"].startswith(f'"{desk.router.plan.version}-')
    assert list(answer.json()["sections"]) == [str(each.section_id) for each in desk.router.plan.sections]
    assert list(answer.json()["agents"]) == [str(each.agent_id) for each in desk.router.plan.agents]
    again = await desk.http.get("/v1/plan", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_what_was_read_can_be_put_back(desk: Desk) -> None:
    """The same document is the same plan: nothing differs, nothing is done, nothing is in the history."""
    before = desk.router.plan
    done = (await _send(desk, "PUT", "/v1/plan", await _document(desk))).json()
    assert (done["version"], done["was"], done["changes"], done["at_once"]) == (
        before.version,
        before.version,
        [],
        [],
    )
    assert desk.router.plan is before
    assert len((await desk.http.get("/v1/plan/history")).json()["items"]) == 1


async def test_a_whole_plan_is_put_in_force(desk: Desk) -> None:
    """Said in words, with its tag, and read again as it was written."""
    document = await _document(desk)
    document["presence-ttl"] = "50s"
    before, tag = desk.router.plan.version, await _tag(desk)
    answer = await _send(desk, "PUT", "/v1/plan", document, If_Match=tag, Changed_By="mia")
    assert answer.status_code == 200, answer.text
    assert desk.router.plan.presence_ttl_ms == 50_000
    assert answer.json()["changes"] == ["presence ttl 50s instead of 45s"]
    assert answer.headers["etag"] == await _tag(desk) != tag
    assert await _document(desk) == document
    entry = (await desk.http.get("/v1/plan/history")).json()["items"][0]
    assert (entry["by"], entry["was"], entry["version"]) == ("mia", before, desk.router.plan.version)


async def test_another_document_of_the_same_rules_is_kept(desk: Desk) -> None:
    """Nothing differs in words or version, but it is read as it was written, and its tag is another."""
    before, tag = desk.router.plan.version, await _tag(desk)
    done = await _send(desk, "PATCH", "/v1/plan", {"presence-ttl": "45000ms"})
    assert (done.json()["version"], done.json()["changes"]) == (before, [])
    assert done.headers["etag"] == await _tag(desk) != tag
    assert (await _document(desk))["presence-ttl"] == "45000ms"


async def test_a_dry_run_answers_the_same_and_changes_nothing(desk: Desk) -> None:
    """Also what it would do to what waits."""
    await desk.post("/v1/interactions", CALL)
    before = desk.router.plan
    patch = {"presence-ttl": "50s"}
    dry = (await _send(desk, "PATCH", "/v1/plan?dry-run=true", patch)).json()
    assert desk.router.plan is before
    real = (await _send(desk, "PATCH", "/v1/plan", patch)).json()
    assert dry == real | {"dry_run": True}
    assert real["at_once"] == ["1 interaction waiting now"]


async def test_an_editor_must_say_what_it_has_seen(desk: Desk) -> None:
    """428 without a tag, 412 with an old or weak one, and then nothing is changed; a list may have the right one."""
    before, now = desk.router.plan, await _tag(desk)
    missing = await desk.http.patch("/v1/plan", json={"seed": 7})
    assert (missing.status_code, missing.json()["code"]) == (428, "if-match-required")
    for tag in ('"old"', f"W/{now}", "", now[1:-1]):
        late = await _send(desk, "PATCH", "/v1/plan", {"seed": 7}, If_Match=tag)
        assert (late.status_code, late.json()["code"], late.json()["state"]) == (
            412,
            "plan-changed",
            now[1:-1],
        )
        assert late.headers["etag"] == now
    assert desk.router.plan is before
    done = await _send(desk, "PATCH", "/v1/plan", {"seed": 7}, If_Match=f'"old", {now}')
    assert done.status_code == 200


async def test_of_two_editors_at_once_one_comes_too_late(desk: Desk) -> None:
    """Both saw the same plan; the second one's change is not put over the first one's."""
    tag = await _tag(desk)
    answers = await asyncio.gather(
        _send(desk, "PATCH", "/v1/plan", {"seed": 7}, If_Match=tag),
        _send(desk, "PATCH", "/v1/plan", {"seed": 8}, If_Match=tag),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_all_that_is_wrong_comes_at_once(desk: Desk) -> None:
    """With pointers into the document, the sentences of `switchroom check`, and nothing changed."""
    before = desk.router.plan
    document = await _document(desk)
    document["order"] = "no-such-order"
    document["presence-ttl"] = "soon"
    document["agents"]["gwen"]["skils"] = {}
    answer = await _send(desk, "PUT", "/v1/plan", document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-plan")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/order",
        "/presence-ttl",
        "/agents/gwen/skils",
    }
    assert "did you mean" in answer.text
    assert desk.router.plan is before


@pytest.mark.parametrize(
    ("body", "status", "code", "detail"),
    [
        (b"{", 400, "unreadable", "not JSON"),
        (b'{"seed": "\xff"}', 400, "unreadable", "not UTF-8: byte 10 is 0xff"),
        (b'{"seed": 1, "seed": 2}', 400, "unreadable", "'seed' stands twice"),
        (b'{"seed": NaN}', 400, "unreadable", "NaN is no number"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "unreadable", "more than 32 deep"),
        (b"[]", 422, "invalid", "expected a JSON object, found list"),
        (b"{}", 422, "invalid-plan", "the centre has no section"),
        (b'{"seed": null}', 422, "invalid-plan", "has no value"),
        (b'{"centre": "elsewhere", "sections": {"a": {}}}', 422, "invalid-plan", "not 'elsewhere'"),
    ],
)
async def test_a_body_that_is_no_plan_is_a_problem(
    desk: Desk, body: bytes, status: int, code: str, detail: str
) -> None:
    """It says what is wrong with it, and nothing is changed."""
    before = desk.router.plan
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    answer = await desk.http.put("/v1/plan", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert detail in answer.text
    assert desk.router.plan is before


async def test_a_plan_may_be_as_long_as_a_file(desk: Desk) -> None:
    """Longer than other bodies; a longer one yet is not read."""
    agents = {f"agent-{number:05}": {"tags": {"remark": "x" * 40}} for number in range(1_000)}
    assert (await _send(desk, "PATCH", "/v1/plan", {"agents": agents})).status_code == 200
    answer = await desk.raw(
        b"PUT /v1/plan HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\nContent-Type: application/json\r\n"
        b"Content-Length: 8388609\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"8388608 bytes" in answer


async def test_a_merge_patch_has_its_own_media_type(desk: Desk) -> None:
    """RFC 7396's is taken for PATCH, and not for PUT; what is refused hears what would be taken."""
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    patched = await desk.http.patch("/v1/plan", content=json.dumps({"seed": 7}), headers=headers)
    assert patched.status_code == 200, patched.text
    put = await desk.http.put("/v1/plan", content=json.dumps({"seed": 7}), headers=headers)
    assert put.status_code == 415
    assert "expected content-type application/json, found" in put.json()["detail"]
    headers["Content-Type"] = "text/plain"
    other = await desk.http.patch("/v1/plan", content=json.dumps({"seed": 7}), headers=headers)
    assert other.status_code == 415
    assert "application/json or application/merge-patch+json, found text/plain" in other.json()["detail"]


async def test_parts_are_added_and_taken_out(desk: Desk) -> None:
    """Each answer is one plan of its own; what is not there is 404, as is a part of a section that is not there."""
    for path, body in (
        ("agents/zoe", {"skills": {}}),
        ("pools/night", {"members": ["zoe"]}),
        ("calendars/day", {"time-zone": "UTC", "hours": {"mon": "09:00-17:00"}}),
        ("sections/complaints", {}),
        ("sections/complaints/queues/angry", {}),
    ):
        answer = await _send(desk, "PUT", f"/v1/plan/{path}", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["changes"]
    plan = desk.router.plan
    assert (plan.agents[-1].agent_id, plan.pools[-1].pool_id) == ("zoe", "night")
    assert plan.calendars[-1].calendar_id == "day"
    assert [queue.queue_id for queue in plan.sections[-1].queues] == ["angry"]
    for path in (
        "sections/complaints/queues/angry",
        "sections/complaints",
        "calendars/day",
        "pools/night",
        "agents/zoe",
    ):
        answer = await _send(desk, "DELETE", f"/v1/plan/{path}")
        assert answer.status_code == 200, answer.text
        gone = await _send(desk, "DELETE", f"/v1/plan/{path}")
        assert gone.status_code == 404, gone.text
    missing = await _send(desk, "PUT", "/v1/plan/sections/nowhere/queues/q", {})
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-section")
    assert (await _send(desk, "PUT", "/v1/plan/agents/a%20b", {})).json()["code"] == "bad-id"


async def test_a_queue_with_work_needs_a_successor(desk: Desk) -> None:
    """Without one the plan is refused and the work named; with one it moves there at once."""
    await _send(desk, "PUT", "/v1/plan/sections/billing/queues/late", {})
    assert desk.router.plan.sections[0].queues
    await _send(desk, "PUT", "/v1/plan/sections/billing/queues/early", {})
    section = next(each for each in desk.router.plan.sections if each.section_id == "billing")
    taken = str(section.default_queue or section.queues[0].queue_id)
    other = next(str(each.queue_id) for each in section.queues if each.queue_id != taken)
    await desk.post("/v1/interactions", CALL)
    path = f"/v1/plan/sections/billing/queues/{taken}"
    before = desk.router.plan
    refused = await _send(desk, "DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan-rejected"), refused.text
    assert f"queue {taken!r} is gone but has 1 live interactions" in refused.json()["detail"]
    assert desk.router.plan is before
    done = await _send(desk, "DELETE", f"{path}?successor={other}")
    assert done.status_code == 200, done.text
    assert f"1 interaction would move from {taken} to {other}" in done.json()["at_once"]
    assert (await desk.http.get("/v1/interactions/c-1")).json()["queue"] == other
    back = await _send(desk, "PUT", path, {})
    assert back.status_code == 200, back.text
    assert taken not in (await _document(desk)).get("successors", {})


async def test_skills_are_a_list_or_what_agents_have(desk: Desk) -> None:
    """Added to and taken off the list; without a list there is nothing to add to; one that is asked for cannot go."""
    await _send(desk, "PATCH", "/v1/plan", {"skills": None})
    none = await _send(desk, "PUT", "/v1/plan/skills/latin")
    assert (none.status_code, none.json()["code"]) == (409, "no-skills")
    had = sorted({skill.name for agent in desk.router.plan.agents for skill in agent.skills})
    await _send(desk, "PATCH", "/v1/plan", {"skills": had})
    await _send(desk, "PUT", "/v1/plan/skills/latin")
    assert (await _document(desk))["skills"] == [*had, "latin"]
    assert (await _send(desk, "DELETE", "/v1/plan/skills/latin")).status_code == 200
    assert (await _send(desk, "DELETE", "/v1/plan/skills/latin")).json()["code"] == "unknown-skill"
    assert (await _send(desk, "DELETE", f"/v1/plan/skills/{had[0]}")).json()["code"] == "invalid-plan"


async def test_an_agent_that_goes_finishes_what_is_in_hand(desk: Desk) -> None:
    """Said beforehand by the dry run."""
    await desk.post("/v1/agents/gwen/sign-in")
    dry = await _send(desk, "DELETE", "/v1/plan/agents/gwen?dry-run=true")
    assert "agent gwen would leave the roster, and finish what is in hand" in dry.json()["at_once"]


@pytest.mark.parametrize("by", ["", "x" * 65, "zo\xe9"])
async def test_who_changes_it_must_be_a_name(desk: Desk, by: str) -> None:
    """What cannot stand in the history is refused."""
    headers = [(b"If-Match", b"*"), (b"Changed-By", by.encode("latin-1"))]
    answer = await desk.http.patch("/v1/plan", json={"seed": 7}, headers=headers)
    assert answer.status_code == 422
    assert "Changed-By" in answer.text


async def test_the_history_is_bounded(desk: Desk) -> None:
    """The last fifty changes, the latest first; many lines are cut."""
    for seed in range(1, 56):
        assert (await _send(desk, "PATCH", "/v1/plan", {"seed": seed})).status_code == 200
    agents: dict[str, Any] = {f"new-{number}": {"skills": {}} for number in range(20)}
    await _send(desk, "PATCH", "/v1/plan", {"agents": agents})
    items = (await desk.http.get("/v1/plan/history")).json()["items"]
    assert len(items) == 50
    assert items[0]["changes"][-1] == "and 11 more"
    assert items[1]["by"] == "unknown"


async def test_a_router_without_a_document_says_so(desk: Desk) -> None:
    """A program made its plan."""
    async with Desk(desk.router.plan) as other:
        assert (await other.http.get("/v1/plan")).json()["code"] == "no-document"
        assert (await _send(other, "PATCH", "/v1/plan", {"seed": 7})).json()["code"] == "no-document"
