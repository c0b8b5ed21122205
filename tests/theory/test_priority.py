"""Non-preemptive priorities against conservation, M/M/1, FCFS and a chain solved by iteration."""

import math

import pytest

from router.simulation.theory import OverloadError, delay_queue, priority_queue


def solved_chain(servers: int, first: float, second: float, most: int) -> dict[str, float]:
    """Mean and factorial-moment waits of two classes at service rate 1, from a truncated chain solved by
    power iteration.
    """
    states = [(busy, 0, 0) for busy in range(servers)]
    states += [(servers, a, b) for a in range(most + 1) for b in range(most + 1)]
    index = {state: i for i, state in enumerate(states)}
    total = first + second + servers
    moves: list[list[tuple[int, float]]] = []
    for busy, a, b in states:
        if busy < servers:
            targets = [((busy + 1, 0, 0), first + second)]
        else:
            targets = [((busy, min(a + 1, most), b), first), ((busy, a, min(b + 1, most)), second)]
        if a:
            targets.append(((busy, a - 1, b), float(servers)))
        elif b:
            targets.append(((busy, a, b - 1), float(servers)))
        elif busy:
            targets.append(((busy - 1, 0, 0), float(busy)))
        row = [(index[target], rate / total) for target, rate in targets]
        row.append((index[busy, a, b], 1 - sum(p for _, p in row)))
        moves.append(row)
    now = [1.0] + [0.0] * (len(states) - 1)
    for _ in range(1_500):
        after = [0.0] * len(states)
        for p, row in zip(now, moves, strict=True):
            if p:
                for target, probability in row:
                    after[target] += p * probability
        now = after
    return {
        "wait": math.fsum(p for p, s in zip(now, states, strict=True) if s[0] == servers),
        "mean 0": math.fsum(p * s[1] for p, s in zip(now, states, strict=True)) / first,
        "mean 1": math.fsum(p * s[2] for p, s in zip(now, states, strict=True)) / second,
        # Little's law for the distribution: E[L(L-1)] = λ²E[W²].
        "square 0": math.fsum(p * s[1] * (s[1] - 1) for p, s in zip(now, states, strict=True)) / first**2,
        "square 1": math.fsum(p * s[2] * (s[2] - 1) for p, s in zip(now, states, strict=True)) / second**2,
    }


def test_two_classes_equal_a_solved_chain() -> None:
    """Means and second moments of both classes are those of the chain itself."""
    urgent, other = priority_queue(servers=2, arrival_rates=[0.5, 0.4], service_rate=1.0)
    chain = solved_chain(2, 0.5, 0.4, 22)
    assert chain["wait"] == pytest.approx(urgent.probability_wait, rel=1e-6)
    assert chain["mean 0"] == pytest.approx(urgent.mean_wait, rel=1e-6)
    assert chain["mean 1"] == pytest.approx(other.mean_wait, rel=1e-5)
    assert chain["square 0"] == pytest.approx(urgent.wait_second_moment, rel=1e-5)
    assert chain["square 1"] == pytest.approx(other.wait_second_moment, rel=1e-4)


def test_one_class_is_erlang_c() -> None:
    """A single class waits as M/M/n does, in mean and second moment."""
    (only,) = priority_queue(servers=7, arrival_rates=[6.0], service_rate=1.0)
    queue = delay_queue(servers=7, arrival_rate=6.0, service_rate=1.0)
    assert queue.mean_wait == pytest.approx(only.mean_wait)
    assert queue.wait_second_moment == pytest.approx(only.wait_second_moment)
    assert queue.mean_queue == pytest.approx(only.mean_queue)


def test_cobhams_single_server() -> None:
    """N = 1 (Cobham): W_1 = R/(1 - σ_1), W_2 = R/((1 - σ_1)(1 - σ_2)) with R = ρ/μ."""
    urgent, other = priority_queue(servers=1, arrival_rates=[0.3, 0.5], service_rate=1.0)
    assert urgent.mean_wait == pytest.approx(0.8 / 0.7)
    assert other.mean_wait == pytest.approx(0.8 / (0.7 * 0.2))


def test_conservation() -> None:
    """Σ ρ_k W_k is what FCFS makes it, however the classes are cut (Kleinrock's conservation law)."""
    rates = [1.0, 0.5, 2.5, 3.0]
    classes = priority_queue(servers=9, arrival_rates=rates, service_rate=0.9)
    queue = delay_queue(servers=9, arrival_rate=sum(rates), service_rate=0.9)
    shared = sum(rate * one.mean_wait for rate, one in zip(rates, classes, strict=True))
    assert sum(rates) * queue.mean_wait == pytest.approx(shared)
    assert sorted(one.mean_wait for one in classes) == [one.mean_wait for one in classes]


def test_bad_arguments() -> None:
    """No classes, a bad rate and too much load are refused by name."""
    with pytest.raises(ValueError, match="arrival_rates: found none"):
        priority_queue(servers=1, arrival_rates=[], service_rate=1.0)
    with pytest.raises(ValueError, match=r"arrival_rates\[1\]: found 0.0"):
        priority_queue(servers=1, arrival_rates=[0.5, 0.0], service_rate=1.0)
    with pytest.raises(OverloadError, match="at least 3 servers"):
        priority_queue(servers=1, arrival_rates=[0.5, 1.6], service_rate=1.0)
