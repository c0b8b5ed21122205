"""How rate limits are written, and what is wrong with some."""

from __future__ import annotations

import pytest

from agents.model import Rate
from router import config
from router.errors import ConfigError
from tests.config.building import wrong_with

CENTRE = """
channels: [chat]
sections: {desk: {}}
agents:
  bot: {kind: automated, rate: RATE}
"""


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("{per-second: 5}", Rate(starts=5, per_ms=1_000)),
        ("{per-minute: 60}", Rate(starts=60, per_ms=60_000)),
        ("{per-hour: 1}", Rate(starts=1, per_ms=3_600_000)),
    ],
)
def test_a_rate_is_so_many_in_a_span(written: str, rate: Rate) -> None:
    """Each of the three keys names its span."""
    (bot,) = config.load_text(CENTRE.replace("RATE", written)).agents
    assert rate == bot.rate


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("60", "agents.bot.rate: expected a mapping, found the number 60"),
        (
            "{}",
            "agents.bot.rate: a rate is one of 'per-second', 'per-minute' and 'per-hour' (write {per-minute: 60})",
        ),
        (
            "{per-minute: 2, per-hour: 3}",
            "agents.bot.rate: a rate is one of 'per-second', 'per-minute' and 'per-hour' (write {per-minute: 60})",
        ),
        ("{per-minute: 0}", "agents.bot.rate.per-minute: 0 is not in 1..1000000"),
        (
            "{per-minute: '60'}",
            (
                "agents.bot.rate.per-minute: expected a whole number, found the text '60'"
                " (write 60, without quotes, sign or leading zeros)"
            ),
        ),
        (
            "{per-fortnight: 2}",
            (
                "agents.bot.rate.per-fortnight: unknown key 'per-fortnight'"
                " (there is 'per-hour', 'per-minute', 'per-second')"
            ),
        ),
    ],
)
def test_a_bad_rate_is_one_problem(written: str, said: str) -> None:
    """Each mistake is named where it stands, with what would do."""
    (line,) = wrong_with(CENTRE.replace("RATE", written))
    assert said == line.split(": ", 1)[1], line


def test_a_persons_rate_is_refused() -> None:
    """People are not limited."""
    with pytest.raises(ConfigError, match="for automated agents only"):
        config.load_text(CENTRE.replace("kind: automated, rate: RATE", "rate: {per-hour: 1}"))
