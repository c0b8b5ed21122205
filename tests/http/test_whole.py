"""A whole interaction over HTTP."""

from __future__ import annotations

from tests.http.desk import Desk


async def test_an_interaction_from_its_arrival_to_its_end(desk: Desk) -> None:
    """Submitted, offered, accepted, finished; the agent and the submitter hear of it as it happens."""
    signed_in = await desk.post("/v1/agents/ana/sign-in", {"request": "r-1"})
    assert signed_in.status_code == 200
    assert signed_in.json() == {
        "type": "accepted",
        "request": "r-1",
        "answer": "done",
        "interaction_id": None,
        "agent": {"agent_id": "ana", "presence": "ready", "reason": "", "offers": [], "work": []},
        "told": None,
    }
    async with (
        desk.stream("/v1/agents/ana/inbox") as inbox,
        desk.stream("/v1/submitters/web/inbox") as submitter,
    ):
        first = await anext(inbox)
        assert (first.event, first.data["presence"]) == ("state", "ready")
        submitted = await desk.post(
            "/v1/interactions",
            {"interaction_id": "i-1", "section": "billing", "customer": "c-7", "attributes": {"vip": True}},
            Reply_To="web",
        )
        assert submitted.status_code == 201
        assert submitted.headers["location"] == "/v1/interactions/i-1"
        assert submitted.json()["answer"] == "queued"
        offer = await anext(inbox)
        assert offer.event == "offer"
        assert offer.data["work"]["attributes"] == {"vip": True}
        offer_id = offer.data["offer_id"]
        accepted = await desk.post(f"/v1/agents/ana/offers/{offer_id}/accept")
        assert (accepted.status_code, accepted.json()["answer"]) == (200, "accepted")
        assert accepted.json()["interaction_id"] == "i-1"
        assert (await anext(inbox)).event == "connect"
        assigned = await anext(submitter)
        assert (assigned.event, assigned.data["agent_id"]) == ("assigned", "ana")
        assert (await desk.post("/v1/agents/ana/interactions/i-1/finish")).status_code == 200
        assert (await anext(inbox)).event == "wrap-up"
        ended = await anext(submitter)
        assert (ended.event, ended.data["how"]) == ("ended", "completed")
        assert (await desk.post("/v1/agents/ana/interactions/i-1/wrap-up-done")).status_code == 200
        assert (await anext(inbox)).event == "closed"
    state = (await desk.http.get("/v1/interactions/i-1")).json()
    assert (state["state"], state["ended_how"], state["answer"]) == ("ended", "completed", "queued")
