"""Submitting over HTTP: ids, keys, and being told the same twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.desk import Desk


async def test_the_same_again_gets_the_same_answer(desk: Desk) -> None:
    """201 the first time, 200 from then on, even after it has ended; the journal and the engine hear one interaction."""
    first = await desk.submit("i-1", attributes={"vip": True})
    again = await desk.submit("i-1", attributes={"vip": True})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"] == "/v1/interactions/i-1"
    await desk.post("/v1/interactions/i-1/cancel")
    after = await desk.submit("i-1", attributes={"vip": True})
    assert (after.status_code, after.json()["answer"]) == (200, "queued")
    assert len((await desk.http.get("/v1/interactions?state=ended")).json()["items"]) == 1


async def test_other_content_under_the_same_id_is_a_conflict(desk: Desk) -> None:
    """With what differs; the first stays as it is."""
    await desk.submit("i-1", attributes={"vip": True})
    other = await desk.submit("i-1", attributes={"vip": False})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert "attributes.vip is another" in other.json()["detail"]


async def test_the_same_at_once_is_one_interaction(desk: Desk) -> None:
    """One of them is the first, whichever; the others get its answer."""
    answers = await asyncio.gather(*(desk.submit("i-1") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.text for answer in answers}) == 1


async def test_an_id_left_out_is_made_up(desk: Desk) -> None:
    """A new one each time."""
    answers = [await desk.post("/v1/interactions", {"section": "support"}) for _ in range(2)]
    ids = {answer.json()["interaction_id"] for answer in answers}
    assert len(ids) == 2
    assert all(name.startswith("i-") for name in ids)


@pytest.mark.parametrize(
    ("key", "is_kept"),
    [("order-17", True), ('"order-17"', True), ("Ümläut & spaces", False), ("x" * 100, False)],
)
async def test_an_idempotency_key_stands_for_an_id(desk: Desk, key: str, is_kept: bool) -> None:
    """Itself where it is an id, else one made from it, always the same; quotes of a structured header do not count."""
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answers = [
        await desk.http.post("/v1/interactions", json={"section": "support"}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["interaction_id"] == "order-17") == is_kept


async def test_the_id_in_the_body_wins_over_the_key(desk: Desk) -> None:
    """It is the sender's own."""
    answer = await desk.post(
        "/v1/interactions", {"section": "support", "interaction_id": "i-1"}, Idempotency_Key="k-1"
    )
    assert answer.json()["interaction_id"] == "i-1"


async def test_a_key_must_say_something(desk: Desk) -> None:
    """And not too much."""
    for key in ('""', "x" * 257):
        answer = await desk.post("/v1/interactions", {"section": "support"}, Idempotency_Key=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-id")


async def test_a_reply_to_must_be_a_name(desk: Desk) -> None:
    """It is a path of its own."""
    answer = await desk.post("/v1/interactions", {"section": "support"}, Reply_To="a b")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-id")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"section": "suport"}, 422, "unknown-section"),
        ({"section": "support", "queue": "billing"}, 422, "unknown-queue"),
        ({"section": "support", "channel": "pigeon"}, 422, "unknown-channel"),
        ({"section": "support", "original_arrived_at": "2001-01-01T00:00:00Z"}, 422, "bad-time"),
        ({"section": "support", "expires_at": "2999-01-01T00:00:00Z"}, 422, "bad-time"),
        ({"section": "support", "position": 1}, 422, "bad-position"),
        ({"section": "support", "preferred": ["ana", "ana"]}, 422, "bad-preferred"),
        ({"section": "support", "requirement": {"english": "good"}}, 422, "bad-requirement"),
        ({"section": "support", "customer": "c" * 257}, 422, "bad-text"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_its_code(
    desk: Desk, fields: dict[str, Any], status: int, code: str
) -> None:
    """By submitting and by asking what would become of it alike; nothing comes of it."""
    for path in ("/v1/interactions", "/v1/explanations"):
        answer = await desk.post(path, fields)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await desk.http.get("/v1/interactions")).json() == {"items": [], "next": None}


async def test_a_bad_requirement_says_where(desk: Desk) -> None:
    """As a pointer, with what would do."""
    answer = await desk.submit("i-1", requirement={"english": "good"})
    assert answer.json()["errors"] == [
        {"pointer": "/requirement/english", "detail": "expected a level (1 to 10)"}
    ]


async def test_cancel_abandon_and_complete_say_when_they_come_too_late(desk: Desk) -> None:
    """409 with the real state; 404 for what is not known."""
    await desk.submit("i-1")
    assert (await desk.post("/v1/interactions/i-1/abandon")).json()["answer"] == "done"
    for verb in ("cancel", "abandon", "complete"):
        late = await desk.post(f"/v1/interactions/i-1/{verb}")
        assert (late.status_code, late.json()["code"], late.json()["state"]) == (
            409,
            "interaction-ended",
            "abandoned",
        )
        unknown = await desk.post(f"/v1/interactions/i-2/{verb}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-interaction")


async def test_a_contact_completed_by_the_customer_ends(desk: Desk) -> None:
    """And one that was cancelled for a reason keeps it."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    await desk.post("/v1/agents/ana/offers/1/accept")
    assert (await desk.post("/v1/interactions/i-1/complete")).status_code == 200
    await desk.submit("i-2")
    await desk.post("/v1/interactions/i-2/cancel", {"reason": "changed my mind", "interaction_id": "i-2"})
    ended = (await desk.http.get("/v1/interactions?state=ended")).json()["items"]
    assert [(each["interaction_id"], each["ended_how"]) for each in ended] == [
        ("i-1", "completed"),
        ("i-2", "cancelled"),
    ]


async def test_the_body_may_not_say_something_else_than_the_path(desk: Desk) -> None:
    """The same again is fine."""
    await desk.submit("i-1")
    answer = await desk.post("/v1/interactions/i-1/cancel", {"interaction_id": "i-2"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/interaction_id")


async def test_explaining_before_the_fact_is_what_then_happens(desk: Desk) -> None:
    """Who would get it and why; asking changes nothing."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.post("/v1/agents/ben/sign-in")
    body = {"section": "support"}
    before = (await desk.http.get("/v1/interactions")).json()
    preview = (await desk.post("/v1/explanations", body)).json()
    assert (await desk.http.get("/v1/interactions")).json() == before
    assert preview["answer"] == "queued"
    assert preview["queue"] == "support"
    assert preview["explanation"]["chosen"] == "ana"
    assert preview["explanation"]["decided_by"] == "only candidate"
    verdicts = {each["agent_id"]: each["code"] for each in preview["explanation"]["verdicts"]}
    assert verdicts == {"ana": "chosen", "ben": "requirement"}
    await desk.post("/v1/interactions", {**body, "interaction_id": "i-1"})
    explanation = (await desk.http.get("/v1/interactions/i-1/explanation")).json()
    assert explanation["chosen"] == "ana"
    assert explanation["decision"] == preview["explanation"]["decision"]


async def test_when_it_would_expire_can_be_seen(desk: Desk) -> None:
    """The view of open work says so, and that other work never does."""
    in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="milliseconds")
    await desk.submit("i-1", expires_at=in_an_hour)
    await desk.submit("i-2")
    seen = [(await desk.http.get(f"/v1/interactions/{name}")).json()["expires_at"] for name in ("i-1", "i-2")]
    assert datetime.fromisoformat(seen[0]) == datetime.fromisoformat(in_an_hour)
    assert seen[1] is None


async def test_preferred_agents_come_along(desk: Desk) -> None:
    """The interaction tells whom its sender prefers."""
    await desk.post(
        "/v1/interactions", {"interaction_id": "c", "section": "support", "preferred": ["zoe", "ana"]}
    )
    assert (await desk.http.get("/v1/interactions/c")).json()["preferred"] == ["zoe", "ana"]
