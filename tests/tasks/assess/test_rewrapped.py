"""Pairs of a series, scored in the volcano's window, and a trial against the truth."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from catalogs.records import DatePair
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from insar_models.onset.rule import Rule
from insar_models.onset.scored_pair import evidence_of
from tasks.assess.rewrapped import RewrappedPairs, volcano_of
from tasks.assess.rewrapped_series import read_series
from tasks.assess.rewrapped_trial import rewrapped_trial
from tasks.assess.runs import judge_cases
from tasks.assess.truth import read_truth
from tasks.judge.models import model_of
from tests.tasks.assess.displacement import (
    NO_DATA,
    NORTH,
    ONSET,
    TRUTH,
    WEST,
    StandIn,
    series_arrays,
    write_series,
)


def pairs_in(folder: Path) -> RewrappedPairs:
    return RewrappedPairs(read_series(write_series(folder)), find_volcano("erta-ale"))


def test_pairs_of_one_two_and_three_acquisitions_cross_gaps(tmp_path: Path) -> None:
    pairs = pairs_in(tmp_path).pairs
    assert len(pairs) == 4 + 3 + 2
    assert DatePair(dt.date(2017, 1, 6), dt.date(2017, 6, 1)) in pairs
    assert DatePair(dt.date(2016, 12, 13), dt.date(2017, 6, 13)) in pairs
    assert list(pairs) == sorted(pairs)


def test_the_window_holds_the_series_where_it_lies_and_nothing_else(tmp_path: Path) -> None:
    wanted = pairs_in(tmp_path)
    pair, window = wanted.pairs[0], wanted.window
    phase = wanted.phase(pair)
    assert phase.shape == (500, 500)
    assert np.count_nonzero(phase) == 90 * 100
    rows, columns = np.nonzero(phase)
    assert window.latitudes[rows[0]] == pytest.approx(NORTH)
    assert window.longitudes[columns[0]] == pytest.approx(WEST)
    inside = phase[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert np.array_equal(inside, wanted.series.wrapped(pair))


def test_pairs_over_the_motion_score_high_and_say_where(tmp_path: Path) -> None:
    scored = pairs_in(tmp_path).scored(StandIn())
    assert [item.pair for item in scored] == list(pairs_in(tmp_path).pairs)
    over = {item.pair for item in scored if item.pair.primary < ONSET < item.pair.secondary}
    assert len(over) == 5
    assert {item.pair for item in scored if item.evidence.positive} == over
    for item in scored:
        assert item.evidence.frame == "014A_07688_131313"
        score = item.evidence.logit + StandIn.threshold
        dates = (item.pair.primary, item.pair.secondary)
        same = evidence_of(item.evidence.frame, dates, score, StandIn())
        assert same.probability == pytest.approx(item.evidence.probability)
        assert (same.probability >= 0.5) == item.evidence.positive
        if item.evidence.positive:
            assert NORTH - 0.09 < item.latitude <= NORTH
            assert WEST <= item.longitude < WEST + 0.1


def test_a_date_without_data_has_no_score(tmp_path: Path) -> None:
    steps = series_arrays()["cum_1e4m"]
    steps[1] = NO_DATA
    series = read_series(write_series(tmp_path, cum_1e4m=steps))
    scored = RewrappedPairs(series, find_volcano("erta-ale")).scored(StandIn())
    blank = {item.pair for item in scored if not item.evidence.scored}
    assert blank == {item.pair for item in scored if series.dates[1] in vars(item.pair).values()}
    assert len(blank) == 4


def test_the_volcano_is_the_nearest_or_the_named_one(tmp_path: Path) -> None:
    series = read_series(write_series(tmp_path))
    assert volcano_of(series).slug == "erta-ale"
    assert volcano_of(series, "Erta Ale").slug == "erta-ale"
    with pytest.raises(BadInputError, match="etna lies not inside of the displacement of 014A"):
        volcano_of(series, "etna")
    with pytest.raises(BadInputError, match="olympus mons"):
        volcano_of(series, "olympus mons")
    lons = series_arrays()["lons"] + 90
    with pytest.raises(BadInputError, match="no volcano of the catalogue lies inside"):
        volcano_of(read_series(write_series(tmp_path, lons=lons)))


def test_of_two_volcanoes_the_one_in_the_middle_is_taken(tmp_path: Path) -> None:
    lats, lons = 13.58 - 0.001 * np.arange(90), 40.62 + 0.001 * np.arange(120)
    steps = np.zeros((5, 90, 120), dtype=np.int16)
    series = read_series(write_series(tmp_path, lats=lats, lons=lons, cum_1e4m=steps))
    assert volcano_of(series, "ale-bagu").slug == "ale-bagu"
    assert volcano_of(series).slug == "hayli-gubbi"


def test_a_trial_finds_the_motion_at_the_first_acquisition(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH)
    truth = read_truth(tmp_path / "truth.csv")
    trial = rewrapped_trial(write_series(tmp_path), truth, StandIn())
    summary = judge_cases([trial.case], Rule(), 48)
    (outcome,) = summary.episodes
    assert (outcome.delay_days, outcome.delay_acquisitions) == (17, 0)
    assert "not LiCSAR products" in trial.case.name
    (alarm,) = trial.alarms(Rule(), 48)
    assert alarm.date == dt.date(2017, 1, 6)
    assert alarm.words == "in the episode, day 17, acquisition 1"


def test_the_truth_of_another_volcano_is_refused_before_anything_is_scored(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH.replace("erta-ale", "etna"))
    truth = read_truth(tmp_path / "truth.csv")
    with pytest.raises(BadInputError, match=r"truth of etna; the detections are of 'erta-ale'"):
        rewrapped_trial(write_series(tmp_path), truth, None)  # type: ignore[arg-type]


def test_the_eruption_of_2017_in_the_real_series(shared_data: Path) -> None:
    (path,) = (shared_data / "erta_ale").glob("*.npz")
    series = read_series(path)
    pairs = RewrappedPairs(series, volcano_of(series))
    assert (pairs.volcano.slug, series.frame) == ("erta-ale", "014A_07688_131313")
    assert (len(series.dates), len(pairs.pairs)) == (219, 218 + 217 + 216)
    before, first, second = (
        dt.date(2016, 12, 18), dt.date(2017, 1, 11), dt.date(2017, 2, 4)
    )  # fmt: skip
    model = model_of(Settings(model="baseline-0"))
    few = [series.dates.index(day) for day in (before, first, second)]
    part = type(series)(series.frame, series.grid, (before, first, second), series.steps[few])
    scored = {item.pair: item for item in RewrappedPairs(part, pairs.volcano).scored(model)}
    eruption = scored[DatePair(first, second)]
    assert eruption.evidence.logit > scored[DatePair(before, first)].evidence.logit + 2
    assert eruption.latitude == pytest.approx(13.59, abs=0.04)
    assert eruption.longitude == pytest.approx(40.68, abs=0.04)
