"""The link between the router and its agents: while it is lost, nobody can answer or be heard from, so offers and presence leases do not
run out; when it is back, they go on.
"""

from __future__ import annotations

from router.core.centre import OFFER_EXPIRY, Centre
from router.core.dialling import is_held
from router.core.effects import SendOffer
from router.core.facts import LinkChanged, OfferExtended
from router.core.presence import watch_lease


def lose_link(centre: Centre) -> bool:
    """Agents cannot be reached from now on; returns whether that is new."""
    if centre.link_lost_at is not None:
        return False
    centre.link_lost_at = centre.now
    centre.fact(LinkChanged(centre.now, "lost"))
    return True


def restore_link(centre: Centre) -> bool:
    """Agents can be reached again: every open offer has as much time as it had left, every agent counts as heard from."""
    lost_at, now = centre.link_lost_at, centre.now
    if lost_at is None:
        return False
    centre.link_lost_at = None
    centre.fact(LinkChanged(now, "restored"))
    for offer_id in sorted(centre.offers):
        holding = centre.offers[offer_id]
        if holding.offer_end is None:
            holding.until += now - centre.offered_unheard.get(offer_id, lost_at)
            interaction, agent = holding.interaction, holding.agent
            centre.fact(OfferExtended(now, offer_id, interaction.id, agent.id, holding.until))
            if not is_held(holding):
                centre.effect(SendOffer(offer_id, interaction.id, agent.id, holding.until))
            centre.deadline(holding.until, OFFER_EXPIRY, interaction.number, agent.id, holding, offer_id)
    centre.offered_unheard.clear()
    for agent in centre.agents.values():
        if agent.presence != "offline":
            agent.last_heard = now
            watch_lease(centre, agent)
    return True
