"""Traffic and people as drawn: rates, moments, independence of streams, impossible settings."""

from __future__ import annotations

import math
import random
from itertools import islice, takewhile
from typing import Any

import pytest

from agents.behaviour import Behaviour, Break, Reply, Shift, Worker, reply, shift_problems
from agents.distributions import (
    Deterministic,
    Distribution,
    Exponential,
    Lognormal,
    Uniform,
    describe,
    whole_ms,
)
from agents.model import AgentId
from router.core.names import ChannelId, QueueId, SectionId
from router.simulation.scenario import WEEK_MS, Batch, Mix, PassOn, Profile, Scenario, problems, steady
from router.simulation.traffic import Stop, arrival_times, customers, scale, stream_rng
from tests.simulation.worlds import MINUTE_MS, a_centre, a_stream, a_worker, always

SEED = 20_240_607
HOUR_MS = 60 * MINUTE_MS


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Exponential(mean=240.0), 240.0, 240.0),
        (Lognormal(mean=180.0, cv=1.2), 180.0, 216.0),
        (Lognormal(mean=180.0, cv=0.3), 180.0, 54.0),
        (Uniform(low=10.0, high=70.0), 40.0, 60.0 / math.sqrt(12.0)),
        (Deterministic(value=33.0), 33.0, 0.0),
    ],
)
def test_distributions_have_their_moments(distribution: Distribution, mean: float, sd: float) -> None:
    """Mean and standard deviation of many draws are those of the distribution (within five standard errors)."""
    count = 100_000
    values = distribution.block(random.Random(SEED), count)
    found = math.fsum(values) / count
    spread = math.sqrt(math.fsum((value - found) ** 2 for value in values) / count)
    assert found == pytest.approx(mean, abs=5 * sd / math.sqrt(count) + 1e-9), f"seed {SEED}"
    assert spread == pytest.approx(sd, rel=0.05, abs=1e-9), f"seed {SEED}"
    assert min(values) >= 0.0
    assert mean == distribution.mean


@pytest.mark.parametrize(
    "distribution", [Exponential(mean=50.0), Uniform(low=1.0, high=9.0), Lognormal(mean=9.0)]
)
def test_one_draw_and_many_draws_are_the_same_stream(distribution: Distribution) -> None:
    """A block is what as many single draws would have been."""
    one, many = random.Random(SEED), random.Random(SEED)
    assert [distribution.sample(one) for _ in range(10)] == distribution.block(many, 10)


def test_whole_milliseconds_go_on_for_ever() -> None:
    """Drawing beyond a block goes on with the next one."""
    draw = whole_ms(Exponential(mean=1000.0), random.Random(SEED))
    values = [draw() for _ in range(1000)]
    assert values[:3] == [
        int(value + 0.5) for value in Exponential(mean=1000.0).block(random.Random(SEED), 3)
    ]
    assert len(set(values)) > 500


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Exponential(mean=0.0), "exponential: found mean 0"),
        (lambda: Exponential(mean=math.inf), "exponential: found mean inf"),
        (lambda: Lognormal(mean=3.0, cv=0.0), "use 'deterministic'"),
        (lambda: Lognormal(mean=-3.0), "lognormal: found mean -3"),
        (lambda: Uniform(low=5.0, high=4.0), "exchange them"),
        (lambda: Deterministic(value=math.nan), "deterministic: found value nan"),
        (lambda: Behaviour(no_answer=1.5), "no_answer: found 1.5"),
        (lambda: Profile(pieces=()), "profile"),
        (lambda: Profile(pieces=((5, 1.0),)), "expected 0 first"),
        (lambda: Profile(pieces=((0, -1.0),)), "the rate -1"),
        (lambda: Mix(name="language", shares=(("en", 0.6), ("fr", 0.3))), "sum to 0.9"),
        (lambda: PassOn(chance=2.0, queue=None, handle_time=always(1)), "the chance 2"),
        (lambda: scale(steady(1.0), -1.0), "factor: found -1"),
    ],
)
def test_impossible_values_say_what_was_found(make: Any, words: str) -> None:
    """Every impossible setting is refused with what was found."""
    with pytest.raises(ValueError, match=words):
        make()


def test_distributions_describe_themselves() -> None:
    """As a reader would write them."""
    assert describe(Lognormal(mean=180_000.0, cv=1.2)) == "lognormal, mean 180 s, cv 1.2"
    assert describe(Exponential(mean=500.0)) == "exponential, mean 0.5 s"
    assert describe(Deterministic(value=4_000.0)) == "always 4 s"
    assert describe(Uniform(low=1_000.0, high=6_000.0)) == "uniform from 1 s to 6 s"


def test_steady_arrivals_are_poisson() -> None:
    """Counts per hour have the rate as their mean and as their variance (index of dispersion 1)."""
    rate, hours = 60 / HOUR_MS, 2_000
    times = takewhile(lambda at: at < hours * HOUR_MS, arrival_times(steady(rate), random.Random(SEED)))
    counts = [0] * hours
    for at in times:
        counts[at // HOUR_MS] += 1
    mean = sum(counts) / hours
    variance = sum((count - mean) ** 2 for count in counts) / (hours - 1)
    assert mean == pytest.approx(60, abs=5 * math.sqrt(60 / hours)), f"seed {SEED}"
    assert variance / mean == pytest.approx(1.0, abs=5 * math.sqrt(2 / hours)), f"seed {SEED}"


def test_a_profile_gives_every_hour_its_rate() -> None:
    """Over many days every hour of the day gets the arrivals of its piece, none where the rate is 0."""
    per_hour = [0, 0, 30, 60, 0, 12, 90, 0]
    profile = Profile(
        pieces=tuple((h * HOUR_MS, n / HOUR_MS) for h, n in enumerate(per_hour)), period_ms=8 * HOUR_MS
    )
    days = 1_000
    counts = [0] * 8
    last = -1
    for at in takewhile(lambda at: at < days * 8 * HOUR_MS, arrival_times(profile, random.Random(SEED))):
        assert at >= last
        last = at
        counts[at % (8 * HOUR_MS) // HOUR_MS] += 1
    for hour, (count, rate) in enumerate(zip(counts, per_hour, strict=True)):
        # An arrival in the last half millisecond of an hour is rounded into the next one.
        assert count == pytest.approx(rate * days, abs=5 * math.sqrt(rate * days) + 3), (
            f"hour {hour}, seed {SEED}"
        )
    assert profile.mean_rate == pytest.approx(sum(per_hour) / 8 / HOUR_MS)


def test_no_rate_no_arrivals() -> None:
    """A stream of rate 0 ends at once instead of searching for ever."""
    assert list(customers(a_stream(steady(0.0)), SEED, HOUR_MS)) == []


def test_customers_end_with_the_time() -> None:
    """Nobody arrives at or after the end; ids count from 1."""
    found = list(customers(a_stream(), SEED, HOUR_MS))
    assert 30 < len(found) < 100
    assert all(at < HOUR_MS for at, *_ in found)
    assert [signal.interaction_id for _, signal, *_ in found[:2]] == ["calls-1", "calls-2"]
    longer = list(customers(a_stream(), SEED, 24 * HOUR_MS))
    assert found == longer[: len(found)]


def test_streams_draw_for_themselves() -> None:
    """Giving customers patience, attributes or transfers leaves arrivals and handle times as they were."""
    plain = a_stream(handle_time=Exponential(mean=60_000.0))
    rich = a_stream(
        handle_time=Exponential(mean=60_000.0),
        patience=Exponential(mean=90_000.0),
        attributes=(Mix(name="language", shares=(("en", 0.7), ("fr", 0.3))),),
        transfer=PassOn(chance=0.3, queue=None, handle_time=Exponential(mean=5_000.0)),
    )
    one, other = list(customers(plain, SEED, HOUR_MS)), list(customers(rich, SEED, HOUR_MS))
    assert [(at, handle) for at, _, handle, _, _ in one] == [(at, handle) for at, _, handle, _, _ in other]
    assert {None} == {patience for *_, patience, _ in one}
    assert len({patience for *_, patience, _ in other}) > 10
    assert one != list(customers(plain, SEED + 1, HOUR_MS))


def test_mixes_have_their_shares() -> None:
    """Attribute values and transfers come in their shares; a mix of one value is a constant."""
    stream = a_stream(
        attributes=(
            Mix(name="language", shares=(("en", 0.75), ("fr", 0.25))),
            Mix(name="tier", shares=(("gold", 1.0),)),
        ),
        transfer=PassOn(chance=0.1, queue=QueueId("desk"), handle_time=always(5), keep_place=False),
    )
    found = list(islice(customers(stream, SEED, 10**12), 20_000))
    french = sum(signal.attributes["language"] == "fr" for _, signal, *_ in found)
    assert french == pytest.approx(5_000, abs=5 * math.sqrt(20_000 * 0.25 * 0.75)), f"seed {SEED}"
    assert {"gold"} == {signal.attributes["tier"] for _, signal, *_ in found}
    passed_on = [stops for *_, stops in found if stops]
    assert len(passed_on) == pytest.approx(2_000, abs=5 * math.sqrt(20_000 * 0.1 * 0.9)), f"seed {SEED}"
    assert {((Stop(QueueId("desk"), 5_000, False)),)} == set(passed_on)


def test_named_streams_are_independent_and_repeatable() -> None:
    """The same seed and names give the same generator, others another one."""
    assert stream_rng(1, "a", "b").random() == stream_rng(1, "a", "b").random()
    assert (
        len({stream_rng(1, "a", "b").random(), stream_rng(1, "a").random(), stream_rng(2, "a", "b").random()})
        == 3
    )


def test_scaling_a_profile() -> None:
    """Every rate times the factor."""
    assert scale(Profile(pieces=((0, 1.0), (10, 3.0)), period_ms=20), 2.0).pieces == ((0, 2.0), (10, 6.0))


def test_replies_come_in_their_shares() -> None:
    """No answer is looked at first, declining among the rest."""
    behaviour = Behaviour(answer_delay=Uniform(low=1_000.0, high=3_000.0), no_answer=0.2, decline=0.25)
    rng, count = random.Random(SEED), 20_000
    replies = [reply(behaviour, rng) for _ in range(count)]
    for kind, share in (("ignore", 0.2), ("decline", 0.2), ("accept", 0.6)):
        found = sum(each.kind == kind for each in replies)
        assert found == pytest.approx(share * count, abs=5 * math.sqrt(count * share * (1 - share))), (
            f"{kind}, seed {SEED}"
        )
    assert all(1_000 <= each.after_ms <= 3_000 for each in replies if each.kind != "ignore")
    assert Reply("accept", 0) == reply(Behaviour(), rng)
    assert Behaviour().is_certain
    assert not behaviour.is_certain


def test_shifts_that_cannot_be() -> None:
    """Overlaps, backward shifts and breaks outside their shift are each named."""
    good = (
        Shift(start_ms=0, end_ms=HOUR_MS, breaks=(Break(10, 20), Break(20, 30))),
        Shift(start_ms=HOUR_MS, end_ms=2 * HOUR_MS),
    )
    assert shift_problems(good) == []
    assert shift_problems((good[0], Shift(start_ms=HOUR_MS // 2, end_ms=HOUR_MS * 3 // 2))) == [
        "shift 2 (00:30-01:30) starts before shift 1 (00:00-01:00) has ended"
    ]
    assert shift_problems((Shift(), Shift(start_ms=2 * HOUR_MS, end_ms=3 * HOUR_MS))) == [
        "shift 2 (02:00-03:00) starts before shift 1 (00:00-) has ended"
    ]
    assert shift_problems((Shift(start_ms=HOUR_MS, end_ms=HOUR_MS),)) == [
        "shift 1 (01:00-01:00) ends before it starts"
    ]
    broken = Shift(
        start_ms=0, end_ms=HOUR_MS, breaks=(Break(30, 20), Break(HOUR_MS, HOUR_MS + 5), Break(10, 15))
    )
    assert len(shift_problems((broken,))) == 3


def test_a_scenario_is_held_against_the_plan() -> None:
    """Unknown sections, channels, queues, agents, names used twice, impossible times: each with its place."""
    plan = a_centre("ana", "ben")
    stream = a_stream(transfer=PassOn(chance=0.1, queue=QueueId("dask"), handle_time=always(1)))
    scenario = Scenario(
        name="test",
        duration_ms=10,
        warm_up_ms=10,
        streams=(
            stream,
            a_stream(queue=QueueId("dsk")),
        ),
        workers=(a_worker("ana"), a_worker("anna"), a_worker("ana")),
    )
    found = {place: (message, hint) for place, message, hint in problems(scenario, plan)}
    assert {
        "warm_up",
        "arrivals[1].name",
        "arrivals[0].transfer.queue",
        "arrivals[1].queue",
        "agents.anna",
        "agents.ana",
    } == set(found)
    assert found["agents.anna"] == ("there is no agent 'anna'", "did you mean 'ana'?")
    assert found["arrivals[1].queue"][1] == "did you mean 'desk'?"
    elsewhere = Scenario(
        name="test", duration_ms=0, streams=(a_stream(),), workers=(Worker(agent_id=AgentId("ben")),)
    )
    lost = [place for place, *_ in problems(elsewhere, a_centre("ben"))]
    assert lost == ["duration"]


def test_an_unknown_section_hides_no_other_problem() -> None:
    """Section and channel are named together."""
    from dataclasses import replace

    stream = replace(a_stream(), section=SectionId("dessk"), channel=ChannelId("voise"))
    scenario = Scenario(name="test", duration_ms=10, streams=(stream,))
    assert problems(scenario, a_centre("ana")) == [
        ("arrivals[0].channel", "there is no channel 'voise'", "did you mean 'voice'?"),
        ("arrivals[0].section", "there is no section 'dessk'", "did you mean 'desk'?"),
    ]


def test_batches_come_at_their_times_besides() -> None:
    """A batch arrives at one instant, every week anew, in order among the others, with ids that go on."""
    batches = (Batch(at_ms=1_000, size=3), Batch(at_ms=2_000, size=1))
    arrived = list(customers(a_stream(steady(0.0), batches=batches), 1, WEEK_MS + 1_500))
    assert [customer[0] for customer in arrived] == [1_000] * 3 + [2_000] + [WEEK_MS + 1_000] * 3
    assert [customer[1].interaction_id for customer in arrived][-1] == "calls-7"
    mixed = [customer[0] for customer in customers(a_stream(batches=batches), 1, HOUR_MS)]
    alone = [customer[0] for customer in customers(a_stream(), 1, HOUR_MS)]
    assert mixed == sorted([*alone, 1_000, 1_000, 1_000, 2_000])


@pytest.mark.parametrize(("at_ms", "size"), [(-1, 1), (WEEK_MS, 1), (0, 0)])
def test_batches_that_cannot_be(at_ms: int, size: int) -> None:
    """A batch lies within the week and holds somebody."""
    with pytest.raises(ValueError, match="batch: found"):
        Batch(at_ms=at_ms, size=size)
