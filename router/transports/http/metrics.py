"""What Prometheus reads: counted from the facts, and the levels of the moment. Labels are sections, queues and verbs, never an agent or
an interaction.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Callable
from typing import Final, Protocol, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agents.presence import Presence
from router.core.facts import Fact, InteractionAssigned, InteractionEnded, InteractionMoved, InteractionQueued
from router.core.names import QueueId
from router.ports import Front
from router.transports.http.handling import Answer, Call, Responder
from router.transports.http.waits import Waits

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"

BUCKETS_S: Final = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


class _QueueMeters:
    """The children of one queue."""

    __slots__ = ("abandoned", "answered", "ended", "labels", "longest", "offered", "wait", "waiting")

    def __init__(self, metrics: Metrics, section: str, queue: str) -> None:
        self.labels = (section, queue)
        self.offered = metrics.offered.labels(section, queue)
        self.answered = metrics.answered.labels(section, queue)
        self.abandoned = metrics.abandoned.labels(section, queue)
        self.wait = metrics.wait.labels(section, queue)
        self.waiting = metrics.waiting.labels(section, queue)
        self.longest = metrics.longest.labels(section, queue)
        self.ended: dict[str, Counter] = {}


class Link(Protocol):
    """Another transport, as far as it is metered."""

    @property
    def counts(self) -> Tally[tuple[str, str]]:
        """Commands by verb and result."""

    @property
    def dropped(self) -> Tally[str]:
        """Messages that were not sent, by kind."""

    @property
    def backlog(self) -> int:
        """Messages that wait to be sent."""


class Metrics:
    """The meters of one router, in a registry of their own."""

    def __init__(
        self,
        front: Front,
        waits: Waits,
        commands: Tally[tuple[str, str]],
        *,
        mailbox_depth: Callable[[], int],
        open_streams: Callable[[], int],
        mqtt: Link | None = None,
    ) -> None:
        self._front = front
        self._waits = waits
        self._commands = commands
        self._mailbox_depth = mailbox_depth
        self._open_streams = open_streams
        self._mqtt = mqtt
        registry = self.registry = CollectorRegistry()
        of_queue = ("section", "queue")
        self.offered = Counter(
            "switchroom_queue_offered",
            "Interactions that began to wait in the queue.",
            of_queue,
            registry=registry,
        )
        self.answered = Counter(
            "switchroom_queue_answered",
            "Interactions of the queue that an agent was connected to.",
            of_queue,
            registry=registry,
        )
        self.abandoned = Counter(
            "switchroom_queue_abandoned",
            "Interactions whose customer left while they were in the queue.",
            of_queue,
            registry=registry,
        )
        self.ended = Counter(
            "switchroom_interactions_ended",
            "Interactions that ended in the queue, by how.",
            (*of_queue, "how"),
            registry=registry,
        )
        self.wait = Histogram(
            "switchroom_queue_wait_seconds",
            "How long the interactions that were answered had waited.",
            of_queue,
            buckets=BUCKETS_S,
            registry=registry,
        )
        self.waiting = Gauge(
            "switchroom_queue_waiting",
            "Interactions that wait in the queue, those offered just now included.",
            of_queue,
            registry=registry,
        )
        self.longest = Gauge(
            "switchroom_queue_longest_wait_seconds",
            "How long the one has waited that has waited longest.",
            of_queue,
            registry=registry,
        )
        self._agents = Gauge("switchroom_agents", "Agents by presence.", ("presence",), registry=registry)
        self._presences = {presence: self._agents.labels(presence) for presence in get_args(Presence)}
        self._depth = Gauge("switchroom_mailbox_depth", "Signals that wait to be taken.", registry=registry)
        self._streams = Gauge("switchroom_http_streams", "Open event streams.", registry=registry)
        registry.register(self)
        self._queues: dict[QueueId, _QueueMeters] = {}
        front.on_fact(self._note)

    async def scrape(self, call: Call) -> Responder:
        """Return all meters; levels are read here, and the text is written in a thread, for with many queues it is long."""
        self._read_levels()
        text = await asyncio.to_thread(generate_latest, self.registry)
        return Answer(200, text, CONTENT_TYPE)

    def collect(self) -> list[Metric]:
        """Return what is counted elsewhere: the commands by verb and result, and how MQTT is; part of the registry's contract."""
        family = CounterMetricFamily(
            "switchroom_commands",
            "Commands by transport, verb and result: accepted, or the problem's code.",
            labels=("transport", "verb", "result"),
        )
        for (verb, result), count in tuple(self._commands.items()):
            family.add_metric(("http", verb, result), count)
        if self._mqtt is None:
            return [family]
        for (verb, result), count in tuple(self._mqtt.counts.items()):
            family.add_metric(("mqtt", verb, result), count)
        dropped = CounterMetricFamily(
            "switchroom_mqtt_dropped", "Messages that could not be published, by kind.", labels=("kind",)
        )
        for kind, count in tuple(self._mqtt.dropped.items()):
            dropped.add_metric((kind,), count)
        backlog = GaugeMetricFamily("switchroom_mqtt_backlog", "Messages that wait for the broker.")
        backlog.add_metric((), self._mqtt.backlog)
        return [family, dropped, backlog]

    def _read_levels(self) -> None:
        centre = self._front.centre
        for queue_id in centre.queues:
            meters = self._of(queue_id)
            meters.waiting.set(self._waits.count(queue_id))
            meters.longest.set(self._waits.longest_ms(queue_id, self._front.now()) / 1000)
        presences = Tally(agent.presence for agent in centre.agents.values())
        for presence, gauge in self._presences.items():
            gauge.set(presences[presence])
        self._depth.set(self._mailbox_depth())
        self._streams.set(self._open_streams())

    def _of(self, queue_id: QueueId) -> _QueueMeters:
        meters = self._queues.get(queue_id)
        if meters is None:
            queue = self._front.centre.queues.get(queue_id)
            section = "" if queue is None else queue.section_id
            meters = self._queues[queue_id] = _QueueMeters(self, section, queue_id)
        return meters

    def _note(self, fact: Fact) -> None:
        match fact:
            case InteractionQueued():
                self._of(fact.queue).offered.inc()
            case InteractionMoved() if fact.cause != "overflow":
                self._of(fact.to_queue).offered.inc()
            case InteractionAssigned():
                meters = self._of(fact.queue)
                meters.answered.inc()
                meters.wait.observe(fact.wait_ms / 1000)
            case InteractionEnded():
                meters = self._of(fact.queue)
                if fact.how == "abandoned":
                    meters.abandoned.inc()
                ended = meters.ended.get(fact.how)
                if ended is None:
                    ended = meters.ended[fact.how] = self.ended.labels(*meters.labels, fact.how)
                ended.inc()
            case _:
                pass
