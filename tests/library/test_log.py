"""The log: structlog, dotted names in the past tense, facts at debug."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import get_args

import pytest
import structlog

from router.core.facts import Fact, InteractionPassedOn, OfferEnded, PresenceChanged
from router.core.names import AgentId, InteractionId, OfferId, QueueId
from router.telemetry.log import configure, event_name, log_facts

OFFER_ENDED = OfferEnded(1000, OfferId(7), InteractionId("call-1"), AgentId("ana"), "expired", "")


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_json_is_one_object_a_line() -> None:
    """Event, level, time and the values."""
    out = io.StringIO()
    configure(form="json", stream=out)
    structlog.get_logger().info("plan.adopted", version="2")
    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["version"]) == ("plan.adopted", "info", "2")
    assert line["timestamp"].endswith("Z")


def test_errors_are_in_the_json() -> None:
    """With their traceback as text."""
    out = io.StringIO()
    configure(form="json", stream=out)
    try:
        raise ZeroDivisionError("why")
    except ZeroDivisionError:
        structlog.get_logger().exception("router.stopped")
    assert "ZeroDivisionError: why" in json.loads(out.getvalue())["exception"]


def test_lines_for_people_have_no_colours_away_from_a_terminal() -> None:
    """Escape sequences are for terminals."""
    out = io.StringIO()
    configure(stream=out)
    structlog.get_logger().warning("mailbox.filled", room=10)
    assert "mailbox.filled" in out.getvalue()
    assert "room=10" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    """A level that does not exist is named, with those that do."""
    out = io.StringIO()
    configure(stream=out, level="warning")
    structlog.get_logger().info("plan.adopted")
    assert out.getvalue() == ""
    with pytest.raises(ValueError, match="'loud'.*debug, info"):
        configure(level="loud")


def test_facts_are_written_at_debug() -> None:
    """Under their own name, with their values."""
    out = io.StringIO()
    configure(form="json", level="debug", stream=out)
    log_facts(structlog.get_logger())(OFFER_ENDED)
    line = json.loads(out.getvalue())
    assert {name: line[name] for name in ("event", "level", "offer_id", "how", "at")} == {
        "event": "offer.ended",
        "level": "debug",
        "offer_id": 7,
        "how": "expired",
        "at": 1000,
    }


def test_every_fact_has_a_dotted_name_in_the_past_tense() -> None:
    """One dot, lower case, no two the same."""
    names = {event_name(kind._make([0] * len(kind._fields))) for kind in get_args(Fact)}
    assert len(names) == len(get_args(Fact))
    assert all(name.count(".") == 1 and name == name.lower() for name in names)
    passed_on = InteractionPassedOn(
        0, InteractionId("c"), AgentId("a"), QueueId("q"), QueueId("r"), keep_place=True, to_people=False
    )
    assert event_name(passed_on) == "interaction.passed_on"
    assert event_name(PresenceChanged(0, AgentId("a"), "ready", "offline", "")) == "presence.changed"
