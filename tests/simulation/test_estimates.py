"""Quoted waits against what came of them, in steady state: half is answered within p50, nine of ten within p90."""

from __future__ import annotations

import pytest

from router.harness.estimate_table import SEED, Setting, main, measure, settings


@pytest.mark.slow
@pytest.mark.parametrize("setting", settings(), ids=lambda setting: setting.name)
def test_quotes_are_kept(setting: Setting) -> None:
    """In every queue of every setting, whether people leave, some go first, or agents differ in skills."""
    for queue, tally in measure(setting, seed=SEED, customers=3_000).items():
        assert tally.of_90 > 500, queue
        assert 0.85 <= tally.within_90 / tally.of_90 <= 0.95, queue
        assert 0.45 <= tally.within_50 / tally.of_50 <= 0.55, queue


@pytest.mark.slow
def test_plain_queue_length_overstates_where_people_leave() -> None:
    """Under overload with abandonment by a fifth and more, which the formula that knows of it does not."""
    crowded = next(setting for setting in settings() if setting.servers == 100)
    (tally,) = measure(crowded, seed=SEED, customers=3_000).values()
    assert tally.plain_ms / tally.waited_ms > 1.15
    assert 0.95 < tally.staying_ms / tally.waited_ms < 1.08


def test_bad_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """No customers make no page."""
    with pytest.raises(SystemExit):
        main(["--customers", "0"])
    assert "--customers: found 0" in capsys.readouterr().err
