"""The bare engine in virtual time, without an event loop: for tests of plans and policies that only ask what would be decided."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from router.core.effects import Effect
from router.core.engine import Engine
from router.core.facts import Fact, InteractionAssigned, InteractionEnded, OfferEnded, OfferMade
from router.core.names import AgentId, AttributeValue, ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.core.signals import (
    NO_ATTRIBUTES,
    AgentSignedIn,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.policies import BUILT_IN
from router.ports import Core
from router.testing.clock import START, Duration, in_ms


class EngineDriver:
    """Sends signals to an engine and keeps what came out. ``now`` moves by ``advance`` only.

    ``core`` is anything with the engine's interface; the shipped engine under ``plan`` when left out. ``facts`` and ``effects`` are all
    there were, ``offers`` the open ones, ``owners`` who is or was last connected to what, ``ends`` how interactions ended.
    """

    def __init__(self, plan: Plan, *, core: Core | None = None, now: int = START) -> None:
        self.plan = plan
        self.now = now
        self.core: Core = core if core is not None else Engine(plan, BUILT_IN, now=now)
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        self.open_offers: dict[OfferId, OfferMade] = {}
        self.owners: dict[InteractionId, AgentId] = {}
        self.ends: dict[InteractionId, InteractionEnded] = {}
        self._numbers = itertools.count(1)

    @property
    def offers(self) -> dict[InteractionId, OfferMade]:
        """The open offer of each interaction that has one; of a broadcast the oldest."""
        return {made.interaction_id: made for made in reversed(self.open_offers.values())}

    def send(self, signal: Signal) -> Outcome:
        """Send a signal now; raises ``SignalError`` when it is not legal."""
        return self._keep(self.core.handle(signal, self.now))

    def advance(self, duration: Duration) -> list[Fact]:
        """Let time pass, from deadline to deadline, and return the facts it brought."""
        known = len(self.facts)
        until = self.now + in_ms(duration)
        while (due := self.core.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self._keep(self.core.advance(self.now))
        self.now = until
        self._keep(self.core.advance(until))
        return self.facts[known:]

    def arrive(
        self,
        section: str,
        channel: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - what everybody calls it
        attributes: Mapping[str, AttributeValue] = NO_ATTRIBUTES,
        queue: str | None = None,
        priority: int | None = None,
        requirement: Requirement | None = None,
    ) -> InteractionId:
        """Have an interaction arrive and return its id; ``channel`` is the centre's first when left out."""
        interaction_id = InteractionId(id if id is not None else f"i-{next(self._numbers)}")
        self.send(
            InteractionArrived(
                interaction_id,
                SectionId(section),
                ChannelId(channel) if channel is not None else self.plan.channels[0].channel_id,
                attributes,
                QueueId(queue) if queue is not None else None,
                priority,
                requirement,
            )
        )
        return interaction_id

    def sign_in(self, *agent_ids: str, ready: bool = True) -> None:
        """Sign agents in, in this order."""
        for agent_id in agent_ids:
            self.send(AgentSignedIn(AgentId(agent_id), ready))

    def offered_to(self, interaction_id: str) -> AgentId | None:
        """Return the agent for whom it is held right now."""
        made = self.offers.get(InteractionId(interaction_id))
        return made.agent_id if made else None

    def accept(self, interaction_id: str) -> AgentId:
        """Have the agent take the open offer of this interaction, and return who it is."""
        made = self._open(interaction_id)
        self.send(OfferAccepted(made.offer_id, made.agent_id))
        return made.agent_id

    def decline(self, interaction_id: str, reason: str = "") -> AgentId:
        """Have the agent refuse the open offer of this interaction, and return who it is."""
        made = self._open(interaction_id)
        self.send(OfferDeclined(made.offer_id, made.agent_id, reason))
        return made.agent_id

    def finish(self, interaction_id: str) -> AgentId:
        """Have the connected agent end the contact, and return who it is."""
        agent_id = self._owner(interaction_id)
        self.send(WorkFinished(InteractionId(interaction_id), agent_id))
        return agent_id

    def wrap_up_done(self, interaction_id: str) -> AgentId:
        """Have the agent that had it end its after-contact work, and return who it is."""
        agent_id = self._owner(interaction_id)
        self.send(WrapUpDone(InteractionId(interaction_id), agent_id))
        return agent_id

    def abandon(self, interaction_id: str) -> None:
        """Have the customer leave."""
        self.send(InteractionAbandoned(InteractionId(interaction_id)))

    def cancel(self, interaction_id: str, reason: str = "") -> None:
        """Call the interaction off."""
        self.send(InteractionCancelled(InteractionId(interaction_id), reason))

    def open_offer(self, offer_id: OfferId) -> OfferMade | None:
        """Return the open offer with this number."""
        return self.open_offers.get(offer_id)

    def _open(self, interaction_id: str) -> OfferMade:
        made = self.offers.get(InteractionId(interaction_id))
        if made is None:
            raise AssertionError(
                f"{interaction_id} is not offered to anybody; open offers: {', '.join(self.offers)}"
            )
        return made

    def _owner(self, interaction_id: str) -> AgentId:
        agent_id = self.owners.get(InteractionId(interaction_id))
        if agent_id is None:
            raise AssertionError(
                f"nobody was connected to {interaction_id}; there is {', '.join(self.owners)}"
            )
        return agent_id

    def _keep(self, outcome: Outcome) -> Outcome:
        self.facts += outcome.facts
        self.effects += outcome.effects
        for fact in outcome.facts:
            match fact:
                case OfferMade():
                    self.open_offers[fact.offer_id] = fact
                case OfferEnded():
                    self.open_offers.pop(fact.offer_id, None)
                case InteractionAssigned():
                    self.owners[fact.interaction_id] = fact.agent_id
                case InteractionEnded():
                    self.ends[fact.interaction_id] = fact
                case _:
                    pass
        return outcome
