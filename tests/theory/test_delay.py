"""Erlang B, Erlang C, M/M/n and M/M/n/K against published tables and each other."""

import math

import pytest

from router.simulation.theory import (
    OverloadError,
    delay_queue,
    erlang_b,
    erlang_c,
    little_mean,
    room_queue,
)


@pytest.mark.parametrize(
    ("servers", "load", "blocking"),
    [
        (1, 0.0101, 0.01),
        (5, 1.361, 0.01),
        (10, 4.461, 0.01),
        (20, 12.03, 0.01),
        (50, 37.90, 0.01),
        (100, 84.06, 0.01),
        (10, 6.216, 0.05),
        (20, 15.25, 0.05),
    ],
)
def test_erlang_b_table(servers: int, load: float, blocking: float) -> None:
    """The usual Erlang B table (servers and erlangs at 1 % and 5 % blocking) comes out to its four digits."""
    assert blocking == pytest.approx(erlang_b(servers, load), rel=3e-3)


def test_erlang_b_is_the_textbook_sum() -> None:
    """The recursion equals (a^n/n!)/Σ a^k/k! where that can be evaluated."""
    for servers in (0, 1, 2, 7, 30):
        for load in (0.0, 0.3, 5.0, 40.0):
            terms = [load**k / math.factorial(k) for k in range(servers + 1)]
            assert terms[-1] / sum(terms) == pytest.approx(erlang_b(servers, load), rel=1e-12)


def test_erlang_b_without_servers_loses_everybody() -> None:
    """No server: every arrival is lost, whatever the load."""
    assert erlang_b(0, 3.0) == 1.0


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [
        (1, 0.5, 0.5),
        (2, 1.0, 1 / 3),
        (3, 2.0, 4 / 9),
        (5, 4.0, 0.5541),
        (10, 8.0, 0.4092),
        (14, 10.0, 0.1741),
    ],
)
def test_erlang_c_table(servers: int, load: float, waiting: float) -> None:
    """Erlang C's table values."""
    assert waiting == pytest.approx(erlang_c(servers, load), abs=6e-5)


def test_the_call_centre_example() -> None:
    """200 calls an hour of 3 minutes for 14 agents: 17.4 % wait, ASA 7.8 s, 88.8 % within 20 s (the trade's
    usual example).
    """
    queue = delay_queue(servers=14, arrival_rate=200 / 3600, service_rate=1 / 180)
    assert queue.probability_wait == pytest.approx(0.174, abs=5e-4)
    assert queue.mean_wait == pytest.approx(7.8, abs=0.05)
    assert queue.service_level(20.0) == pytest.approx(0.888, abs=5e-4)
    assert queue.occupancy == pytest.approx(10 / 14)


def test_one_server_is_mm1() -> None:
    """N = 1: P(W > 0) = ρ, E[W] = ρ/(μ - λ), L = ρ/(1 - ρ)."""
    queue = delay_queue(servers=1, arrival_rate=0.7, service_rate=1.0)
    assert queue.probability_wait == pytest.approx(0.7)
    assert queue.mean_wait == pytest.approx(0.7 / 0.3)
    assert queue.mean_present == pytest.approx(0.7 / 0.3)
    assert queue.mean_queue == pytest.approx(little_mean(rate=0.7, mean_time=queue.mean_wait))
    assert queue.wait_second_moment == pytest.approx(2 * 0.7 / 0.3**2)


def test_percentiles_invert_the_tail() -> None:
    """wait_percentile is where the tail has what is left, and 0 where that share doesn't wait."""
    queue = delay_queue(servers=10, arrival_rate=8.0, service_rate=1.0)
    assert queue.wait_percentile(0.5) == 0.0
    for share in (0.6, 0.9, 0.99):
        assert 1 - share == pytest.approx(queue.wait_tail(queue.wait_percentile(share)))
    assert queue.wait_tail(0.0) == queue.probability_wait
    assert queue.mean_wait_delayed * queue.probability_wait == pytest.approx(queue.mean_wait)


def test_five_hundred_servers() -> None:
    """Erlang C stays exact at n = 500: the recursion in rational numbers gives the same."""
    from fractions import Fraction

    load, blocking = Fraction(485), Fraction(1)
    for n in range(1, 501):
        blocking = load * blocking / (n + load * blocking)
    exact = blocking / (1 - load / 500 * (1 - blocking))
    assert float(exact) == pytest.approx(erlang_c(500, 485.0), rel=1e-12)


def test_overload_says_what_would_do() -> None:
    """ρ >= 1 has no stationary wait: the error names the load, the servers and the number that would do."""
    with pytest.raises(
        OverloadError, match=r"10 erlangs for servers=10.*at least 11 servers.*room_queue.*patience"
    ):
        delay_queue(servers=10, arrival_rate=10.0, service_rate=1.0)
    with pytest.raises(ValueError, match="at least 12 servers"):
        erlang_c(5, 11.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"servers": 0}, "servers: found 0"),
        ({"servers": 2.5}, "servers: found 2.5"),
        ({"servers": True}, "servers: found True"),
        ({"arrival_rate": 0.0}, "arrival_rate: found 0.0"),
        ({"arrival_rate": math.nan}, "arrival_rate: found nan"),
        ({"service_rate": -1.0}, "service_rate: found -1.0"),
        ({"service_rate": math.inf}, "service_rate: found inf"),
        ({"service_rate": "1"}, "service_rate: found '1'"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, object], message: str) -> None:
    """Each bad argument is named with what was found."""
    good: dict[str, object] = {"servers": 2, "arrival_rate": 1.0, "service_rate": 1.0}
    with pytest.raises(ValueError, match=message):
        delay_queue(**(good | change))  # type: ignore[arg-type]


def test_bad_times_and_shares() -> None:
    """Negative times and shares outside (0, 1) are refused."""
    queue = delay_queue(servers=2, arrival_rate=1.0, service_rate=1.0)
    with pytest.raises(ValueError, match="time: found -1"):
        queue.wait_tail(-1)
    for share in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="share: found"):
            queue.wait_percentile(share)
    with pytest.raises(ValueError, match=r"offered_load: found -0.1"):
        erlang_b(3, -0.1)
    with pytest.raises(ValueError, match="servers: found -1"):
        erlang_b(-1, 0.1)


def test_room_without_waiting_places_is_erlang_b() -> None:
    """M/M/n/n blocks as the loss formula says, in overload too."""
    for load in (2.0, 5.0, 50.0):
        queue = room_queue(servers=5, places=5, arrival_rate=load, service_rate=1.0)
        assert erlang_b(5, load) == pytest.approx(queue.probability_blocked, rel=1e-12)
        assert queue.mean_wait == 0.0
        assert queue.wait_tail(0.0) == 0.0


def test_ample_room_is_erlang_c() -> None:
    """M/M/n/K tends to M/M/n as K grows: waits, tails and queue."""
    small = room_queue(servers=4, places=600, arrival_rate=3.6, service_rate=1.0)
    large = delay_queue(servers=4, arrival_rate=3.6, service_rate=1.0)
    assert large.probability_wait == pytest.approx(small.probability_wait, rel=1e-9)
    assert large.mean_wait == pytest.approx(small.mean_wait, rel=1e-9)
    assert large.mean_queue == pytest.approx(small.mean_queue, rel=1e-9)
    assert large.occupancy == pytest.approx(small.occupancy, rel=1e-9)
    for time in (0.0, 1.0, 7.0):
        assert large.wait_tail(time) == pytest.approx(small.wait_tail(time), rel=1e-9)


def test_single_server_with_room() -> None:
    """M/M/1/K: P(blocked) = (1 - ρ)ρ^K/(1 - ρ^(K+1)), and 1/(K + 1) at ρ = 1."""
    queue = room_queue(servers=1, places=4, arrival_rate=0.5, service_rate=1.0)
    assert queue.probability_blocked == pytest.approx(0.5 * 0.5**4 / (1 - 0.5**5))
    assert queue.accepted_rate == pytest.approx(queue.occupancy)
    even = room_queue(servers=1, places=4, arrival_rate=2.0, service_rate=2.0)
    assert even.probability_blocked == pytest.approx(0.2)
    assert even.mean_queue == pytest.approx((1 + 2 + 3) / 5)
    assert even.mean_wait == pytest.approx(even.mean_queue / even.accepted_rate)


def test_room_in_deep_overload_and_its_tail() -> None:
    """Far above capacity nothing overflows: the room is full, and the tail integrates to the mean wait."""
    deep = room_queue(servers=500, places=3000, arrival_rate=5000.0, service_rate=1.0)
    assert deep.probability_blocked == pytest.approx(0.9, rel=1e-9)
    queue = room_queue(servers=3, places=9, arrival_rate=4.0, service_rate=1.0)
    step = 0.001
    integral = step * (sum(queue.wait_tail(i * step) for i in range(1, 12_000)) + queue.wait_tail(0.0) / 2)
    assert integral == pytest.approx(queue.mean_wait, rel=1e-5)
    assert queue.service_level(1.0) == 1.0 - queue.wait_tail(1.0)


def test_room_smaller_than_the_servers_is_refused() -> None:
    """K < n makes no sense, and says so."""
    with pytest.raises(ValueError, match="places: found 3, expected a whole number of at least 4"):
        room_queue(servers=4, places=3, arrival_rate=1.0, service_rate=1.0)
