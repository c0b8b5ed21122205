"""The routes that ask something of the router: each answers once what it did is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from pydantic import ValidationError
from starlette.types import Receive

from agents import wire
from router.core.names import ID_PATTERN, InteractionId
from router.core.preview import preview
from router.core.signals import InteractionArrived, Signal
from router.errors import RouterError, SignalError
from router.ports import Front
from router.transports.commands import Translator
from router.transports.http.bodies import (
    SUBMIT,
    command_of,
    id_of,
    optional_in_body,
    path_id,
    path_number,
    read,
)
from router.transports.http.handling import Answer, Call, Handler, ProblemError, Responder, json_answer
from router.transports.http.presentation import preview_view
from router.transports.problems import invalid, made, problem
from router.transports.state import agent_state

KEY_MAX: Final = 256
WATCH_AFTER_S: Final = 1.0
"""So long a request waits before it looks whether its client is still there."""


class Commands:
    """Commands to signals, and their answers to replies. ``counts`` has how many there were, by verb and result."""

    def __init__(self, front: Front, translator: Translator) -> None:
        self._front = front
        self._translator = translator
        self._submitting: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()

    # ── submitters ───────────────────────────────────────────────────────────────────────────────────────────────

    async def submit(self, call: Call) -> Responder:
        """Submit an interaction: 201, or 200 where the same was submitted before."""
        return await self._counted("submit", self._submit(call))

    async def _submit(self, call: Call) -> Answer:
        submission = command_of(SUBMIT, await read(call), {})
        if id_of(submission) is None:
            submission = submission.model_copy(update={"interaction_id": _id_for(call)})
        interaction_id = submission.interaction_id
        reply_to = call.header(b"reply-to")
        if reply_to is not None and ID_PATTERN.fullmatch(reply_to) is None:
            raise ProblemError(
                made(
                    "bad-id",
                    "Reply-To: expected the name of a submitter's inbox: letters, digits, _ . : -",
                    422,
                )
            )
        signal = self._translator.of_submitter(submission, reply_to)
        submitting = self._submitting
        is_known = self._is_known(interaction_id) or interaction_id in submitting
        submitting[interaction_id] += 1
        try:
            answer = await self._sent(signal, call.receive)
        finally:
            submitting[interaction_id] -= 1
            if not submitting[interaction_id]:
                del submitting[interaction_id]
        told = wire.Accepted(request=submission.request, answer=answer, interaction_id=interaction_id)
        location = f"/v1/interactions/{interaction_id}".encode()
        return json_answer(told, 200 if is_known else 201, [(b"location", location)])

    async def explain_submission(self, call: Call) -> Responder:
        """Say what would become of a submission; nothing is changed."""
        submission = command_of(SUBMIT, await read(call), {})
        if id_of(submission) is None:
            submission = submission.model_copy(update={"interaction_id": _new_id()})
        signal = self._translator.of_submitter(submission)
        assert isinstance(signal, InteractionArrived)
        return json_answer(preview_view(preview(self._front.centre, signal, self._front.now())))

    def of_interaction(self, verb: str) -> Handler:
        """Return the handler of a submitter's other commands."""
        model = optional_in_body(wire.SUBMITTER_COMMANDS[verb], "interaction_id")

        async def answered(call: Call) -> Answer:
            interaction_id = path_id(call, "interaction_id")
            command = command_of(model, await read(call), {"interaction_id": interaction_id})
            signal = self._translator.of_submitter(command)
            answer = await self._sent(signal, call.receive)
            return json_answer(
                wire.Accepted(request=command.request, answer=answer, interaction_id=interaction_id)
            )

        return self._handler(verb, answered)

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    def of_agent(self, verb: str) -> Handler:
        """Return the handler of a command about the agent itself."""
        model = wire.AGENT_COMMANDS[verb]

        async def answered(call: Call) -> Answer:
            agent_id = path_id(call, "agent_id")
            command = command_of(model, await read(call), {})
            signal = self._translator.of_agent(command, agent_id)
            answer = await self._sent(signal, call.receive)
            state = agent_state(self._front.centre, agent_id) if verb == "sign-in" else None
            return json_answer(wire.Accepted(request=command.request, answer=answer, agent=state))

        return self._handler(verb, answered)

    def of_offer(self, verb: str) -> Handler:
        """Return the handler of an agent's answer to an offer."""
        return self._of_agents_thing(verb, "offer_id")

    def of_work(self, verb: str) -> Handler:
        """Return the handler of a command about what the agent holds."""
        return self._of_agents_thing(verb, "interaction_id")

    def _of_agents_thing(self, verb: str, name: str) -> Handler:
        model = optional_in_body(wire.AGENT_COMMANDS[verb], name)

        async def answered(call: Call) -> Answer:
            agent_id = path_id(call, "agent_id")
            thing = path_number(call, name) if name == "offer_id" else path_id(call, name)
            command = command_of(model, await read(call), {name: thing})
            signal = self._translator.of_agent(command, agent_id)
            answer = await self._sent(signal, call.receive)
            interaction_id = self._interaction_of(name, thing)
            return json_answer(
                wire.Accepted(request=command.request, answer=answer, interaction_id=interaction_id)
            )

        return self._handler(verb, answered)

    def _interaction_of(self, name: str, thing: object) -> str | None:
        if name == "interaction_id":
            return str(thing)
        holding = self._front.centre.offers.get(thing)  # type: ignore[call-overload]
        return None if holding is None else holding.interaction.id

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _handler(self, verb: str, answered: Callable[[Call], Coroutine[Any, Any, Answer]]) -> Handler:
        async def handler(call: Call) -> Responder:
            return await self._counted(verb, answered(call))

        return handler

    async def _counted(self, verb: str, answering: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            answer = await answering
        except ProblemError as error:
            self.counts[verb, error.problem.code] += 1
            raise
        except RouterError as error:
            self.counts[verb, problem(error).code] += 1
            raise
        except ValidationError as error:
            self.counts[verb, invalid(error).code] += 1
            raise
        self.counts[verb, "accepted"] += 1
        return answer

    def _is_known(self, interaction_id: str) -> bool:
        centre = self._front.centre
        known = centre.interactions.get(InteractionId(interaction_id))
        return known is not None and not centre.is_forgotten(known)

    async def _sent(self, signal: Signal, receive: Receive) -> str:
        """Send the signal and wait until what it did is kept. Where that takes long and the client has gone away meanwhile, nobody is
        waited for any more, and a signal that was not taken yet is withdrawn.
        """
        reply = self._front.post(signal)
        loop = asyncio.get_running_loop()
        watchers: list[asyncio.Task[None]] = []
        timer = loop.call_later(
            WATCH_AFTER_S, lambda: watchers.append(loop.create_task(_cancel_when_gone(reply, receive)))
        )
        try:
            return await reply
        except asyncio.CancelledError:
            if watchers and watchers[0].done():
                raise SignalError("closed", "the client went away") from None
            raise
        finally:
            timer.cancel()
            for watcher in watchers:
                watcher.cancel()


async def _cancel_when_gone(reply: asyncio.Future[str], receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    reply.cancel()


def _id_for(call: Call) -> str:
    """Return the id that the ``Idempotency-Key`` stands for: itself where it is an id; a new one where there is no key."""
    key = call.header(b"idempotency-key")
    if key is None:
        return _new_id()
    key = key.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= KEY_MAX:
        raise ProblemError(
            made("bad-id", f"Idempotency-Key: expected 1 to {KEY_MAX} characters, found {len(key)}", 422)
        )
    return key if ID_PATTERN.fullmatch(key) else "k-" + sha256(key.encode()).hexdigest()[:48]


def _new_id() -> str:
    return f"i-{token_hex(10)}"
