"""Letters: who is told what, and what is told again after a crash."""

from __future__ import annotations

from agents import wire
from router import load
from router.core.facts import Fact
from router.service import Router
from router.transports.inbox import Inboxes, Letter

QUICKSTART = "configs/quickstart"


async def test_a_submitter_is_told_again_what_happened_before_a_crash() -> None:
    """The same letters as the first time, to those who are named as where to reply; agents are told nothing again."""
    first: list[Letter] = []
    again: list[Letter] = []
    facts: list[Fact] = []
    async with Router(load(QUICKSTART)) as router:
        inboxes = Inboxes(router, first.append)
        router.on_fact(facts.append)
        ana = await router.sign_in("ana")
        call = await router.submit("support", "voice", id="call-1", reply_to="shop")
        await router.submit("support", "voice", id="call-2")
        await (await ana.next_offer()).accept()
        await ana.finish(call)
        inboxes.close()
        Inboxes(router, again.append).tell_again(facts)
    told = [letter for letter in first if letter.kind == "submitters"]
    assert [type(letter.message) for letter in told] == [wire.Assigned, wire.Ended]
    assert {letter.name for letter in told} == {"shop"}
    assert again == told


async def test_what_is_forgotten_meanwhile_is_nobodys_letter() -> None:
    """A fact about an interaction that the engine does not know any more is passed over."""
    facts: list[Fact] = []
    letters: list[Letter] = []
    async with Router(load(QUICKSTART)) as router:
        router.on_fact(facts.append)
        call = await router.submit("support", "voice", reply_to="shop")
        await call.cancel()
    async with Router(load(QUICKSTART)) as other:
        Inboxes(other, letters.append).tell_again(facts)
    assert letters == []
