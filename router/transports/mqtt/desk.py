"""Commands as they come from the broker: read, checked, sent to the engine, and answered once what they caused is kept. Only then
is the message acknowledged, so that a router that dies in between gets it again.
"""

from __future__ import annotations

import re
from asyncio import Future
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from pydantic import ValidationError

from agents import wire
from agents.mqtt_terms import Received
from router.core.names import ID_PATTERN, OfferId
from router.core.signals import Signal
from router.errors import RouterError, SignalError, WireError, did_you_mean
from router.ports import Front
from router.transports.commands import Translator
from router.transports.decoding import decode
from router.transports.mqtt.presence import Sessions
from router.transports.mqtt.repeats import Key, Repeats
from router.transports.problems import invalid, made, problem
from router.transports.state import agent_state, last_told

_REQUEST: Final = re.compile(rb'"request"\s*:\s*"([A-Za-z0-9_.:-]{1,64})"')
_COMMANDS: Final[Mapping[str, Mapping[str, type[wire.Command]]]] = {
    "agents": wire.AGENT_COMMANDS,
    "submitters": wire.SUBMITTER_COMMANDS,
}

Answer = Callable[[wire.Sender, wire.Reply], object]
Bury = Callable[[Received, wire.Problem], object]


class Desk:
    """Takes commands. ``answer`` sends a reply to who asked, ``bury`` publishes a dead letter, ``acknowledge`` tells the broker that a
    message is done. ``counts``: how many commands there were, by verb and result.
    """

    def __init__(
        self,
        front: Front,
        translator: Translator,
        topics: wire.Topics,
        sessions: Sessions,
        *,
        answer: Answer,
        bury: Bury,
        acknowledge: Callable[[Received], None],
    ) -> None:
        self._front = front
        self._translator = translator
        self._topics = topics
        self._sessions = sessions
        self._answer = answer
        self._bury = bury
        self._acknowledge = acknowledge
        self._repeats = Repeats()
        self.counts: Counter[tuple[str, str]] = Counter()

    def take(self, message: Received) -> None:
        """Take a message from a command topic."""
        sender = self._topics.sender(message.topic)
        if sender is None or ID_PATTERN.fullmatch(sender.name) is None:
            self._reject(message, None, "unknown", _bad_sender())
            return
        model = _COMMANDS[sender.kind].get(sender.verb)
        if model is None:
            self._reject(message, sender, "unknown", _unknown_verb(sender))
        elif message.is_retained:
            self._reject(message, None, sender.verb, _retained())
        else:
            try:
                command = decode(model, message.payload)
            except WireError as error:
                self._reject(message, sender, sender.verb, problem(error))
            except ValidationError as error:
                self._reject(message, sender, sender.verb, invalid(error))
            else:
                if isinstance(command, wire.Ask):
                    self._settle(message, sender, self._told(sender, command))
                else:
                    self._carry_out(message, sender, command)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _carry_out(self, message: Received, sender: wire.Sender, command: wire.Command) -> None:
        if isinstance(command, wire.AgentCommand):
            self._sessions.heard(sender.name, command.session, is_new=isinstance(command, wire.SignIn))
        key = _key(sender, command)
        if key is not None:
            match self._repeats.look(key, message):
                case "new":
                    pass
                case "under way":
                    return
                case "other content":
                    self._settle(message, sender, _refused(command, _other_content(command)))
                    return
                case reply:
                    self.counts[sender.verb, "repeated"] += 1
                    self._answer(sender, reply)
                    self._acknowledge(message)
                    return
        try:
            future = self._front.post(self._signal(sender, command))
        except RouterError as error:
            self._end(message, sender, command, key, error)
            return
        future.add_done_callback(partial(self._done, message, sender, command, key))

    def _told(self, sender: wire.Sender, command: wire.Ask) -> wire.Reply:
        try:
            told = last_told(self._front.centre, command.interaction_id, sender.name)
        except SignalError as error:
            return _refused(command, problem(error))
        return wire.Accepted(
            request=command.request, answer="done", interaction_id=command.interaction_id, told=told
        )

    def _signal(self, sender: wire.Sender, command: wire.Command) -> Signal:
        if isinstance(command, wire.AgentCommand):
            return self._translator.of_agent(command, sender.name)
        return self._translator.of_submitter(command, sender.name)

    def _done(
        self,
        message: Received,
        sender: wire.Sender,
        command: wire.Command,
        key: Key | None,
        future: Future[str],
    ) -> None:
        if future.cancelled():
            self._end(message, sender, command, key, SignalError("closed", "withdrawn"))
            return
        error = future.exception()
        if error is None:
            self._end(message, sender, command, key, future.result())
        elif isinstance(error, RouterError):
            self._end(message, sender, command, key, error)
        else:
            raise error

    def _end(
        self,
        message: Received,
        sender: wire.Sender,
        command: wire.Command,
        key: Key | None,
        result: str | RouterError,
    ) -> None:
        reply = self._reply(sender, command, result)
        messages = [message] if key is None else self._repeats.end(key, reply)
        if reply is None:
            self.counts[sender.verb, "left"] += 1
            return
        self._settle(messages[0], sender, reply)
        for repeat in messages[1:]:
            self._acknowledge(repeat)

    def _reply(
        self, sender: wire.Sender, command: wire.Command, result: str | RouterError
    ) -> wire.Reply | None:
        """Return what to say; None where the router has ended: the command stays with the broker, for the next one."""
        if isinstance(result, str):
            state = None
            if isinstance(command, wire.SignIn):
                try:
                    state = agent_state(self._front.centre, sender.name)
                except SignalError as error:  # another plan came in between, and has no such agent
                    return _refused(command, problem(error))
            return wire.Accepted(
                request=command.request,
                answer=result,
                interaction_id=self._interaction_of(command),
                agent=state,
            )
        told = problem(result)
        if told.code in {"closed", "stopped"}:
            return None
        return _refused(command, told)

    def _interaction_of(self, command: wire.Command) -> str | None:
        match command:
            case wire.Accept() | wire.Decline() | wire.Fail():
                holding = self._front.centre.offers.get(OfferId(command.offer_id))
                return None if holding is None else holding.interaction.id
            case _:
                return getattr(command, "interaction_id", None)

    def _settle(self, message: Received, sender: wire.Sender, reply: wire.Reply) -> None:
        result = "accepted" if isinstance(reply, wire.Accepted) else reply.problem.code
        self.counts[sender.verb, result] += 1
        self._answer(sender, reply)
        self._acknowledge(message)

    def _reject(self, message: Received, sender: wire.Sender | None, verb: str, told: wire.Problem) -> None:
        self.counts[verb, told.code] += 1
        if sender is not None:
            found = _REQUEST.search(message.payload, 0, wire.BODY_MAX)
            request = None if found is None else found.group(1).decode()
            self._answer(sender, wire.Refused(request=request, problem=told))
        self._bury(message, told)
        self._acknowledge(message)


def _key(sender: wire.Sender, command: wire.Command) -> Key | None:
    """Return under what to remember the reply; None for a sign-in, whose reply must be fresh, and a heartbeat."""
    if command.request is None or isinstance(command, wire.SignIn | wire.Heartbeat):
        return None
    return (sender.kind, sender.name, command.request)


def _refused(command: wire.Command, told: wire.Problem) -> wire.Refused:
    return wire.Refused(request=command.request, problem=told)


def _other_content(command: wire.Command) -> wire.Problem:
    return made(
        "conflict",
        f"request {command.request!r} was another command before; give every command a request of its own",
        409,
    )


def _bad_sender() -> wire.Problem:
    return made(
        "bad-id", "the topic names no sender: expected 1 to 64 letters, digits, _ . : - in that level", 422
    )


def _retained() -> wire.Problem:
    return made(
        "retained", "commands are not carried out from retained messages: publish without retain", 422
    )


def _unknown_verb(sender: wire.Sender) -> wire.Problem:
    found = sender.verb if len(sender.verb) <= 64 else sender.verb[:63] + "…"
    hint = did_you_mean(found, list(_COMMANDS[sender.kind]))
    return made("unknown-command", f"{sender.kind} have no command {found!r}; {hint}".rstrip("; "), 404)
