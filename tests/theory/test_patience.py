"""Erlang A against published values, closed forms and its limits."""

import math

import pytest

from router.simulation.theory import PatienceQueue, delay_queue, patience_queue


def closed_form(queue: PatienceQueue) -> tuple[float, float]:
    """P(W > 0) and P(abandon) by Palm's A(x, y) and Erlang B, as Mandelbaum & Zeltyn (2007) print them."""
    x = queue.servers * queue.service_rate / queue.patience_rate
    y = queue.arrival_rate / queue.patience_rate
    a, term = 1.0, 1.0
    for j in range(1, 20_000):
        term *= y / (x + j)
        a += term
    blocking, load = 1.0, queue.arrival_rate / queue.service_rate
    for n in range(1, queue.servers + 1):
        blocking = load * blocking / (n + load * blocking)
    wait = a * blocking / (1 + (a - 1) * blocking)
    rho = load / queue.servers
    return wait, wait * (1 / (rho * a) + 1 - 1 / rho)


def test_the_published_comparison_with_erlang_c() -> None:
    """48 calls/min of 1 min for 50 agents, patience 2 min: 3.1 % leave, ASA 3.7 s, 90 % within 12.5 s, 93 %
    busy, 3 waiting;

    without abandonment 20.8 s, 58.1 s, 96 %, 17 (Mandelbaum & Zeltyn 2007, the table in section 1).
    """
    queue = patience_queue(servers=50, arrival_rate=48 / 60, service_rate=1 / 60, patience_rate=1 / 120)
    assert queue.probability_abandon == pytest.approx(0.031, abs=5e-4)
    assert queue.mean_wait == pytest.approx(3.7, abs=0.05)
    # The table prints 12.5; the tail that gives 12.44 also integrates to the mean (below), so the print is a little coarse.
    assert queue.wait_percentile(0.9) == pytest.approx(12.5, abs=0.06)
    assert queue.occupancy == pytest.approx(0.93, abs=5e-3)
    assert queue.mean_queue == pytest.approx(3.0, abs=0.5)
    patient = delay_queue(servers=50, arrival_rate=48 / 60, service_rate=1 / 60)
    assert patient.mean_wait == pytest.approx(20.8, abs=0.05)
    assert patient.wait_percentile(0.9) == pytest.approx(58.1, abs=0.05)
    assert patient.mean_queue == pytest.approx(17.0, abs=0.5)


@pytest.mark.parametrize(
    ("servers", "load", "patience_rate"),
    [(1, 0.5, 1.0), (1, 3.0, 0.2), (10, 9.0, 0.5), (100, 110.0, 2.0), (500, 510.0, 0.7)],
)
def test_sums_equal_palms_closed_form(servers: int, load: float, patience_rate: float) -> None:
    """Summing states gives what the closed form gives where that is sound, up to n = 500."""
    queue = patience_queue(servers=servers, arrival_rate=load, service_rate=1.0, patience_rate=patience_rate)
    wait, abandon = closed_form(queue)
    assert wait == pytest.approx(queue.probability_wait, rel=1e-10)
    assert abandon == pytest.approx(queue.probability_abandon, rel=1e-8)


@pytest.mark.parametrize("servers", [1, 20, 500])
def test_patience_like_service_is_an_infinite_server(servers: int) -> None:
    """θ = μ: the number present is Poisson(λ/μ), so P(W > 0) is its tail at n."""
    load = servers * 0.97
    below = math.fsum(math.exp(-load + k * math.log(load) - math.lgamma(k + 1)) for k in range(servers))
    queue = patience_queue(servers=servers, arrival_rate=load, service_rate=1.0, patience_rate=1.0)
    assert 1 - below == pytest.approx(queue.probability_wait, rel=1e-9)


@pytest.mark.parametrize("servers", [1, 12, 500])
def test_endless_patience_is_erlang_c(servers: int) -> None:
    """θ → 0 below capacity: every measure tends to Erlang C's, and hardly anybody leaves."""
    load = servers - math.sqrt(servers) / 2
    patient = delay_queue(servers=servers, arrival_rate=load, service_rate=1.0)
    queue = patience_queue(servers=servers, arrival_rate=load, service_rate=1.0, patience_rate=1e-9)
    assert patient.probability_wait == pytest.approx(queue.probability_wait, rel=1e-6)
    assert patient.mean_wait == pytest.approx(queue.mean_wait, rel=1e-6)
    assert patient.mean_wait == pytest.approx(queue.mean_wait_answered, rel=1e-6)
    for time in (0.0, 0.1, 1.0):
        assert patient.wait_tail(time) == pytest.approx(queue.wait_tail(time), rel=1e-6)
        assert patient.service_level(time) == pytest.approx(queue.answered_within(time), rel=1e-6)
    assert queue.probability_abandon < 1e-7


def test_deep_overload_is_fluid() -> None:
    """Far above capacity 1 - nμ/λ leave, everybody waits, and the answered wait ln(λ/nμ)/θ."""
    queue = patience_queue(servers=500, arrival_rate=5000.0, service_rate=1.0, patience_rate=0.01)
    assert queue.probability_abandon == pytest.approx(0.9, rel=1e-9)
    assert queue.probability_wait == pytest.approx(1.0)
    assert queue.occupancy == pytest.approx(1.0)
    assert queue.mean_wait_answered == pytest.approx(math.log(10) / 0.01, rel=1e-3)


def test_measures_agree_with_each_other() -> None:
    """Little, P(abandon) = θE[W], tails that integrate to means, shares that add up."""
    queue = patience_queue(servers=6, arrival_rate=6.5, service_rate=1.0, patience_rate=0.8)
    assert queue.probability_abandon == pytest.approx(0.8 * queue.mean_wait)
    assert queue.mean_queue == pytest.approx(6.5 * queue.mean_wait)
    assert queue.occupancy == pytest.approx(6.5 * (1 - queue.probability_abandon) / 6)
    assert queue.wait_tail(0.0) == pytest.approx(queue.probability_wait)
    assert queue.answered_within(0.0) == pytest.approx(1 - queue.probability_wait)
    answered = 1 - queue.probability_abandon
    assert queue.answered_within(100.0) == pytest.approx(answered)
    step, steps = 0.002, 8_000
    tail = sum(queue.wait_tail(i * step) for i in range(1, steps)) + queue.wait_tail(0.0) / 2
    assert step * tail == pytest.approx(queue.mean_wait, rel=1e-5)
    late = sum(answered - queue.answered_within(i * step) for i in range(1, steps))
    late += (answered - queue.answered_within(0.0)) / 2
    assert step * late / answered == pytest.approx(queue.mean_wait_answered, rel=1e-5)
    both = answered * queue.mean_wait_answered + queue.probability_abandon * queue.mean_wait_abandoned
    assert both == pytest.approx(queue.mean_wait)
    assert queue.wait_percentile(0.2) == 0.0
    assert queue.wait_tail(queue.wait_percentile(0.95)) == pytest.approx(0.05)


def test_no_servers() -> None:
    """N = 0: everybody waits out their patience and leaves."""
    queue = patience_queue(servers=0, arrival_rate=3.0, service_rate=1.0, patience_rate=0.5)
    assert queue.probability_wait == 1.0
    assert queue.probability_abandon == pytest.approx(1.0)
    assert queue.mean_wait == pytest.approx(2.0)
    assert queue.mean_wait_abandoned == pytest.approx(2.0)
    assert queue.wait_tail(2.0) == pytest.approx(math.exp(-1))
    assert queue.answered_within(9.0) == pytest.approx(0.0)
    assert math.isnan(queue.mean_wait_answered)
    assert math.isnan(queue.occupancy)


def test_bad_arguments() -> None:
    """Rates must be above 0, and patience not so long that millions wait; the error says what to use."""
    with pytest.raises(ValueError, match=r"patience_rate: found 0.0"):
        patience_queue(servers=1, arrival_rate=1.0, service_rate=1.0, patience_rate=0.0)
    with pytest.raises(ValueError, match="servers: found -1"):
        patience_queue(servers=-1, arrival_rate=1.0, service_rate=1.0, patience_rate=1.0)
    with pytest.raises(ValueError, match=r"patience_rate: found 1e-12.*use delay_queue"):
        patience_queue(servers=1, arrival_rate=2.0, service_rate=1.0, patience_rate=1e-12)
