"""What the daemon is given, addresses and installed extras: what is read, and what is refused before anything is opened."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from router.cli import switchroom
from router.daemon.settings import Address, http_address, mqtt_address, mqtt_prefix
from router.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:8080", Address("::1", 8080)),
        ("off", None),
    ],
)
def test_http_addresses_are_read(text: str, address: Address | None) -> None:
    """Host and port, IPv6 in brackets, or off."""
    assert http_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mqtt://127.0.0.1", Address("127.0.0.1", 1883)),
        ("mqtt://localhost:1900", Address("localhost", 1900)),
        ("off", None),
    ],
)
def test_broker_addresses_are_read(text: str, address: Address | None) -> None:
    """The port may be left out."""
    assert mqtt_address(text) == address


@pytest.mark.parametrize("text", ["0.0.0.0:8080", "192.168.1.5:8080", "[::]:8080", "example.org:80"])
def test_only_loopback_is_listened_on(text: str) -> None:
    """Without authorisation nobody else may come in; the error says so and what to do instead."""
    with pytest.raises(ConfigError, match=r"not on this machine.*use 127\.0\.0\.1"):
        http_address(text)


@pytest.mark.parametrize(
    "text", ["", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:1/path", "[::1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(ConfigError, match=r"write 127\.0\.0\.1:8080"):
        http_address(text)


@pytest.mark.parametrize("text", ["127.0.0.1:1883", "http://127.0.0.1", "mqtts://127.0.0.1", "mqtt://"])
def test_what_is_no_broker_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(ConfigError, match=r"write mqtt://127\.0\.0\.1"):
        mqtt_address(text)


def test_a_remote_broker_is_refused() -> None:
    """A broker elsewhere would let everybody in who reaches it."""
    with pytest.raises(ConfigError, match="not on this machine"):
        mqtt_address("mqtt://broker.example.org")


def test_a_user_name_in_an_address_is_refused_and_not_shown() -> None:
    """It would be left out without a word; the refusal does not repeat the password, since it is logged."""
    with pytest.raises(ConfigError, match="found a user name") as refused:
        mqtt_address("mqtt://router:secret@127.0.0.1")
    assert "secret" not in str(refused.value)
    with pytest.raises(ConfigError, match="found a user name"):
        http_address("router@127.0.0.1:8080")


@pytest.mark.parametrize("text", ["switchroom", "site/one", "a.b:c-d_9"])
def test_a_prefix_may_have_levels(text: str) -> None:
    """What topics begin with may be any number of levels."""
    assert mqtt_prefix(text) == text


@pytest.mark.parametrize("text", ["", "/", "a/", "/a", "a//b", "a+b", "#", "$SYS", "a b", "a\n"])
def test_a_prefix_that_no_topic_can_have_is_refused(text: str) -> None:
    """Else the daemon would try to subscribe for ever, without a word."""
    with pytest.raises(ConfigError, match="no topic can begin with"):
        mqtt_prefix(text)


@pytest.mark.parametrize(
    ("missing", "options", "told"),
    [
        ("uvicorn", [], "--http needs uvicorn: pip install 'switchroom[daemon]', or say --http off"),
        ("aiomqtt", ["--mqtt", "mqtt://127.0.0.1"], "--mqtt needs aiomqtt: pip install 'switchroom[mqtt]'"),
        ("orjson", ["--http", "off"], "the journal needs orjson: pip install 'switchroom[daemon]'"),
    ],
)
def test_a_missing_extra_is_named(
    missing: str, options: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With how to install it, before anything is opened."""
    monkeypatch.setattr(
        "router.cli.serve.find_spec", lambda name: None if name == missing else find_spec(name)
    )
    result = CliRunner().invoke(switchroom, ["serve", "no-such-centre", *options])
    assert result.exit_code == 2
    assert told in result.output
