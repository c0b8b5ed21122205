"""What both sides say of a broker: where it is, what it brought, what is sent to it, and what goes wrong. No library of MQTT is needed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Literal, NamedTuple


class MqttError(Exception):
    """The root of what goes wrong between us and a broker; never raised itself."""


class ConnectionLostError(MqttError):
    """There is no connection, or it ended before the broker had answered."""


class RefusedError(MqttError):
    """The broker said no: to the connection, a subscription, or (MQTT 5 only) a message. MQTT 3.1.1 brokers drop silently what a rule
    forbids, which looks like success.
    """


class FullError(MqttError):
    """Too many messages wait to be published: this one was not taken."""


class Will(NamedTuple):
    """What the broker publishes (QoS 1) when we vanish; ``delay_s`` later with MQTT 5, where flapping is not worth a word."""

    topic: str
    payload: bytes
    is_retained: bool = True
    delay_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to be known there.

    ``keepalive_s`` is how fast it notices that we hang (times 1.5): 5 at most. ``keeps_session``: it keeps subscriptions and QoS 1 messages
    while we are away, ``session_expiry_s`` long (MQTT 5; 3.1.1 brokers have a setting of their own); needs a ``client_id`` that
    stays the same.
    """

    client_id: str
    host: str = "127.0.0.1"
    port: int = 1883
    protocol: Literal["3.1.1", "5"] = "5"
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    keepalive_s: int = 5
    keeps_session: bool = False
    session_expiry_s: int = 3_600


class Received(NamedTuple):
    """A message from the broker. ``is_retained``: it is old, from before the subscription. ``is_repeated``: it may have come before."""

    topic: str
    payload: bytes
    is_retained: bool
    is_repeated: bool
    acknowledgement: tuple[int, int]
    """For ``Connection.acknowledge`` only."""


class Outgoing(NamedTuple):
    """A message on its way to the broker; ``published`` is done when it is there, None where nobody waits for that."""

    topic: str
    payload: bytes
    is_retained: bool
    published: asyncio.Future[None] | None
