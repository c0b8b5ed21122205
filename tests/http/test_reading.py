"""Looking at interactions, agents, queues and sections."""

from __future__ import annotations

import re

import pytest

from agents.model import ChannelId
from router.core.plan import Channel
from router.testing import a_plan
from tests.http.desk import Desk


async def _ids(desk: Desk, path: str) -> tuple[list[str], int]:
    """Read all pages of a list of interactions: their ids, and how many pages there were."""
    ids: list[str] = []
    cursor = ""
    pages = 0
    while True:
        page = (await desk.http.get(f"{path}{cursor}")).json()
        ids.extend(each["interaction_id"] for each in page["items"])
        pages += 1
        if page["next"] is None:
            return ids, pages
        cursor = f"&cursor={page['next']}"


async def test_pages_neither_repeat_nor_leave_out(desk: Desk) -> None:
    """Even though some end, and others come, between one page and the next."""
    for number in range(7):
        await desk.submit(f"i-{number}")
    first = (await desk.http.get("/v1/interactions?limit=3")).json()
    assert [each["interaction_id"] for each in first["items"]] == ["i-0", "i-1", "i-2"]
    for number in (1, 2, 4):
        await desk.post(f"/v1/interactions/i-{number}/cancel")
    await desk.submit("i-7")
    rest = (await desk.http.get(f"/v1/interactions?limit=10&cursor={first['next']}")).json()
    assert [each["interaction_id"] for each in rest["items"]] == ["i-3", "i-5", "i-6", "i-7"]
    assert rest["next"] is None


async def test_ended_interactions_are_listed_in_the_order_of_their_ends(desk: Desk) -> None:
    """Page by page, several in the same millisecond too."""
    for number in range(6):
        await desk.submit(f"i-{number}")
    order = [3, 0, 5, 1, 4, 2]
    for number in order:
        await desk.post(f"/v1/interactions/i-{number}/cancel")
    ids, pages = await _ids(desk, "/v1/interactions?state=ended&limit=2")
    assert ids == [f"i-{number}" for number in order]
    assert pages == 3


async def test_interactions_are_chosen_by_section_queue_and_state(desk: Desk) -> None:
    """Each by itself and together."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    await desk.submit("i-2")
    await desk.submit("i-3", queue="anything")
    await desk.submit("i-4", section="billing")
    for asked, expected in [
        ("section=billing", ["i-4"]),
        ("section=support", ["i-1", "i-2", "i-3"]),
        ("queue=anything", ["i-3"]),
        ("state=offered", ["i-1"]),
        ("state=queued&section=support", ["i-2", "i-3"]),
        ("state=ended", []),
        ("limit=1&queue=anything", ["i-3"]),
    ]:
        ids, _ = await _ids(desk, f"/v1/interactions?{asked}")
        assert ids == expected, asked


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/interactions?limit=0", 422, "invalid"),
        ("/v1/interactions?limit=1001", 422, "invalid"),
        ("/v1/interactions?limit=many", 422, "invalid"),
        ("/v1/interactions?limit=1&limit=2", 422, "invalid"),
        ("/v1/interactions?state=lost", 422, "invalid"),
        ("/v1/interactions?sort=priority", 422, "invalid"),
        ("/v1/interactions?cursor=e.1.2", 422, "bad-cursor"),
        ("/v1/interactions?cursor=n.x", 422, "bad-cursor"),
        ("/v1/interactions?cursor=%ff", 422, "invalid"),
        ("/v1/interactions?section=suport", 422, "unknown-section"),
        ("/v1/interactions?queue=suport", 422, "unknown-queue"),
        ("/v1/interactions/a%20b", 422, "bad-id"),
        ("/v1/interactions/i-9", 404, "unknown-interaction"),
        ("/v1/interactions/i-9/explanation", 404, "unknown-interaction"),
        ("/v1/interactions/i-9/estimate", 404, "unknown-interaction"),
        ("/v1/queues/suport/estimate", 404, "unknown-queue"),
        ("/v1/queues/support/estimate?channel=fax", 422, "unknown-channel"),
        ("/v1/queues/suport", 404, "unknown-queue"),
        ("/v1/queues?section=suport", 422, "unknown-section"),
        ("/v1/sections/suport", 404, "unknown-section"),
        ("/v1/agents?presence=asleep", 422, "invalid"),
        ("/v1/events?after=-1", 422, "invalid"),
        ("/v1/events?after=99", 409, "events-ahead"),
        ("/v1/agents/ana/inbox?after=1", 422, "invalid"),
    ],
)
async def test_what_cannot_be_read_is_a_problem(desk: Desk, path: str, status: int, code: str) -> None:
    """With a code and a sentence."""
    answer = await desk.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_estimates_say_where_work_stands(desk: Desk) -> None:
    """Of work and of what would arrive; unknown, with the reason, where the centre keeps none."""
    for number in (1, 2):
        await desk.submit(f"i-{number}")
    for path, position in (
        ("interactions/i-1", 1),
        ("interactions/i-2", 2),
        ("queues/support", 3),
    ):
        found = (await desk.http.get(f"/v1/{path}/estimate")).json()
        assert (found["queue"], found["channel"], found["position"]) == ("support", "voice", position)
        assert (found["method"], found["why"], found["p50_ms"]) == ("unknown", "off", None)


async def test_an_estimate_of_one_of_several_channels_must_say_which() -> None:
    """With those there are."""
    channels = [Channel(channel_id=ChannelId(name)) for name in ("voice", "chat")]
    async with Desk(a_plan(channels=channels)) as desk:
        answer = await desk.http.get("/v1/queues/support/estimate")
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-channel")
        assert "there is voice, chat" in answer.json()["detail"]
        assert (await desk.http.get("/v1/queues/support/estimate?channel=chat")).is_success


async def test_agents_are_listed_by_id(desk: Desk) -> None:
    """Page by page, by presence where asked."""
    await desk.post("/v1/agents/ben/sign-in")
    first = (await desk.http.get("/v1/agents?limit=1")).json()
    assert [each["agent_id"] for each in first["items"]] == ["ana"]
    second = (await desk.http.get(f"/v1/agents?limit=1&cursor={first['next']}")).json()
    assert second == {
        "items": [
            {
                "agent_id": "ben",
                "name": "Ben",
                "kind": "human",
                "presence": "ready",
                "reason": "",
                "is_paused": False,
                "units": 0,
                "capacity": 100,
                "offers": 0,
                "work": 0,
            }
        ],
        "next": None,
    }
    ready = (await desk.http.get("/v1/agents?presence=ready")).json()
    assert [each["agent_id"] for each in ready["items"]] == ["ben"]


async def test_a_queue_says_how_much_waits_and_who_could_take_it(desk: Desk) -> None:
    """What is offered is told apart; agents count who meet what the queue asks."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.post("/v1/agents/ben/sign-in")
    for number in range(3):
        await desk.submit(f"i-{number}")
    queue = (await desk.http.get("/v1/queues/support")).json()
    assert queue["longest_wait_ms"] >= 0
    assert {name: queue[name] for name in ("waiting", "offered", "agents_signed_in", "agents_ready")} == {
        "waiting": 2,
        "offered": 1,
        "agents_signed_in": 1,
        "agents_ready": 1,
    }
    assert queue["requirement"] == "english >= 3"
    anything = (await desk.http.get("/v1/queues/anything")).json()
    assert (anything["waiting"], anything["agents_ready"]) == (0, 2)
    listed = (await desk.http.get("/v1/queues?section=support")).json()["items"]
    assert [each["queue_id"] for each in listed] == ["anything", "support"]


async def test_a_section_adds_up_its_queues(desk: Desk) -> None:
    """What waits in all of them."""
    await desk.submit("i-1")
    await desk.submit("i-2", queue="anything")
    section = (await desk.http.get("/v1/sections/support")).json()
    assert (section["waiting"], section["queues"], section["default_queue"]) == (
        2,
        ["support", "anything"],
        "support",
    )
    listed = (await desk.http.get("/v1/sections")).json()["items"]
    assert [each["section_id"] for each in listed] == ["billing", "support"]


async def test_a_reader_who_has_it_already_is_told_so(desk: Desk) -> None:
    """304 without a body while the tag is true; another tag after a change."""
    first = await desk.http.get("/v1/agents/ana")
    tag = first.headers["etag"]
    same = await desk.http.get("/v1/agents/ana", headers={"If-None-Match": f'"other", {tag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    await desk.post("/v1/agents/ana/sign-in")
    changed = await desk.http.get("/v1/agents/ana", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["presence"]) == (200, "ready")


async def test_health_and_readiness_are_different_questions(desk: Desk) -> None:
    """A process that lives may not take work."""
    assert (await desk.http.get("/readyz")).json() == {"status": "ok"}
    desk.not_ready = "the journal is being read"
    assert (await desk.http.get("/healthz")).json() == {"status": "ok"}
    answer = await desk.http.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "the journal is being read")
    assert answer.headers["retry-after"] == "1"


async def test_a_closed_router_says_so(desk: Desk) -> None:
    """503, to be tried again."""
    await desk.router.close()
    answer = await desk.submit("i-1")
    assert (answer.status_code, answer.json()["code"]) == (503, "closed")
    assert answer.headers["retry-after"] == "1"


async def test_a_page_looks_at_so_many_interactions_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rare among many takes several pages, some of them empty, and none is left out."""
    monkeypatch.setattr("router.transports.http.reading.SCAN_MAX", 2)
    for number in range(7):
        await desk.submit(f"i-{number}", section="billing" if number in {3, 6} else "support")
    ids, pages = await _ids(desk, "/v1/interactions?section=billing")
    assert ids == ["i-3", "i-6"]
    assert pages == 4
    for number in range(7):
        await desk.post(f"/v1/interactions/i-{number}/cancel")
    ids, pages = await _ids(desk, "/v1/interactions?section=billing&state=ended")
    assert ids == ["i-3", "i-6"]
    assert pages == 4


async def test_an_application_of_a_router_that_goes_on_knows_what_waits(desk: Desk) -> None:
    """As after a restart: lists and queues are those of before."""
    await desk.post("/v1/agents/ana/sign-in")
    for number in range(3):
        await desk.submit(f"i-{number}")
    await desk.post("/v1/interactions/i-1/cancel")
    async with desk.again() as again:
        for path in ("/v1/interactions", "/v1/queues/support", "/v1/sections/support"):
            before = (await desk.http.get(path)).json()
            after = (await again.get(path)).json()
            assert _without_times(after) == _without_times(before)


def _without_times(view: dict[str, object]) -> str:
    return re.sub(r"'(longest_)?wait_ms': \d+", "", str(view))
