"""A connection to a broker that comes back by itself, acknowledges what it received when it is told to, and hears refusals. Both sides
use it. Knows topics and bytes, nothing of what they mean.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Self

from agents.mqtt import Link
from agents.mqtt_terms import (
    Broker,
    ConnectionLostError,
    FullError,
    MqttError,
    Outgoing,
    Received,
    RefusedError,
    Will,
)

IN_FLIGHT_MAX: Final = 200
"""So many published messages may wait for the broker's acknowledgement; less where an MQTT 5 broker says so."""
WAITING_MAX: Final = 10_000
"""So many messages may wait to be published before further ones are refused as ``FullError``."""
BACKOFF_S: Final = 0.1
BACKOFF_MAX_S: Final = 1.0


class Connection:
    """A connection that comes back: ``async with Connection(broker, receive, subscribe=[…]) as connection``.

    Tries from its start on, with back-off and jitter, subscribes anew each time, and calls ``on_up``, ``on_down`` as the link comes and
    goes.
    ``receive`` gets every message as it arrives, called from the event loop: quick, and without waiting. What it raises ends the
    connection for good. With ``acknowledges`` False each message counts as done when ``receive`` returns; with True not before
    ``acknowledge``: what was not acknowledged comes again after a reconnect, where the broker keeps the session.
    Messages are published in order, QoS 1; those without an answer when the link breaks are published again. For one event loop.
    """

    def __init__(
        self,
        broker: Broker,
        receive: Callable[[Received], None],
        *,
        subscribe: Iterable[str] = (),
        acknowledges: bool = False,
        will: Will | None = None,
        on_up: Callable[[], None] | None = None,
        on_down: Callable[[MqttError], None] | None = None,
        on_refused: Callable[[str, RefusedError], None] | None = None,
        in_flight_max: int = IN_FLIGHT_MAX,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._broker = broker
        self._receive = receive
        self._subscriptions = [(topic, 1) for topic in subscribe]
        self._acknowledges = acknowledges
        self._will = will
        self._on_up = on_up
        self._on_down = on_down
        self._on_refused = on_refused
        self._in_flight_max = in_flight_max
        self._window = in_flight_max
        self._waiting_max = waiting_max
        self._waiting: deque[Outgoing] = deque()
        self._in_flight: dict[int, Outgoing] = {}
        self._link: Link | None = None  # once it is subscribed
        self._link_now: Link | None = None  # as soon as packets may come
        self._links = 0
        self._early: list[Received] | None = None  # heard on a link that is not up yet
        self._is_closing = False
        self._closing = asyncio.Event()
        self._change = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._error: MqttError = ConnectionLostError("not connected yet")
        self.failure: BaseException | None = None
        """Why it will not come back: what ``receive`` or a hook raised; None while all is well."""

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        """Start connecting; don't wait for it."""
        self._task = asyncio.get_running_loop().create_task(self._keep_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Say good-bye to the broker, so that no will is published; messages that wait are dropped."""
        self._is_closing = True
        self._closing.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        for outgoing in [*self._in_flight.values(), *self._waiting]:
            _finish(outgoing, ConnectionLostError("the connection was closed"))
        self._in_flight.clear()
        self._waiting.clear()

    @property
    def is_connected(self) -> bool:
        """Whether the link is up and subscribed, as far as we know: a dead peer is noticed after 1.5 keepalives."""
        return self._link is not None

    @property
    def backlog(self) -> int:
        """How many messages wait to be published or for the broker's acknowledgement."""
        return len(self._waiting) + len(self._in_flight)

    async def connected(self, timeout_s: float | None = None) -> None:
        """Wait until the link is up. Raises ``RefusedError`` as soon as the broker refuses us (trying goes on),
        ``ConnectionLostError`` with the last cause after ``timeout_s``.
        """
        await self._until(lambda: self.is_connected, timeout_s, raises_refusal=True)

    async def flushed(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged all that was published. Raises ``ConnectionLostError`` after ``timeout_s``."""
        await self._until(lambda: self.backlog == 0, timeout_s, raises_refusal=False)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, topic: str, payload: bytes, *, is_retained: bool = False) -> asyncio.Future[None]:
        """Publish; the future is done once the broker has the message, or ``RefusedError``. Raises ``FullError`` when too many wait."""
        if len(self._waiting) >= self._waiting_max:
            raise FullError(f"{self._waiting_max} messages wait to be published; try again later")
        published: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Outgoing(topic, payload, is_retained, published))
        self._pump()
        return published

    def post(self, topic: str, payload: bytes, *, is_retained: bool = False, room: int | None = None) -> bool:
        """Publish without waiting for anything; False when ``room`` messages (None: the connection's bound) wait already: it was not taken.

        A refusal is told to ``on_refused``.
        """
        if len(self._waiting) >= (self._waiting_max if room is None else room):
            return False
        self._waiting.append(Outgoing(topic, payload, is_retained, None))
        self._pump()
        return True

    def acknowledge(self, message: Received) -> None:
        """Tell the broker that the message is done. Does nothing when the link broke since: the broker sends it again."""
        link_number, mid = message.acknowledgement
        if mid and self._link_now is not None and link_number == self._links:
            self._link_now.acknowledge(mid)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _until(
        self, is_so: Callable[[], bool], timeout_s: float | None, *, raises_refusal: bool
    ) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so():
                    if self.failure is not None or self._is_closing:
                        raise ConnectionLostError(f"the connection has ended: {self.failure or 'closed'}")
                    if raises_refusal and isinstance(self._error, RefusedError):
                        raise self._error
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            raise ConnectionLostError(
                f"broker {self._broker.host}:{self._broker.port}, {timeout_s} s: {self._error}"
            ) from None

    async def _keep_connected(self) -> None:
        failures = 0
        while not self._is_closing:
            try:
                was_up = await self._live_once()
            except Exception as error:  # noqa: BLE001 - a hook's or receive's: kept for who asks, nothing goes on
                self._end(error)
                return
            failures = 0 if was_up else failures + 1
            pause = min(BACKOFF_MAX_S, BACKOFF_S * 2 ** min(failures, 10))
            await self._pause(pause * random.uniform(0.5, 1.0))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass

    async def _live_once(self) -> bool:
        """Connect, and return once the link is gone: whether it had been up."""
        link = Link(self._broker, self._will, self._heard, self._answered, self._links + 1)
        self._links += 1
        self._link_now = link
        early: list[Received] = []
        self._early = early
        was_up = False
        try:
            try:
                await link.open(self._subscriptions)
                self._window = min(self._in_flight_max, link.window)
                self._error = ConnectionLostError("the connection was lost")
                self._link = link
                was_up = True
                if self._on_up is not None:
                    self._on_up()
                self._early = None
                for received in early:
                    self._heard(received)
                self._change.set()
                self._pump()
                self._error = await link.lost(self._closing)
            except MqttError as error:
                self._error = error
        finally:
            self._link = self._link_now = None
            await link.close()
            self._waiting.extendleft(reversed(self._in_flight.values()))
            self._in_flight.clear()
        if link.failure is not None:
            raise link.failure
        if was_up and self._on_down is not None:
            self._on_down(self._error)
        self._change.set()
        return was_up

    def _end(self, error: Exception) -> None:
        self.failure = error
        self._is_closing = True
        self._change.set()
        asyncio.get_running_loop().call_exception_handler(
            {"message": "an MQTT connection has ended", "exception": error}
        )
        if self._on_down is not None:
            self._on_down(ConnectionLostError(f"ended by {type(error).__name__}: {error}"))

    def _heard(self, received: Received) -> None:
        if self._early is not None:  # a busy program reads retained messages together with the SUBACK
            self._early.append(received)
            return
        self._receive(received)
        if not self._acknowledges:
            self.acknowledge(received)

    def _answered(self, mid: int, refusal: str | None) -> None:
        outgoing = self._in_flight.pop(mid, None)
        if outgoing is None:
            return
        error = None if refusal is None else RefusedError(f"{outgoing.topic}: {refusal}")
        _finish(outgoing, error)
        if error is not None and outgoing.published is None and self._on_refused is not None:
            self._on_refused(outgoing.topic, error)
        if self._waiting:
            self._pump()
        elif not self._in_flight:
            self._change.set()

    def _pump(self) -> None:
        link, waiting, in_flight = self._link, self._waiting, self._in_flight
        while link is not None and waiting and len(in_flight) < self._window:
            mid = link.publish_now(waiting[0], in_flight)
            if mid is None:
                return
            in_flight[mid] = waiting.popleft()


def _finish(outgoing: Outgoing, error: MqttError | None) -> None:
    published = outgoing.published
    if published is None or published.done():
        return
    if error is None:
        published.set_result(None)
    else:
        published.set_exception(error)
        published.exception()  # whoever awaits it hears of it; whoever does not, need not
