"""Arriving customers: endless, lazy, seeded streams of them live here. When the world hears of one, and
what happens then, does not.

Arrivals are an open model: they do not wait for answers. Customers are made in blocks, so that one costs
little and memory does not grow with their number.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from heapq import merge
from itertools import accumulate, chain, count, islice, repeat
from random import Random
from typing import Literal, NamedTuple

from agents.distributions import BLOCK, Exponential, whole_ms
from router.core.names import AttributeValue, InteractionId, QueueId
from router.core.signals import NO_ATTRIBUTES, InteractionArrived
from router.simulation.scenario import WEEK_MS, Batch, HandOver, Mix, PassOn, Profile, Stream


class Stop(NamedTuple):
    """A transfer that follows a contact: where to (None: the same queue) and how long the contact there
    takes. ``by``: ``everybody`` passes it on, or ``automated`` agents only, while a person does it all in ``handle_ms``;
    ``nobody``: the same, but an automated agent finishes it too.
    """

    queue: QueueId | None
    handle_ms: int
    keep_place: bool = True
    by: Literal["everybody", "automated", "nobody"] = "everybody"


Customer = tuple[int, InteractionArrived, int, int | None, tuple[Stop, ...]]
"""(arrives at, with which signal, handle time, patience or None, the transfers that follow). A bare tuple,
since it is made for everybody.
"""

Source = Iterator[Customer]
"""Customers in the order of their arrival."""

_UNIT = Exponential(mean=1.0)


def stream_rng(seed: int | str, *names: str) -> Random:
    """Return the generator of one named stream under a seed. Different names give independent streams; the
    same names the same one.
    """
    return Random("/".join((str(seed), *names)))


def arrival_times(profile: Profile, rng: Random) -> Iterator[int]:
    """Yield the arrivals of a Poisson process with the profile's rate, rounded to milliseconds, in order;
    none when the rate is 0.

    Inversion: unit-rate arrivals are mapped through the inverse of the cumulative rate (Çinlar 1975,
    Introduction to Stochastic Processes, section 4.7), which is exact for any piecewise constant rate and
    needs one draw per arrival.
    """
    pieces = profile.pieces
    if profile.mean_rate <= 0.0:
        return iter(())
    if len({rate for _, rate in pieces}) == 1:
        return _steady_times(1.0 / pieces[0][1], rng)
    return _inverted_times(profile, rng)


def _steady_times(mean_gap: float, rng: Random) -> Iterator[int]:
    gap = Exponential(mean=mean_gap)
    last = 0.0

    def block() -> list[int]:
        nonlocal last
        times = list(accumulate(gap.block(rng, BLOCK), initial=last))
        last = times[-1]
        return [int(time + 0.5) for time in islice(times, 1, None)]

    return chain.from_iterable(iter(block, []))


def _inverted_times(profile: Profile, rng: Random) -> Iterator[int]:
    starts = [start for start, _ in profile.pieces]
    rates = [rate for _, rate in profile.pieces]
    ends = [*starts[1:], profile.period_ms]
    reached = list(
        accumulate(
            (rate * (end - start) for start, end, rate in zip(starts, ends, rates, strict=True)), initial=0.0
        )
    )
    whole = reached.pop()
    unit, period_ms = 0.0, profile.period_ms
    while True:
        for step in _UNIT.block(rng, BLOCK):
            unit += step
            periods, rest = divmod(unit, whole)
            piece = bisect_right(reached, rest) - 1
            # A piece without arrivals covers no stretch of the cumulative rate: bisect_right lands behind it.
            yield int(periods * period_ms + starts[piece] + (rest - reached[piece]) / rates[piece] + 0.5)


def batch_times(batches: tuple[Batch, ...]) -> Iterator[int]:
    """Yield the time of each arrival of the batches, week after week, for ever."""
    for week in count():
        for batch in batches:
            yield from repeat(week * WEEK_MS + batch.at_ms, batch.size)


def customers(stream: Stream, seed: int | str, until_ms: int) -> Source:
    """Return the stream's customers that arrive before ``until_ms``. Ids are the stream's name and a number
    from 1.
    """
    name = stream.name
    times = arrival_times(stream.profile, stream_rng(seed, name, "arrivals"))
    if stream.batches:
        times = merge(times, batch_times(stream.batches))
    handle = whole_ms(stream.handle_time, stream_rng(seed, name, "handle_time"))
    patience: Callable[[], int | None] = _nothing
    if stream.patience is not None:
        patience = whole_ms(stream.patience, stream_rng(seed, name, "patience"))
    attributes = _attributes(stream.attributes, seed, name)
    stops = _stops(stream, seed)
    section, channel, queue, priority, requirement = (
        stream.section,
        stream.channel,
        stream.queue,
        stream.priority,
        stream.requirement,
    )
    arrived, new = InteractionArrived, tuple.__new__
    nothing_more = InteractionArrived(InteractionId(""), section, channel)[7:]
    prefix, numbers = f"{name}-", count(1)

    def block() -> list[Customer]:
        # tuple.__new__ makes the same signal as calling the class does, at half the cost.
        made = [
            (
                at,
                new(
                    arrived,
                    (
                        InteractionId(f"{prefix}{number}"),
                        section,
                        channel,
                        next(attributes),
                        queue,
                        priority,
                        requirement,
                        *nothing_more,
                    ),
                ),
                handle(),
                patience(),
                next(stops),
            )
            for at, number in zip(islice(times, BLOCK), numbers)  # noqa: B905 - the numbers have no end
        ]
        if made and made[-1][0] >= until_ms:
            return [customer for customer in made if customer[0] < until_ms]
        return made

    return chain.from_iterable(iter(block, []))


def _nothing() -> None:
    return None


def _attributes(mixes: tuple[Mix, ...], seed: int | str, name: str) -> Iterator[Mapping[str, AttributeValue]]:
    if not mixes:
        return repeat(NO_ATTRIBUTES)
    if all(len(mix.shares) == 1 for mix in mixes):
        return repeat({mix.name: mix.shares[0][0] for mix in mixes})
    return _mixed(mixes, [stream_rng(seed, name, "attribute", mix.name) for mix in mixes])


def _mixed(mixes: tuple[Mix, ...], rngs: list[Random]) -> Iterator[Mapping[str, AttributeValue]]:
    names = [mix.name for mix in mixes]
    values = [[value for value, _ in mix.shares] for mix in mixes]
    weights = [list(accumulate(share for _, share in mix.shares)) for mix in mixes]
    while True:
        blocks = [
            rng.choices(values[place], cum_weights=weights[place], k=BLOCK) for place, rng in enumerate(rngs)
        ]
        for row in zip(*blocks, strict=True):
            yield dict(zip(names, row, strict=True))


def _stops(stream: Stream, seed: int | str) -> Iterator[tuple[Stop, ...]]:
    rng = stream_rng(seed, stream.name, "transfer")
    if stream.hand_over is not None:
        draw = whole_ms(stream.hand_over.handle_time, stream_rng(seed, stream.name, "people"))
        return _shared_stops(stream.hand_over, rng, draw)
    if stream.transfer is not None and stream.transfer.chance:
        return _drawn_stops(stream.transfer, rng)
    return repeat(())


def _drawn_stops(transfer: PassOn, rng: Random) -> Iterator[tuple[Stop, ...]]:
    while True:
        if rng.random() < transfer.chance:
            yield (Stop(transfer.queue, int(transfer.handle_time.sample(rng) + 0.5), transfer.keep_place),)
        else:
            yield ()


def _shared_stops(hand_over: HandOver, rng: Random, draw: Callable[[], int]) -> Iterator[tuple[Stop, ...]]:
    while True:
        by: Literal["automated", "nobody"] = "automated" if rng.random() < hand_over.chance else "nobody"
        yield (Stop(hand_over.queue, draw(), by=by),)


def scale(profile: Profile, factor: float) -> Profile:
    """Return the profile with every rate times ``factor``."""
    if not (math.isfinite(factor) and factor >= 0.0):
        raise ValueError(f"factor: found {factor:g}, expected a finite number, at least 0")
    return Profile(
        pieces=tuple((start, rate * factor) for start, rate in profile.pieces), period_ms=profile.period_ms
    )
