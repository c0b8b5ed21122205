"""Commands are repeated until they are answered."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import pytest

from agents import wire
from agents.errors import ClientError, CommandRefused, GaveUpError, LinkError
from agents.line import News
from agents.repeating import Repeater


class Script:
    """A line that answers as it was told to: each try takes the next answer."""

    def __init__(self, *answers: wire.Accepted | ClientError) -> None:
        self._answers = list(answers)
        self.requests: list[str | None] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    async def ask(self, verb: str, command: wire.Command) -> wire.Accepted:
        self.requests.append(command.request)
        answer = self._answers.pop(0) if self._answers else LinkError("away")
        if isinstance(answer, ClientError):
            raise answer
        return answer

    async def latest(self, interaction_id: str) -> wire.Assigned | wire.Ended | None:
        return None

    async def news(self) -> News:
        raise NotImplementedError


DONE = wire.Accepted(answer="done")


def refused(code: str, state: str = "", status: int = 409) -> CommandRefused:
    problem = wire.Problem(
        type=f"urn:switchroom:problem:{code}", title=code, status=status, detail=code, code=code, state=state
    )
    return CommandRefused("test", problem)


async def test_the_same_request_is_repeated_until_it_is_answered() -> None:
    """A command whose answer was lost is sent again under the same request."""
    line = Script(LinkError("away"), LinkError("away"), DONE)
    assert await Repeater(line).send("ready", wire.Ready()) == DONE
    assert len(line.requests) == 3
    assert len(set(line.requests)) == 1
    assert line.requests[0] is not None


async def test_what_is_refused_for_the_moment_is_repeated() -> None:
    """Overloaded and closing routers are asked again."""
    line = Script(refused("overloaded", status=429), refused("closed", status=503), DONE)
    assert await Repeater(line).send("ready", wire.Ready()) == DONE


async def test_a_refusal_is_final() -> None:
    """What is refused for good is raised at once, with code and state."""
    line = Script(refused("offer-ended", "expired"), DONE)
    with pytest.raises(CommandRefused) as error:
        await Repeater(line).send("accept", wire.Accept(offer_id=1))
    assert (error.value.code, error.value.state, len(line.requests)) == ("offer-ended", "expired", 1)


@pytest.mark.parametrize(
    ("verb", "command", "code", "state"),
    [
        ("decline", wire.Decline(offer_id=1), "offer-ended", "declined"),
        ("fail", wire.Fail(offer_id=1), "offer-ended", "failed"),
        ("finish", wire.Finish(interaction_id="i"), "interaction-ended", "completed"),
        ("cancel", wire.Cancel(interaction_id="i"), "interaction-ended", "cancelled"),
        ("abandon", wire.Abandon(interaction_id="i"), "interaction-ended", "abandoned"),
        ("complete", wire.Complete(interaction_id="i"), "interaction-ended", "completed"),
        ("wrap-up-done", wire.WrapUpDone(interaction_id="i"), "illegal-state", "ended"),
        ("transfer", wire.Transfer(interaction_id="i"), "not-yours", ""),
        ("reached", wire.Reached(interaction_id="i"), "illegal-state", "assigned"),
        ("not-reached", wire.NotReached(interaction_id="i"), "illegal-state", "scheduled"),
        ("not-reached", wire.NotReached(interaction_id="i"), "interaction-ended", "failed"),
        ("drain", wire.Drain(), "illegal-state", "offline"),
    ],
)
async def test_what_is_so_already_counts_as_done_on_a_repeat(
    verb: str, command: wire.Command, code: str, state: str
) -> None:
    """Where only the answer was lost, the refusal of the repeat says that the first was carried out; of a first try it is a refusal."""
    line = Script(LinkError("lost"), refused(code, state))
    assert (await Repeater(line).send(verb, command)).answer == "unchanged"
    with pytest.raises(CommandRefused):
        await Repeater(Script(refused(code, state))).send(verb, command)


async def test_a_repeat_that_came_too_late_is_a_refusal() -> None:
    """A repeated finish of what was cancelled meanwhile has not finished it."""
    line = Script(LinkError("lost"), refused("interaction-ended", "cancelled"))
    with pytest.raises(CommandRefused):
        await Repeater(line).send("finish", wire.Finish(interaction_id="i"))


async def test_it_gives_up_at_last() -> None:
    """Where no answer ever comes the error says so, and that the command may have been carried out."""
    with pytest.raises(GaveUpError, match=r"away; gave up after 0.2 s, and it may have been carried out"):
        await Repeater(Script(), give_up_s=0.2).send("ready", wire.Ready())
