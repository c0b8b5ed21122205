"""Agents over HTTP: presence, offers and work, and what is not theirs."""

from __future__ import annotations

import pytest

from tests.http.desk import Desk


async def test_presence_goes_through_its_states(desk: Desk) -> None:
    """Each command says whether anything changed, and the agent's state shows it."""
    steps = [
        ("sign-in", {"ready": False, "reason": "coffee"}, "done", "not-ready"),
        ("ready", None, "done", "ready"),
        ("ready", None, "unchanged", "ready"),
        ("heartbeat", None, "unchanged", "ready"),
        ("not-ready", {"reason": "lunch"}, "done", "not-ready"),
        ("ready", None, "done", "ready"),
        ("drain", None, "done", "offline"),
        ("sign-in", None, "done", "ready"),
        ("sign-out", None, "done", "offline"),
    ]
    for verb, body, answer, presence in steps:
        told = await desk.post(f"/v1/agents/ana/{verb}", body)
        assert (told.status_code, told.json()["answer"]) == (200, answer), verb
        assert (await desk.http.get("/v1/agents/ana")).json()["presence"] == presence, verb


async def test_a_desktop_that_starts_anew_finds_its_offers_and_work(desk: Desk) -> None:
    """In the answer to the sign-in."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    await desk.post("/v1/agents/ana/offers/1/accept")
    await desk.post("/v1/agents/ana/interactions/i-1/finish")
    await desk.submit("i-2")
    again = (await desk.post("/v1/agents/ana/sign-in")).json()
    assert again["answer"] == "unchanged"
    assert [offer["work"]["interaction_id"] for offer in again["agent"]["offers"]] == ["i-2"]


@pytest.mark.parametrize(("verb", "then"), [("decline", "ana declined"), ("fail", "line busy")])
async def test_an_offer_that_is_not_taken_goes_back(desk: Desk, verb: str, then: str) -> None:
    """The interaction waits again, and the agent cannot take that offer any more."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    refused = await desk.post(f"/v1/agents/ana/offers/1/{verb}", {"reason": then, "offer_id": 1})
    assert refused.json()["answer"] == "done"
    assert (await desk.http.get("/v1/interactions/i-1")).json()["state"] == "queued"
    late = await desk.post("/v1/agents/ana/offers/1/accept")
    assert (late.status_code, late.json()["code"]) == (409, "offer-ended")
    assert late.json()["state"] == {"decline": "declined", "fail": "failed"}[verb]


async def test_nobody_answers_for_another(desk: Desk) -> None:
    """Neither an offer, nor what was accepted; both stay as they are."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.post("/v1/agents/ben/sign-in")
    await desk.submit("i-1")
    for verb in ("accept", "decline", "fail"):
        answer = await desk.post(f"/v1/agents/ben/offers/1/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert (await desk.post("/v1/agents/ana/offers/1/accept")).status_code == 200
    for verb in ("finish", "transfer"):
        answer = await desk.post(f"/v1/agents/ben/interactions/i-1/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert (await desk.http.get("/v1/interactions/i-1")).json()["agent_id"] == "ana"


async def test_an_accept_that_is_repeated_is_accepted_again(desk: Desk) -> None:
    """The answer may have been lost on its way."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    first = await desk.post("/v1/agents/ana/offers/1/accept")
    assert (await desk.post("/v1/agents/ana/offers/1/accept")).json() == first.json()


async def test_work_can_be_given_on(desk: Desk) -> None:
    """To another queue; it waits there."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    await desk.post("/v1/agents/ana/offers/1/accept")
    await desk.post("/v1/agents/ana/not-ready")
    given = await desk.post("/v1/agents/ana/interactions/i-1/transfer", {"queue": "anything", "priority": 3})
    assert given.json()["answer"] == "done"
    state = (await desk.http.get("/v1/interactions/i-1")).json()
    assert (state["state"], state["queue"], state["priority"]) == ("queued", "anything", 3)


async def test_unknown_agents_and_offers_are_not_found(desk: Desk) -> None:
    """With what was meant where that is clear."""
    unknown = await desk.post("/v1/agents/anna/sign-in")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-agent")
    assert "'ana'" in unknown.json()["detail"]
    assert (await desk.http.get("/v1/agents/anna")).status_code == 404
    assert (await desk.http.get("/v1/agents/anna/inbox")).status_code == 404
    offer = await desk.post("/v1/agents/ana/offers/99/accept")
    assert (offer.status_code, offer.json()["code"]) == (404, "unknown-offer")
    number = await desk.post("/v1/agents/ana/offers/first/accept")
    assert (number.status_code, number.json()["code"]) == (422, "bad-id")


async def test_an_agent_that_is_offline_has_to_sign_in(desk: Desk) -> None:
    """A heartbeat does not do that."""
    answer = await desk.post("/v1/agents/ana/heartbeat")
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (
        409,
        "illegal-state",
        "offline",
    )
