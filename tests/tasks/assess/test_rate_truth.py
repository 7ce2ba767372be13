import math
from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Grid, Window
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from insar_models.onset.slow_motion import PlaceRate, SlowMotion
from insar_models.phase.codes import encode_phase, wrap
from tasks.assess.looks import FrameLooks
from tasks.assess.outcomes import Ending
from tasks.assess.rate_truth import (
    RateOutcome,
    rate_figures,
    read_rates,
    steady_rate_m,
    write_rates,
)
from tasks.assess.runs import RATES_ALONE, Case, judge_cases, judge_rates
from tasks.assess.truth_records import DatedEpisode, PlaceTruth
from tests.tasks.assess.evidence import day, network
from tests.tasks.assess.test_report import RULE

SIDE = 320
WINDOW = Window(Grid(10.0, 46.0, 0.001, 0.001, SIDE, SIDE), 0, 0, SIDE)
MM = 0.6


def outcome(number: int, said: float, true: float, deviation: float = 0.1) -> RateOutcome:
    ends = (said - 2 * deviation, said + 2 * deviation)
    rate = PlaceRate(
        "A", day(number), day(number - 9), said, deviation, 0.9, 46.0, 10.0, 4.0, *ends
    )
    return RateOutcome(rate, true)


def rising(number: int) -> PairTile:
    """A pair of neighbouring acquisitions over a place that rises by `MM` a day."""
    y, x = np.mgrid[:SIDE, :SIDE]
    bulge = np.exp(-((y - 170.0) ** 2 + (x - 150.0) ** 2) / (2 * 20.0**2))
    phase = wrap(-4 * math.pi / 0.0555 * MM * 1e-3 * 6 * bulge)
    pair = DatePair(day(number), day(number + 1))
    sure = np.full((SIDE, SIDE), 250, dtype=np.uint8)
    return PairTile(pair, encode_phase(phase.astype(np.float32), np.ones_like(sure, bool)), sure)


@pytest.fixture(scope="module")
def looks() -> FrameLooks:
    lots = [FrameLooks.of_tiles("A_1", WINDOW, [rising(number)]) for number in range(8)]
    return FrameLooks.joined("A_1", WINDOW, lots)


def test_an_acquisition_of_noise_tells_no_rate(looks: FrameLooks) -> None:
    noise = PairTile(
        DatePair(day(8), day(9)),
        np.random.default_rng(0).integers(1, 256, (SIDE, SIDE)).astype(np.uint8),
        np.full((SIDE, SIDE), 9, dtype=np.uint8),
    )
    more = FrameLooks.joined("A_1", WINDOW, [looks, FrameLooks.of_tiles("A_1", WINDOW, [noise])])
    assert more.usable == (*[True] * 8, False)
    assert more.rates(72) == looks.rates(72)


def test_the_rate_of_a_place_that_rises(looks: FrameLooks) -> None:
    rates = looks.rates(72)
    assert [rate.date for rate in rates] == [day(number) for number in range(4, 9)]
    for rate in rates:
        assert rate.track == "A"
        assert 0.6 * MM < rate.mm_per_day < MM  # of the summit; a place is a mean
        assert rate.latitude == pytest.approx(46.0 - 0.170, abs=0.006)
        assert rate.longitude == pytest.approx(10.0 + 0.150, abs=0.006)
        row, column = looks.cell_of(rate.latitude, rate.longitude)
        assert looks.coordinates(row, column) == (rate.latitude, rate.longitude)
    assert {rate.first for rate in looks.rates(24)} == {day(number) for number in range(5)}
    assert looks.rates(18) == ()


def test_cells_come_back_as_they_were_written(looks: FrameLooks, tmp_path: Path) -> None:
    looks.write(tmp_path / "looks.npz")
    read = FrameLooks.read(tmp_path / "looks.npz", "A_1", WINDOW)
    assert read.dates == looks.dates
    assert read.rates(72) == looks.rates(72)
    (tmp_path / "looks.npz").write_bytes(b"no archive")
    with pytest.raises(BadInputError, match=r"looks\.npz holds no pairs"):
        FrameLooks.read(tmp_path / "looks.npz", "A_1", WINDOW)


def test_rates_come_back_as_they_were_written(tmp_path: Path) -> None:
    rates = (outcome(9, 0.1, 0.3), outcome(10, 0.2, math.nan))
    write_rates(tmp_path / "rates.csv", rates)
    first, second = read_rates(tmp_path / "rates.csv")
    assert (first, second.rate) == (rates[0], rates[1].rate)
    assert math.isnan(second.true_mm_per_day)
    with pytest.raises(BadInputError, match="holds no rates"):
        read_rates(tmp_path / "none.csv")


def test_the_true_rate_is_that_of_the_same_pairs() -> None:
    def at(metres: float) -> np.ndarray:
        return np.full((2, 2), metres)

    steady = {day(k): at(0.006 * k) for k in range(4)}
    pairs = [(day(0), day(1)), (day(0), day(3)), (day(1), day(2))]
    assert steady_rate_m(pairs, steady, (1, 1)) == pytest.approx(0.001)
    step = {day(0): at(0.0), day(1): at(0.012), day(2): at(0.012)}
    both = [(day(0), day(1)), (day(1), day(2))]
    assert steady_rate_m(both, step, (0, 0)) == pytest.approx(0.001)


def test_what_rates_are_worth() -> None:
    figures = rate_figures(
        [
            outcome(9, 0.25, 0.0),
            outcome(10, 0.05, 0.0),
            outcome(11, 0.5, 0.6),
            outcome(12, -0.4, 0.5),
            outcome(13, 0.3, math.nan),
        ]
    )
    assert figures is not None
    assert (figures.resting, figures.resting_within, figures.moving) == (2, 1, 2)
    assert figures.resting_error_mm_per_day == pytest.approx(0.15)
    assert figures.moving_error_mm_per_day == pytest.approx(0.5)
    assert (figures.right_signs, figures.within) == (1, 1)
    assert rate_figures([outcome(9, 0.1, math.nan)]) is None


def test_slow_motion_is_found_by_rates_beside_a_method_and_alone() -> None:
    truth = PlaceTruth((DatedEpisode(day(10), day(20), "inflation"),))
    moving = tuple(outcome(k, 0.8 if 13 <= k <= 20 else 0.1, 0.0) for k in range(5, 40))
    case = Case("seed 1", tuple(network(40)), truth, moving)
    slow = SlowMotion(begin=5.0, end=3.5)
    assert judge_cases([case], RULE, 12).count(Ending.MISSED) == 1
    beside, alone = judge_cases([case], RULE, 12, slow), judge_rates([case], slow, 12)
    assert (beside.method, alone.method) == ("rule", RATES_ALONE)
    for summary in (beside, alone):
        assert summary.median_delay_acquisitions == 4  # the second date in a row
        assert summary.false_alarm_rate.events == 0
    unheard = Case("seed 1", (*network(13), *network(40)[-3:]), truth, moving)
    assert judge_rates([unheard], slow, 12).count(Ending.NOT_WATCHED) == 0
    assert judge_rates([unheard], slow, 12).count(Ending.MISSED) == 1


def test_watch_dates_are_counted_apart_from_false_alarms() -> None:
    truth = PlaceTruth((DatedEpisode(day(30), day(31), "dyke"),))
    once = tuple(outcome(k, 0.8 if k == 15 else 0.1, 0.0) for k in range(5, 40))
    case = Case("seed 1", tuple(network(40)), truth, once)
    summary = judge_rates([case], SlowMotion(), 12)
    assert (summary.watch_dates, summary.false_alarm_rate.events) == (1, 0)
    assert summary.watch_dates_per_year == pytest.approx(1 / summary.false_alarm_rate.years)
    other = Case("seed 2", tuple(network(40)), truth, once)
    both = judge_rates([case, other], SlowMotion(), 12)
    assert both.watch_dates == 2
    assert both.watch_dates_per_year == pytest.approx(summary.watch_dates_per_year)
