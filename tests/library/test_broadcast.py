"""A broadcast, as the submitter and the agents' desktops see it."""

from __future__ import annotations

from router.core.plan import OfferRules
from router.testing import TestRouter, a_plan, a_section, an_agent


async def test_it_stays_offered_until_somebody_takes_it() -> None:
    """While one offer is open the interaction is offered; the accept withdraws the other and connects."""
    rules = OfferRules(broadcast=2)
    plan = a_plan(an_agent("ana"), an_agent("ben"), sections=[a_section(offers={"voice": rules})])
    async with TestRouter(plan) as router:
        ana, ben = await router.sign_in("ana"), await router.sign_in("ben")
        call = await router.submit("support")
        hers, his = await ana.next_offer(), await ben.next_offer()
        states: list[str] = [call.state]
        await hers.decline("busy")
        states.append(call.state)
        await his.accept()
        assert [*states, call.state] == ["offered", "offered", "assigned"]


async def test_the_others_see_their_offers_withdrawn() -> None:
    """An offer that somebody else was quicker with ends as rescinded, and an answer to it is refused as such."""
    rules = OfferRules(broadcast=2)
    plan = a_plan(an_agent("ana"), an_agent("ben"), sections=[a_section(offers={"voice": rules})])
    async with TestRouter(plan) as router:
        ana, ben = await router.sign_in("ana"), await router.sign_in("ben")
        call = await router.submit("support")
        hers, his = await ana.next_offer(), await ben.next_offer()
        await his.accept()
        assert (hers.state, call.state) == ("rescinded", "assigned")
        assert not ana.offers_open
