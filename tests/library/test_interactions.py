"""Submitting: from the arrival to the end, as the submitter sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agents.model import ChannelId
from router import OverloadedError, SignalError, load_text
from router.core.facts import InteractionQueued, InteractionScheduled, PositionGiven
from router.core.plan import Channel, Plan
from router.core.signals import InteractionArrived, Signal
from router.service import Reply
from router.testing import START, TestRouter, a_plan, needs


async def test_an_interaction_finds_an_agent_and_ends(router: TestRouter) -> None:
    """The submitter hears of the answer, with the decision behind it, and of the end."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    assert call.state == "offered"
    await router.advance("5s")
    work = await (await ana.next_offer()).accept()
    assert work is call
    answer = await call.answered()
    assert answer is not None
    assert (answer.agent_id, answer.wait_ms, answer.choice) == ("ana", 5000, "longest-idle")
    assert (call.state, call.agent_id, call.queue) == ("assigned", "ana", "support")
    await ana.finish(call)
    end = await call.ended()
    assert (end.how, end.agent_id) == ("completed", "ana")
    assert (call.state, call.agent_id) == ("ended", None)
    assert await call.answered() is answer
    assert repr(call) == "<Interaction i-1 completed>"


async def test_the_submitter_may_wait_before_anything_happens(router: TestRouter) -> None:
    """`answered` and `ended` wait for as long as it takes, for as many as want to know."""
    call = await router.submit("support", id="call-1")
    waiting = [asyncio.create_task(call.answered()) for _ in range(2)]
    ended = asyncio.create_task(call.ended())
    await router.advance("1m")
    assert not any(task.done() for task in (*waiting, ended))
    ana = await router.sign_in("ana")
    await (await ana.next_offer()).accept()
    answers = await asyncio.gather(*waiting)
    assert [answer and answer.agent_id for answer in answers] == ["ana", "ana"]
    await call.complete()
    assert (await ended).how == "completed"


@pytest.mark.parametrize(("verb", "how"), [("abandon", "abandoned"), ("cancel", "cancelled")])
async def test_an_interaction_that_leaves_was_not_answered(router: TestRouter, verb: str, how: str) -> None:
    """`answered` returns None when the customer leaves or the sender calls it off."""
    call = await router.submit("support")
    answer = asyncio.create_task(call.answered())
    await getattr(call, verb)()
    assert await answer is None
    assert (await call.ended()).how == how
    with pytest.raises(SignalError) as late:
        await call.abandon()
    assert (late.value.code, late.value.state) == ("interaction-ended", how)


async def test_the_reason_of_a_cancellation_is_kept(router: TestRouter) -> None:
    """A supervisor's words come back with the end."""
    call = await router.submit("support")
    await call.cancel("duplicate")
    assert (await call.ended()).reason == "duplicate"


async def test_everything_that_can_be_said_of_an_interaction_is_passed_on(router: TestRouter) -> None:
    """The arrival has every value in its place, moments as milliseconds of the router's clock."""
    heard: list[object] = []
    post = router.post

    def listen(signal: Signal, at: int | None = None) -> Reply:
        heard.append(signal)
        return post(signal, at)

    router.post = listen  # type: ignore[method-assign]
    await router.submit(
        "support",
        "voice",
        id="call-1",
        attributes={"plan": "gold"},
        queue="anything",
        priority=3,
        requirement=needs(french=1),
        customer="c-7",
        due_at=timedelta(minutes=5),
        not_before=START + 60_000,
        original_arrived_at=datetime.fromtimestamp(START / 1000 - 30, UTC),
        reply_to="here",
        expires_at=timedelta(minutes=9),
    )
    assert heard == [
        InteractionArrived(
            *("call-1", "support", "voice", {"plan": "gold"}, "anything", 3, needs(french=1), "c-7"),  # type: ignore[arg-type]
            due_at=START + 300_000,
            not_before=START + 60_000,
            original_arrived_at=START - 30_000,
            reply_to="here",
            expires_at=START + 540_000,
        )
    ]


async def test_a_moment_without_time_zone_is_refused(router: TestRouter) -> None:
    """A naive datetime is a bug of the caller, and nothing is sent."""
    with pytest.raises(ValueError, match="has no time zone"):
        await router.submit("support", due_at=datetime(2030, 1, 1))  # noqa: DTZ001
    assert router.facts == []


async def test_scheduled_work_starts_by_itself(router: TestRouter) -> None:
    """Until `not_before` it is scheduled, then it waits."""
    call = await router.submit("support", not_before=timedelta(minutes=1))
    await router.advance("59s")
    assert router.state_of(call.id) == "scheduled"
    await router.advance("1s")
    router.assert_waiting(call.id)
    assert [type(fact) for fact in router.facts_of(call.id)] == [InteractionScheduled, InteractionQueued]


async def test_a_position_can_be_asked_under_strict_order() -> None:
    """The fact says which position it got, and an explanation where it stands."""
    async with TestRouter(load_text("order: strict\nsections: {s: {}}\nagents: {a: {}}")) as router:
        for name in ("call-1", "call-2"):
            await router.submit("s", "voice", id=name)
        call = await router.submit("s", "voice", position=2)
        given = [fact for fact in router.facts_of(call.id) if isinstance(fact, PositionGiven)]
        assert [(fact.asked, fact.position) for fact in given] == [(2, 2)]
        assert [router.explain(name).position for name in ("call-1", call.id, "call-2")] == [1, 2, 3]


async def test_work_that_nobody_takes_in_time_expires(router: TestRouter) -> None:
    """The handle says how and why it ended."""
    call = await router.submit("support", expires_at=timedelta(minutes=1))
    await router.advance("60s")
    assert call.end is not None
    assert (call.end.how, call.end.reason) == ("expired", "time-to-live")


async def test_the_same_id_and_content_is_the_same_interaction(router: TestRouter) -> None:
    """A repeated submission has no effect and returns the same handle."""
    first = await router.submit("support", id="call-1", priority=2)
    again = await router.submit("support", id="call-1", priority=2)
    assert again is first
    assert len(router.facts) == 1


async def test_the_same_id_with_other_content_is_a_conflict(router: TestRouter) -> None:
    """The first one stays as it was, and its handle works."""
    first = await router.submit("support", id="call-1", priority=2)
    with pytest.raises(SignalError) as conflict:
        await router.submit("support", id="call-1", priority=3)
    assert conflict.value.code == "conflict"
    assert router.interaction("call-1") is first


async def test_two_that_submit_the_same_id_at_once_get_one_interaction(router: TestRouter) -> None:
    """Whoever comes second gets the first one's, or the conflict."""
    same, also, other = await asyncio.gather(
        router.submit("support", id="call-1"),
        router.submit("support", id="call-1"),
        router.submit("billing", id="call-1"),
        return_exceptions=True,
    )
    assert same is also
    assert isinstance(other, SignalError)
    assert router.interaction("call-1") is same


async def test_what_arrived_stays_as_it_arrived(router: TestRouter) -> None:
    """The sender may use its map of attributes again; the same content is still the same, and other content still a conflict."""
    attributes: dict[str, str | bool] = {"language": "french"}
    call = await router.submit("support", id="call-1", attributes=attributes)
    before = router.snapshot()
    attributes["language"] = "english"
    assert router.snapshot() == before
    assert await router.submit("support", id="call-1", attributes={"language": "french"}) is call
    with pytest.raises(SignalError, match=r"attributes\.language is another"):
        await router.submit("support", id="call-1", attributes=attributes)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"section": "suport"}, "unknown-section"),
        ({"channel": "fax"}, "unknown-channel"),
        ({"queue": "nowhere"}, "unknown-queue"),
        ({"id": "a b"}, "bad-id"),
        ({"id": "x" * 10_000}, "bad-id"),
        ({"attributes": {"n": float("nan")}}, "bad-attributes"),
        ({"attributes": [("n", 1)]}, "bad-attributes"),
    ],
)
async def test_a_wrong_arrival_is_refused_with_its_code(
    router: TestRouter, wrong: dict[str, object], code: str
) -> None:
    """The router's state is as before, and no handle stays behind."""
    arguments: dict[str, object] = {"section": "support", "id": "call-1", **wrong}
    with pytest.raises(SignalError) as refused:
        await router.submit(**arguments)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert router.facts == []
    with pytest.raises(SignalError, match="call-1"):
        router.interaction("call-1")


async def test_the_channel_may_be_left_out_where_there_is_one_only(plan: Plan) -> None:
    """With several, the error says which there are."""
    several = a_plan(channels=[Channel(channel_id=ChannelId(name)) for name in ("voice", "chat")])
    async with TestRouter(several) as router:
        with pytest.raises(SignalError, match="voice, chat"):
            await router.submit("support")
        assert (await router.submit("support", "chat")).state == "queued"


async def test_names_that_the_router_makes_up_are_free(router: TestRouter) -> None:
    """A name that a sender has used already is passed over."""
    taken = await router.submit("support", id="i-1")
    made_up = await router.submit("support")
    assert made_up.id != taken.id


async def test_a_full_mailbox_refuses_loudly_and_takes_more_later(plan: Plan) -> None:
    """What is too much is refused as overloaded, what was taken is kept, and later there is room again."""
    async with TestRouter(plan, mailbox=3) as router:
        answers = await asyncio.gather(
            *(router.submit("support", id=f"call-{n}") for n in range(5)), return_exceptions=True
        )
        refused = [n for n, answer in enumerate(answers) if isinstance(answer, OverloadedError)]
        assert refused == [3, 4]
        for n in range(3):
            router.assert_waiting(f"call-{n}")
        await router.submit("support", id="call-4")
        router.assert_waiting("call-4")
        with pytest.raises(SignalError):
            router.interaction("call-3")


async def test_a_transferred_interaction_can_be_answered_again(router: TestRouter) -> None:
    """After a transfer `answered` waits for the next agent."""
    ana = await router.sign_in("ana")
    call = await router.submit("support")
    await (await ana.next_offer()).accept()
    await ana.transfer(call, "anything", priority=5)
    assert (call.state, call.queue, call.agent_id) == ("queued", "anything", None)
    again = asyncio.create_task(call.answered())
    ben = await router.sign_in("ben")
    await (await ben.next_offer()).accept()
    answer = await again
    assert answer is not None
    assert answer.agent_id == "ben"
