"""Rates of a cube's places: found once for each date, kept in the ledger, shown in the table."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.measures import DateMeasure
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from catalogs.tables import DATES, read_table
from fringewatch.numbers import FRINGE_M
from insar_models.phase.codes import wrap
from tasks.judge.cube_windows import CubeWindows, Episode
from tasks.judge.detect import with_slow_motion
from tasks.judge.rates import measure_frame, place_rates
from tasks.review.give import give_review, take_back
from tasks.status.headline import headline_of
from tasks.watch import parse_request, watch_volcano
from tests.portal.rasters import RasterForm, write_pair
from tests.portal.trees import pair_folder
from tests.scenes import FRAME, SIDE, TRANSFORM, write_scene
from tests.storage import folder_of

pytestmark = pytest.mark.usefixtures("undrawn")  # but what the runs of a test begin with is drawn

REQUEST = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 6, 30), [str(FRAME)])
PART = REQUEST.of_frame(FRAME)
FIRST = dt.date(2024, 1, 6)
RATE_MM = 0.8
LAST = 7
"""Number of the newest acquisition."""
ROW, COLUMN = 300, 250
"""Where the ground rises, in the scene."""


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=12 * number)


def write(tree: Path, first: int, last: int) -> None:
    """A pair in which a place comes towards the satellite, and the air of each date is a slope."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    bulge = np.exp(-((y - ROW) ** 2 + (x - COLUMN) ** 2) / (2 * 22.0**2))
    moved_m = RATE_MM * 1e-3 * 12 * (last - first) * bulge
    air = {
        k: 3.0 * np.random.default_rng(k).normal() * x / SIDE
        + np.sin(6 * y / SIDE + 3 * k) * np.cos(7 * x / SIDE + 5 * k)
        for k in (first, last)
    }
    noise = np.random.default_rng(100 * first + last).normal(0, 0.3, (SIDE, SIDE))
    phase = wrap(-2 * np.pi / FRINGE_M * moved_m + air[last] - air[first] + noise)
    write_scene(tree, f"{day(first):%Y%m%d}_{day(last):%Y%m%d}", phase)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("rates")
    tree = folder / "tree"
    for last in range(1, LAST + 1):
        for first in range(max(0, last - 2), last):
            write(tree, first, last)
    settings = Settings(
        home=folder / "home", portal=(str(tree),), workers=1, model="baseline-0", slow_deviations=4
    )
    watch_volcano(REQUEST, settings)
    return settings


@pytest.fixture
def settings(made: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(made.home, tmp_path / "home")
    shutil.copytree(made.portal[0], tmp_path / "tree")
    return made.model_copy(
        update={"home": tmp_path / "home", "portal": (str(tmp_path / "tree"),)}
    )  # fmt: skip


def measures(settings: Settings) -> tuple[DateMeasure, ...]:
    with open_ledger(home_of(settings).ledger) as ledger:
        return ledger.measures("fernandina")[FRAME]


def test_a_rising_place_is_in_the_table_with_its_rate_place_and_interval(
    settings: Settings,
) -> None:
    folder = home_of(settings).detections("fernandina")
    table = read_table(DATES, folder).set_index("date")
    assert table["rate_mm_per_day"].isna().tolist() == [True] * 3 + [False] * 4
    last = table.loc[day(LAST)]
    assert 0.4 < last["rate_mm_per_day"] < RATE_MM
    assert last["rate_low"] < last["rate_mm_per_day"] < last["rate_high"]
    assert last["rate_coherence"] > 0.7
    assert last["rate_first"] == day(1)
    assert last["rate_latitude"] == pytest.approx(-0.11 - ROW / 1000, abs=0.015)
    assert last["rate_longitude"] == pytest.approx(-91.81 + COLUMN / 1000, abs=0.015)
    assert 0 <= last["air_disturbed"] < 0.5
    assert (folder_of(folder) / "rates.png").stat().st_size > 10_000
    assert last["state"] == "unrest"
    assert "mm a day" in last["because"]
    assert last["displacement_low_mm"] < last["displacement_mm"] < last["displacement_high_mm"]
    assert last["displacement_latitude"] == pytest.approx(-0.11 - ROW / 1000, abs=0.02)
    assert last["displacement_longitude"] == pytest.approx(-91.81 + COLUMN / 1000, abs=0.02)
    since: Any = last["since"]
    assert last["displacement_first"] < since
    assert (last["tracks_for"], last["tracks_against"]) == ("128D", "")
    assert last["rate_deviations"] > 4
    assert last["slow_dates"] >= 2
    assert last["slow_since"] == since
    assert table["slow_dates"].iloc[0] == 0
    days = (day(LAST) - since).days
    assert 0.3 * RATE_MM * days < last["displacement_mm"] < 2 * RATE_MM * (days + 12)


def test_rates_change_no_state_where_the_settings_say_so(settings: Settings) -> None:
    folder = home_of(settings).detections("fernandina")
    alone = settings.model_copy(update={"slow_deviations": 0.0})
    watch_volcano(REQUEST, alone)
    table = read_table(DATES, folder)
    assert not table["because"].str.contains("mm a day").any()
    assert table["rate_mm_per_day"].notna().sum() == 4
    assert with_slow_motion([], {}, (), alone) == ()


def test_what_was_found_is_not_found_again_until_its_pairs_change(settings: Settings) -> None:
    before = measures(settings)
    with open_ledger(home_of(settings).ledger) as ledger:
        spoilt = [
            DateMeasure(one.date, None, one.made_from, motion_mm=9.0)
            for one in before
            if one.since is None
        ]
        ledger.record_measures("fernandina", FRAME, spoilt)
    measure_frame(PART, settings)
    assert {one.motion_mm for one in measures(settings) if one.since is None} == {9.0}

    write(Path(settings.portal[0]), LAST - 2, LAST + 1)
    watch_volcano(REQUEST, settings)
    found = {one.date: one.motion_mm for one in measures(settings) if one.since is None}
    assert found[day(LAST)] == 9.0
    assert found[day(LAST + 1)] != 9.0


def test_a_pair_that_a_person_called_air_tells_no_rate(settings: Settings) -> None:
    before = {one.date: one for one in measures(settings) if one.since is None}
    said = Statement(f"{day(5):%Y%m%d}_{day(6):%Y%m%d}", ReviewVerdict.ATMOSPHERE, "NS")
    given = give_review(REQUEST.volcano, said, settings)
    assert len(given.review.statement.pairs) == 1
    after = {one.date: one for one in measures(settings) if one.since is None}
    assert after.keys() == before.keys()
    changed = {date for date in after if after[date] != before[date]}
    assert changed == {day(6), day(7)}
    assert {before[date].pairs - after[date].pairs for date in changed} == {1}
    table = read_table(DATES, home_of(settings).detections("fernandina")).set_index("date")
    told: Any = table["rate_mm_per_day"]
    assert told[day(LAST)] == pytest.approx(after[day(LAST)].motion_mm, abs=1e-3)
    take_back(REQUEST.volcano, said.subject, "NS", "", settings)
    assert {one.date: one for one in measures(settings) if one.since is None} == before


def test_a_nightly_run_and_a_backfill_say_the_same(settings: Settings, tmp_path: Path) -> None:
    nightly = settings.model_copy(update={"home": tmp_path / "nightly"})
    for last in (day(2), day(5), day(LAST)):
        request = parse_request("fernandina", dt.date(2024, 1, 1), last, [str(FRAME)])
        watch_volcano(request, nightly)
    assert measures(nightly) == measures(settings)


def test_without_days_there_are_no_rates(settings: Settings) -> None:
    without = settings.model_copy(update={"rate_days": 0})
    watch_volcano(REQUEST, without)
    with open_ledger(home_of(without).ledger) as ledger:
        assert ledger.measures("fernandina") == {}
    table = read_table(DATES, home_of(without).detections("fernandina"))
    assert table["rate_mm_per_day"].isna().all()


def test_a_cube_that_does_not_give_a_pair_costs_its_dates_and_says_so(settings: Settings) -> None:
    cube = folder_of(home_of(settings).cube("fernandina", FRAME))
    with open_ledger(home_of(settings).ledger) as ledger:
        keys = [(one.date, one.since) for one in ledger.measures("fernandina")[FRAME]]
        ledger.forget_measures("fernandina", FRAME, keys)
        ledger_pairs = sorted(ledger.pairs_as_corrected("fernandina", FRAME))
    number = len(ledger_pairs) - 1  # any that ends late
    (cube / "phase" / "c" / str(number) / "0" / "0").write_bytes(b"no chunk")
    report = measure_frame(PART, settings)
    assert report.problems
    assert all("fringewatch verify" in problem.reason for problem in report.problems)
    assert any(one.motion_mm is not None for one in measures(settings))


def test_pairs_that_are_noise_make_no_acquisition_of_a_rate(settings: Settings) -> None:
    before = measures(settings)
    noise = np.random.default_rng(5).uniform(-3, 3, (SIDE, SIDE)).astype(np.float32)
    for first in (LAST - 1, LAST):
        pair = DatePair(day(first), day(LAST + 1))
        folder = pair_folder(Path(settings.portal[0]), FRAME, pair)
        lost = np.full((SIDE, SIDE), 5, np.uint8)
        write_pair(folder, pair, noise, lost, RasterForm(TRANSFORM))
    watch_volcano(REQUEST, settings)
    last = read_table(DATES, home_of(settings).detections("fernandina")).iloc[-1]
    assert (last["date"], last["state"]) == (day(LAST + 1), "no data")
    assert np.isnan([last["rate_mm_per_day"], last["displacement_mm"]]).all()
    with open_ledger(home_of(settings).ledger) as ledger:
        assert len(ledger.unusable_pairs("fernandina", FRAME)) == 2
    assert measures(settings) == before


def test_a_displacement_rests_on_five_acquisitions(settings: Settings) -> None:
    with open_ledger(home_of(settings).ledger) as ledger:
        pairs = ledger.pairs_as_corrected("fernandina", FRAME)
        windows = CubeWindows.open(ledger, "fernandina", FRAME, settings)
    for begin, is_told in ((LAST - 4, True), (LAST - 3, False)):
        since = day(begin) + dt.timedelta(days=1)
        used = windows.pairs_between(pairs, day(begin), day(LAST))
        found = windows.displacement(day(LAST), Episode(since, is_seen=False), used, "x")
        assert found.first == day(begin)
        assert (found.motion_mm is not None) == is_told


def test_a_place_is_picked_only_where_no_pair_says_that_the_ground_moves(
    settings: Settings,
) -> None:
    with open_ledger(home_of(settings).ledger) as ledger:
        pairs = ledger.pairs_as_corrected("fernandina", FRAME)
        windows = CubeWindows.open(ledger, "fernandina", FRAME, settings)
    used = windows.pairs_between(pairs, day(LAST - 4), day(LAST))
    since = day(LAST - 4) + dt.timedelta(days=1)
    by_rate, by_pairs = (
        windows.displacement(day(LAST), Episode(since, is_seen=is_seen), used, "x")
        for is_seen in (False, True)
    )
    assert by_rate.motion_mm == by_pairs.motion_mm is not None
    assert by_rate.low_mm is not None
    assert by_pairs.low_mm is not None
    assert by_rate.low_mm < by_pairs.low_mm
    assert by_rate.high_mm == by_pairs.high_mm


def test_status_says_how_sure_slow_unrest_is(settings: Settings) -> None:
    with open_ledger(home_of(settings).ledger) as ledger:
        said = headline_of(ledger, "fernandina", settings, day(LAST))
        alone = settings.model_copy(update={"slow_deviations": 0.0})
        without = headline_of(ledger, "fernandina", alone, day(LAST))
    assert ", by its rate, " in said
    assert "probability" not in said
    assert "probability" in without


def test_rates_of_two_frames_of_a_track_are_one_witness() -> None:
    def one(deviation: float) -> DateMeasure:
        return DateMeasure(day(3), None, "x", day(0), 9, 0.5, deviation, 0.9, -0.4, -91.5)

    other = FrameId.parse("128D_09016_110501")
    (rate,) = place_rates({FRAME: (one(0.2),), other: (one(0.1),)})
    assert (rate.track, rate.deviation_mm_per_day) == ("128D", 0.1)
    silent = DateMeasure(day(3), None, "x", pairs=1)
    assert place_rates({FRAME: (silent,)}) == []
