"""Who is told what: facts and effects to messages for the inbox of one agent or one submitter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from agents import wire
from router.core.centre import Centre
from router.core.effects import (
    Connect,
    DialCustomer,
    Divert,
    Effect,
    PlayAnnouncement,
    ProposeCallback,
    ReleaseWork,
    RescindOffer,
    ResumeWork,
    SendOffer,
    StopDialling,
    SuspendWork,
)
from router.core.facts import (
    AssignmentClosed,
    Fact,
    InteractionAssigned,
    InteractionEnded,
    InteractionQueued,
    PresenceChanged,
    WrapUpStarted,
)
from router.core.names import InteractionId
from router.ports import Front
from router.transports.state import work


class Letter(NamedTuple):
    """A message and the inbox it belongs to."""

    kind: Literal["agents", "submitters"]
    name: str
    message: wire.Message


class Inboxes:
    """Writes the letters; ``deliver`` gets each, in order, as its cause gets out of the router. It must not wait.

    A submitter is whoever the interaction's ``reply_to`` names.
    """

    def __init__(self, front: Front, deliver: Callable[[Letter], None]) -> None:
        self._front = front
        self._deliver = deliver
        self._end = (front.on_fact(self._on_fact), front.on_effect(self._on_effect))

    def tell_again(self, facts: Iterable[Fact]) -> None:
        """Write once more to submitters what these facts mean to them: a crash may have come between the journal and the letter, and a
        letter that comes twice says nothing new. Agents need none, they are shown their state.
        """
        for fact in facts:
            if isinstance(fact, InteractionAssigned | InteractionQueued | InteractionEnded):
                self._on_fact(fact)

    def close(self) -> None:
        """Write no more."""
        for end in self._end:
            end()

    def _on_fact(self, fact: Fact) -> None:
        centre = self._front.centre
        match fact:
            case PresenceChanged():
                self._to_agent(fact.agent_id, wire.PresenceSet(presence=fact.presence, reason=fact.reason))
            case WrapUpStarted():
                started = wire.WrapUpStarted(
                    interaction_id=fact.interaction_id, scope=fact.scope, until=wire.moment(fact.until)
                )
                self._to_agent(fact.agent_id, started)
            case AssignmentClosed():
                self._to_agent(fact.agent_id, wire.Closed(interaction_id=fact.interaction_id))
            case InteractionAssigned():
                assigned = wire.Assigned(
                    interaction_id=fact.interaction_id,
                    agent_id=fact.agent_id,
                    queue=fact.queue,
                    wait_ms=fact.wait_ms,
                )
                self._to_submitter(centre, fact.interaction_id, assigned)
            case InteractionQueued(cause="transferred" | "agent-lost" | "callback"):
                requeued = wire.Requeued(
                    interaction_id=fact.interaction_id, queue=fact.queue, cause=fact.cause
                )
                self._to_submitter(centre, fact.interaction_id, requeued)
            case InteractionEnded():
                ended = wire.Ended(
                    interaction_id=fact.interaction_id,
                    how=fact.how,
                    reason=fact.reason,
                    agent_id=fact.agent_id,
                    wait_ms=fact.wait_ms,
                )
                self._to_submitter(centre, fact.interaction_id, ended)
            case _:
                pass

    def _on_effect(self, effect: Effect) -> None:
        centre = self._front.centre
        match effect:
            case SendOffer():
                offer = wire.Offer(
                    offer_id=effect.offer_id,
                    expires_at=wire.moment(effect.expires_at),
                    work=work(centre.known(effect.interaction_id)),
                )
                self._to_agent(effect.agent_id, offer)
            case RescindOffer():
                rescind = wire.Rescind(
                    offer_id=effect.offer_id, interaction_id=effect.interaction_id, reason=effect.reason
                )
                self._to_agent(effect.agent_id, rescind)
            case Connect():
                self._to_agent(effect.agent_id, wire.Connect(work=work(centre.known(effect.interaction_id))))
            case ReleaseWork():
                release = wire.Release(interaction_id=effect.interaction_id, reason=effect.reason)
                self._to_agent(effect.agent_id, release)
            case SuspendWork():
                self._to_agent(effect.agent_id, wire.Suspend(interaction_id=effect.interaction_id))
            case ResumeWork():
                self._to_agent(effect.agent_id, wire.Resume(interaction_id=effect.interaction_id))
            case Divert():
                diverted = wire.Diverted(interaction_id=effect.interaction_id, target=effect.target)
                self._to_submitter(centre, effect.interaction_id, diverted)
            case PlayAnnouncement():
                said = wire.Announcement(
                    interaction_id=effect.interaction_id, target=effect.target, text=effect.text
                )
                self._to_submitter(centre, effect.interaction_id, said)
            case ProposeCallback():
                asked = wire.CallbackOffer(interaction_id=effect.interaction_id, text=effect.text)
                self._to_submitter(centre, effect.interaction_id, asked)
            case DialCustomer():
                dial = wire.Dial(
                    interaction_id=effect.interaction_id,
                    number=effect.number,
                    agent_id=effect.agent_id,
                    attempt=effect.attempt,
                    until=wire.moment(effect.until),
                )
                self._to_submitter(centre, effect.interaction_id, dial)
            case StopDialling():
                self._to_submitter(
                    centre, effect.interaction_id, wire.StopDial(interaction_id=effect.interaction_id)
                )
            case _:
                pass

    def _to_agent(self, agent_id: str, message: wire.Message) -> None:
        self._deliver(Letter("agents", agent_id, message))

    def _to_submitter(self, centre: Centre, interaction_id: InteractionId, message: wire.Message) -> None:
        interaction = centre.interactions.get(interaction_id)
        reply_to = None if interaction is None else interaction.arrival.reply_to
        if reply_to is not None:
            self._deliver(Letter("submitters", reply_to, message))
