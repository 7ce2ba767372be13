"""A series of displacement: what a pair of it shows, and files that are none."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.rasters.grid import Grid
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M
from insar_models.phase.codes import decode_phase
from tasks.assess.rewrapped_series import DisplacementSeries, read_series
from tests.tasks.assess.displacement import (
    DATES,
    FRAME,
    NO_DATA,
    NORTH,
    WEST,
    series_arrays,
    write_series,
)

FIRST, SECOND = dt.date(2020, 1, 1), dt.date(2020, 1, 13)
LEVELS = st.integers(-32767, 32767)


def two_dates(before: list[int], after: list[int]) -> DisplacementSeries:
    steps = np.array([[before], [after]], dtype=np.int16)
    grid = Grid(WEST, NORTH, 0.001, 0.001, len(before), 1)
    return DisplacementSeries(FRAME, grid, (FIRST, SECOND), steps)


@given(before=LEVELS, after=LEVELS)
def test_phase_is_displacement_in_fringes_away_from_the_satellite(before: int, after: int) -> None:
    codes = two_dates([before], [after]).wrapped(DatePair(FIRST, SECOND))
    (phase,) = decode_phase(codes).ravel()
    expected = -2 * math.pi * (after - before) * 1e-4 / FRINGE_M
    assert abs(math.remainder(float(phase) - expected, 2 * math.pi)) < 0.0125


def test_ground_that_did_not_move_is_data_and_missing_ground_is_none() -> None:
    series = two_dates([7, NO_DATA, 7, NO_DATA], [7, 7, NO_DATA, NO_DATA])
    assert series.wrapped(DatePair(FIRST, SECOND)).tolist() == [[128, 0, 0, 0]]


def test_a_file_is_read_as_it_says(tmp_path: Path) -> None:
    series = read_series(write_series(tmp_path))
    assert series.frame == FRAME
    assert series.dates == tuple(dt.date.fromisoformat(day) for day in DATES)
    assert series.steps.shape == (5, 90, 100)
    grid = series.grid
    assert (grid.width, grid.height) == (100, 90)
    assert (grid.west, grid.north) == pytest.approx((WEST - 0.0005, NORTH + 0.0005))
    assert (grid.east, grid.south) == pytest.approx((WEST + 0.0995, NORTH - 0.0895))


def test_a_file_without_a_frame_in_its_name_goes_by_its_name(tmp_path: Path) -> None:
    other = write_series(tmp_path).rename(tmp_path / "somewhere.npz")
    assert read_series(other).frame == "somewhere"


LATS, LONS = series_arrays()["lats"], series_arrays()["lons"]
STEPS = series_arrays()["cum_1e4m"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"lons": None}, r"no array 'lons', only cum_1e4m, dates, lats"),
        ({"cum_1e4m": STEPS.astype(np.float32)}, r"cum_1e4m is float32"),
        ({"cum_1e4m": STEPS[0]}, r"shape \(90, 100\); expected int16"),
        ({"cum_1e4m": STEPS[:4]}, r"shape \(4, 90, 100\); dates, lats and lons say \(5, 90, 100\)"),
        ({"cum_1e4m": np.full_like(STEPS, NO_DATA)}, r"all no data \(-32768\)"),
        ({"dates": np.array(DATES[::-1])}, r"not in order of time: 2017-06-01 comes after 2017-06"),
        ({"dates": np.array([DATES[0], *DATES[:4]])}, r"not in order of time: 2016-12-01 comes"),
        ({"dates": np.array(["2016-13-01", *DATES[1:]])}, r"no date YYYY-MM-DD"),
        ({"dates": np.array(DATES[:1])}, r"holds 1 date\(s\)"),
        ({"lats": LATS[::-1]}, r"lats has steps of -0.001 to -0.001 degrees north to south"),
        ({"lats": NORTH - 0.002 * np.arange(90)}, r"lats has steps of 0.002 to 0.002"),
        ({"lons": LONS.round(2)}, r"lons has steps of 0 to 0.01 degrees west to east"),
        ({"lons": np.where(LONS > 40.7, np.nan, LONS)}, r"lons has steps"),
        ({"lons": np.array(["east"] * 100)}, r"lons is <U4"),
        ({"lats": LATS[:0]}, r"lats is float64 of shape \(0,\)"),
        ({"dates": np.array([{}])}, r"cannot be read"),
    ],
)
def test_a_wrong_array_is_named(other: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = write_series(tmp_path, **other)
    with pytest.raises(BadInputError, match=message) as refused:
        read_series(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_no_series_is_refused(tmp_path: Path) -> None:
    path = write_series(tmp_path)
    whole = path.read_bytes()
    for number, content in enumerate((b"", b"no zip", whole[:5000], whole[: len(whole) // 2])):
        bad = tmp_path / f"bad-{number}.npz"
        bad.write_bytes(content)
        with pytest.raises(BadInputError, match=r"bad-\d\.npz cannot be read"):
            read_series(bad)
    path.write_bytes(whole[:300] + b"\xff" * 40 + whole[340:])
    with pytest.raises(BadInputError, match="cannot be read"):
        read_series(path)
    with pytest.raises(BadInputError, match="cannot be read"):
        read_series(tmp_path / "absent.npz")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_series(tmp_path)
    np.save(tmp_path / "one.npy", LATS)
    with pytest.raises(BadInputError, match="holds one array"):
        read_series(tmp_path / "one.npy")
