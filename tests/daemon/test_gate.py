"""The gate before the router: draining, and the log of what comes in."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from router import load
from router.core.names import ChannelId, InteractionId, SectionId
from router.core.signals import AgentSignedIn, InteractionArrived
from router.daemon.gate import Gate
from router.errors import SignalError
from router.service import Router
from router.telemetry.log import configure

CALL = InteractionArrived(
    InteractionId("c-1"),
    SectionId("support"),
    ChannelId("voice"),
    {"phone": "+33 1 23 45", "language": "french"},
    customer="Ms Dupont",
)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


async def test_nothing_new_comes_in_while_it_drains() -> None:
    """New interactions are refused with a code of their own, agents go on."""
    async with Router(load("configs/quickstart")) as router:
        gate = Gate(router, structlog.get_logger())
        assert gate.why_not_ready() == ""
        assert await gate.post(CALL) == "queued"
        gate.is_draining = True
        assert "stopped" in gate.why_not_ready()
        with pytest.raises(SignalError, match="takes no new interactions") as refused:
            gate.post(CALL._replace(interaction_id=InteractionId("c-2")))
        assert refused.value.code == "draining"
        agent = router.plan.agents[0].agent_id
        assert await gate.post(AgentSignedIn(agent)) == "done"


async def test_the_log_shows_what_came_in_but_not_what_is_redacted() -> None:
    """At debug every signal is a line; named attributes and fields are not in it, wherever they lie."""
    stream = io.StringIO()
    configure(form="json", level="debug", stream=stream, redact=["phone", "customer"])
    async with Router(load("configs/quickstart")) as router:
        await Gate(router, structlog.get_logger()).post(CALL)
    line = json.loads(stream.getvalue().splitlines()[0])
    assert line["signal"] == "InteractionArrived"
    assert line["attributes"] == {"phone": "[redacted]", "language": "french"}
    assert line["customer"] == "[redacted]"
    assert "+33" not in stream.getvalue()
    assert "Dupont" not in stream.getvalue()


async def test_above_debug_signals_are_not_logged() -> None:
    """They would cost more than the decisions."""
    stream = io.StringIO()
    configure(form="json", level="info", stream=stream)
    async with Router(load("configs/quickstart")) as router:
        await Gate(router, structlog.get_logger()).post(CALL)
    assert stream.getvalue() == ""
