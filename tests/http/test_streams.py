"""Event streams: inboxes and the centre's events, resumed, cut off and ended."""

from __future__ import annotations

import asyncio

import pytest

from agents.model import AgentId
from router.core.plan import Plan
from router.core.signals import AgentBecameNotReady
from router.transports.http.streams import Streams
from tests.http.desk import LIMIT_S, Desk, until


async def test_an_inbox_begins_with_the_state(desk: Desk) -> None:
    """So that a desktop which connects anew misses nothing."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-1")
    async with desk.stream("/v1/agents/ana/inbox") as inbox:
        first = await anext(inbox)
        assert first.event == "state"
        assert [offer["work"]["interaction_id"] for offer in first.data["offers"]] == ["i-1"]
        await desk.post("/v1/interactions/i-1/cancel")
        gone = await anext(inbox)
        assert (gone.event, gone.data["reason"]) == ("rescind", "cancelled")


async def test_an_inbox_holds_what_is_its_own(desk: Desk) -> None:
    """Two desktops of one agent both hear it, another agent does not."""
    async with (
        desk.stream("/v1/agents/ana/inbox") as one,
        desk.stream("/v1/agents/ana/inbox") as two,
        desk.stream("/v1/agents/ben/inbox") as other,
    ):
        for inbox in (one, two, other):
            assert (await anext(inbox)).event == "state"
        await desk.post("/v1/agents/ana/sign-in")
        await desk.post("/v1/agents/ben/sign-in", {"ready": False})
        for inbox, presence in ((one, "ready"), (two, "ready"), (other, "not-ready")):
            assert (await anext(inbox)).data["presence"] == presence


async def test_a_submitter_hears_of_its_own(desk: Desk) -> None:
    """By the name that its submissions carried."""
    async with desk.stream("/v1/submitters/web/inbox") as inbox:
        await desk.submit("i-1")
        await desk.post("/v1/interactions", {"interaction_id": "i-2", "section": "support"}, Reply_To="web")
        await desk.post("/v1/interactions/i-1/cancel")
        await desk.post("/v1/interactions/i-2/cancel")
        told = await anext(inbox)
        assert (told.event, told.data["interaction_id"], told.data["how"]) == ("ended", "i-2", "cancelled")


async def test_events_are_numbered_without_gaps(desk: Desk) -> None:
    """The id of each is its sequence; data is a CloudEvent."""
    async with desk.stream("/v1/events") as events:
        await desk.post("/v1/agents/ana/sign-in")
        await desk.submit("i-1")
        three = [await anext(events) for _ in range(3)]
    assert [event.id for event in three] == ["1", "2", "3"]
    assert [event.data["sequence"] for event in three] == [1, 2, 3]
    assert [event.data["type"] for event in three] == [
        "switchroom.presence.changed",
        "switchroom.interaction.queued",
        "switchroom.offer.made",
    ]
    assert {event.data["specversion"] for event in three} == {"1.0"}


@pytest.mark.parametrize("by", ["header", "query"])
async def test_a_reader_resumes_where_it_was(desk: Desk, by: str) -> None:
    """By the header that browsers send, which wins, or by the query."""
    for number in range(4):
        await desk.submit(f"i-{number}")
    if by == "header":
        stream = desk.stream("/v1/events?after=0", Last_Event_ID="2")
    else:
        stream = desk.stream("/v1/events?after=2")
    async with stream as events:
        assert [(await anext(events)).data["subject"] for _ in range(2)] == ["i-2", "i-3"]
        await desk.submit("i-4")
        assert (await anext(events)).data["subject"] == "i-4"


async def test_events_are_chosen_by_section_and_type(desk: Desk) -> None:
    """Several of each; the numbers stay those of all events."""
    async with (
        desk.stream("/v1/events?section=billing") as billing,
        desk.stream("/v1/events?type=switchroom.interaction.ended&type=switchroom.presence.changed") as few,
    ):
        await desk.submit("i-1")
        await desk.submit("i-2", section="billing")
        await desk.post("/v1/interactions/i-1/cancel")
        await desk.post("/v1/agents/ana/sign-in")
        assert (await anext(billing)).id == "2"
        assert [(await anext(few)).data["subject"] for _ in range(2)] == ["i-1", "ana"]


async def test_what_is_not_kept_any_more_cannot_be_resumed(plan: Plan) -> None:
    """410, with the oldest there is; what is still there can."""
    async with Desk(plan, events_kept=2) as desk:
        for number in range(5):
            await desk.submit(f"i-{number}")
        gone = await desk.http.get("/v1/events?after=1")
        assert (gone.status_code, gone.json()["code"]) == (410, "events-gone")
        assert "the oldest is 4" in gone.json()["detail"]
        async with desk.stream("/v1/events?after=3") as events:
            assert (await anext(events)).id == "4"


async def test_a_bad_last_event_id_is_a_problem(desk: Desk) -> None:
    """It was not one of ours."""
    answer = await desk.http.get("/v1/events", headers={"Last-Event-ID": "abc"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def _trouble(desk: Desk, number: int) -> None:
    """Have something long told to ben, longer than HTTP would take it."""
    reason = f"{number}" + "x" * 50_000
    await desk.router.post(AgentBecameNotReady(AgentId("ben"), reason))


async def test_a_slow_reader_of_an_inbox_is_cut_off(plan: Plan) -> None:
    """It is told that it lags, then the stream ends; commands were answered all the while, and another reader lost nothing."""
    async with Desk(plan, letters_max=50) as desk:
        await desk.post("/v1/agents/ben/sign-in", {"ready": False})
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port, limit=1_024)
        writer.write(b"GET /v1/agents/ben/inbox HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(LIMIT_S):
            await reader.readuntil(b"event: state")
        async with desk.stream("/v1/agents/ben/inbox") as keen:
            assert (await anext(keen)).event == "state"
            for number in range(1_000):
                await _trouble(desk, number)
                assert (await anext(keen)).event == "presence"
                if desk.has_lagging_reader():
                    break
            assert desk.has_lagging_reader()
            assert (await desk.http.get("/healthz")).status_code == 200
        async with asyncio.timeout(LIMIT_S):
            rest = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
    assert b"event: lagged\ndata: " in rest
    assert rest.endswith(b"0\r\n\r\n")


async def test_a_reader_of_events_that_falls_out_of_what_is_kept_is_cut_off(plan: Plan) -> None:
    """With the same problem as a resume that comes too late."""
    async with Desk(plan, events_kept=3) as desk, desk.stream("/v1/events") as events:
        await desk.submit("i-0")
        assert (await anext(events)).id == "1"
        desk.journal.gate.clear()
        sending = [asyncio.create_task(desk.submit(f"i-{number}")) for number in range(1, 9)]
        await until(lambda: len(desk.waiting()) == 8)
        desk.journal.gate.set()
        await asyncio.gather(*sending)
        told = [event async for event in events]
    assert told[-1].event == "lagged"
    assert told[-1].data["code"] == "events-gone"


async def test_a_reader_that_takes_nothing_is_closed(plan: Plan) -> None:
    """After a while, so that dead peers do not add up."""
    async with Desk(plan, streams=Streams(stall_s=0.05)) as desk:
        await desk.post("/v1/agents/ben/sign-in", {"ready": False})
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port, limit=1_024)
        writer.write(b"GET /v1/agents/ben/inbox HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(LIMIT_S):
            await reader.readuntil(b"event: state")
        assert desk.open_streams() == 1
        for number in range(1_000):
            await _trouble(desk, number)
            if not desk.open_streams():
                break
        assert desk.open_streams() == 0
        writer.close()
        await writer.wait_closed()


async def test_a_quiet_stream_is_kept_alive(plan: Plan) -> None:
    """By comments, and for events by the number from which to resume."""
    async with Desk(plan, streams=Streams(keep_alive_s=0.01)) as desk:
        for path, sign in (
            ("/v1/agents/ana/inbox", ": still here"),
            ("/v1/submitters/web/inbox", ": still here"),
            ("/v1/events?type=switchroom.plan.adopted", "id: 1"),
        ):
            async with (
                asyncio.timeout(LIMIT_S),
                desk.client() as client,
                client.stream("GET", path) as response,
            ):
                await desk.submit("i-1")
                async for line in response.aiter_lines():
                    if line == sign:
                        break
                else:
                    pytest.fail(f"{path} ended")


async def test_streams_are_bounded(plan: Plan) -> None:
    """One too many is told to come back later; a stream that was left makes room."""
    async with Desk(plan, streams=Streams(most=1)) as desk:
        async with desk.stream("/v1/events"):
            answer = await desk.http.get("/v1/agents/ana/inbox")
            assert (answer.status_code, answer.json()["code"]) == (429, "overloaded")
            assert answer.headers["retry-after"] == "5"
        await until(lambda: desk.open_streams() == 0)
        async with desk.stream("/v1/agents/ana/inbox") as inbox:
            assert (await anext(inbox)).event == "state"


async def test_closing_ends_streams_cleanly(desk: Desk) -> None:
    """Each is told, and is whole for its reader; nothing is left open."""
    async with (
        desk.stream("/v1/agents/ana/inbox") as inbox,
        desk.stream("/v1/submitters/web/inbox") as submitter,
        desk.stream("/v1/events") as events,
    ):
        assert (await anext(inbox)).event == "state"
        closing = asyncio.create_task(desk.server.close())
        for stream in (inbox, submitter, events):
            assert [event.event async for event in stream] == ["end"]
    await closing
    assert desk.open_streams() == 0


async def test_nobody_reading_costs_no_letters(desk: Desk) -> None:
    """The router is listened to by the inboxes only while somebody reads one."""
    before = desk.listeners()
    async with desk.stream("/v1/agents/ana/inbox") as inbox:
        assert (await anext(inbox)).event == "state"
        assert desk.listeners() == before + 1
    await until(lambda: desk.listeners() == before)
