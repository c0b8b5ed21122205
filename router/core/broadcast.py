"""Broadcast: work offered to several agents at once, of whom the first to accept has it.

While fewer offers are open than the rules want, the work stays in the order of its demand class, where agents name it as if it waited.
It does not count among what waits. What makes and ends the offers is in ``offers``.
"""

from __future__ import annotations

from router.core.centre import Centre
from router.core.dialling import is_dialled_first
from router.core.queueing import join, leave
from router.core.records import Holding, Interaction
from router.core.time_to_live import runs_out_at

TAKEN = "taken"
"""The reason for which the other offers are withdrawn when one is accepted."""


def wants_more(centre: Centre, interaction: Interaction) -> bool:
    """Say whether work that is offered is to be offered to further agents.

    Not while something waits for the end of all its offers, which would never come if they were made up for, and not where a customer
    is dialled before an agent is asked.
    """
    most = interaction.queue.section.offers[interaction.channel.channel_id].broadcast
    if most == 1 or interaction.state != "offered":
        return False
    if interaction.callback is not None and (interaction.callback.held or is_dialled_first(interaction)):
        return False
    if interaction.ladder is not None and interaction.ladder.waiting:
        return False
    runs_out = runs_out_at(interaction)
    if runs_out is not None and runs_out <= centre.now:
        return False
    return len(interaction.open_offers()) < most


def look_further(centre: Centre, interaction: Interaction) -> None:
    """Let offered work name further agents in the next matching pass, if it wants any."""
    if interaction.klass is None and wants_more(centre, interaction):
        join(centre, interaction)
        centre.seeking += 1
        centre.new_work.append(interaction)


def look_further_now(centre: Centre, interaction: Interaction, *, is_listed: bool) -> None:
    """The same within a matching pass; ``is_listed``: it stands in the order of its class."""
    if wants_more(centre, interaction):
        klass = join(centre, interaction)
        centre.seeking += 1
        if is_listed:
            interaction.listed = True
        else:
            assert interaction.key is not None
            klass.enlist(interaction, interaction.key)


def look_no_further(centre: Centre, interaction: Interaction) -> None:
    """Let offered work name no more agents."""
    if interaction.klass is not None:
        leave(centre, interaction)
        centre.seeking -= 1


def add_offer(interaction: Interaction, holding: Holding) -> None:
    """Note an offer of the interaction that is open from now on."""
    if interaction.owner is None:
        interaction.owner = holding
    elif interaction.also_offered is None:
        interaction.also_offered = [holding]
    else:
        interaction.also_offered.append(holding)


def remove_offer(interaction: Interaction, holding: Holding) -> None:
    """Note that the offer is not open any more."""
    also = interaction.also_offered
    if interaction.owner is holding:
        interaction.owner = also.pop(0) if also else None
    elif also is not None:
        also.remove(holding)
    if not also:
        interaction.also_offered = None
