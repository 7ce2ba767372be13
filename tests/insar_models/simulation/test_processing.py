import datetime as dt

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.processing import (
    Processing,
    burst_layout,
    footprint_mask,
    missing_bursts,
)

GRID = GroundGrid(west=-0.25, north=0.25, step_degrees=0.005, width=100, height=100)
LAYOUT = burst_layout(GRID, LineOfSight(-12.0, 39.0), 1, "106A")
DATES = [dt.date(2020, 1, 1) + dt.timedelta(6 * number) for number in range(2_000)]
ALL_LAND = np.ones(GRID.shape, dtype=np.bool_)


def _mask(processing: Processing, is_land: np.ndarray = ALL_LAND) -> np.ndarray:
    return footprint_mask(processing, GRID, is_land, np.random.default_rng(0))


def test_without_a_footprint_everything_is_seen() -> None:
    assert _mask(Processing()).all()


def test_outside_of_the_footprint_there_is_no_data() -> None:
    west_half = ((-1.0, -1.0), (0.0, -1.0), (0.0, 1.0), (-1.0, 1.0))
    mask = _mask(Processing(footprint=west_half))
    assert mask[:, :50].all()
    assert not mask[:, 50:].any()


def test_sea_far_from_land_holds_no_data() -> None:
    is_land = np.zeros(GRID.shape, dtype=np.bool_)
    is_land[:, :20] = True
    mask = _mask(Processing(sea_margin_m=10_000.0), is_land)
    assert mask[:, :20].all()
    off_shore_m = (np.arange(100) - 19) * 556.0
    assert mask[:, (off_shore_m > 0) & (off_shore_m < 5_000)].all()
    assert not mask[:, off_shore_m > 15_000].any()
    between = mask[:, (off_shore_m > 9_000) & (off_shore_m < 11_000)]
    assert 0.3 < between.mean() < 0.7
    assert _mask(Processing(sea_margin_m=10_000.0), ~ALL_LAND).all()  # no land, no margin


def test_bursts_are_strips_across_the_flight() -> None:
    assert 3 <= LAYOUT.last - LAYOUT.first + 1 <= 5  # 55 km, and the turned corners
    rows = np.nonzero(np.diff(LAYOUT.numbers[:, 50]))[0]
    assert np.all(np.diff(rows) * GRID.spacing_m[0] == pytest.approx(20_440, rel=0.05))
    heading = np.radians(-12.0)
    numbers = LAYOUT.numbers.astype(float)
    along = np.diff(numbers, axis=0).mean() * -np.cos(heading)
    across = np.diff(numbers, axis=1).mean() * np.sin(heading)
    assert along > 0
    assert across > 0
    other = burst_layout(GRID, LineOfSight(-12.0, 39.0), 1, "128D")
    assert not np.array_equal(other.numbers, LAYOUT.numbers)


def test_some_dates_lack_bursts_at_one_end_and_never_all() -> None:
    missing = [missing_bursts(Processing(cut_share=0.2), LAYOUT, 1, "106A", day) for day in DATES]
    numbers = set(range(LAYOUT.first, LAYOUT.last + 1))
    cut = [set(bursts) for bursts in missing if bursts]
    assert len(cut) / len(DATES) == pytest.approx(0.2, abs=0.03)
    assert all(bursts < numbers for bursts in cut)
    assert all((LAYOUT.first in bursts) != (LAYOUT.last in bursts) for bursts in cut)
    assert missing == [
        missing_bursts(Processing(cut_share=0.2), LAYOUT, 1, "106A", day) for day in DATES
    ]


def test_without_a_share_no_date_lacks_any() -> None:
    assert not any(missing_bursts(Processing(), LAYOUT, 1, "", day) for day in DATES)


def test_a_scene_of_one_burst_is_never_cut() -> None:
    small = GroundGrid(0.0, 0.0, 0.001, 10, 10)
    layout = burst_layout(small, LineOfSight(-12.0, 39.0), 2, "")
    assert layout.first == layout.last
    assert not any(missing_bursts(Processing(cut_share=1.0), layout, 2, "", d) for d in DATES[:9])


@pytest.mark.parametrize(
    "wrong", [{"cut_share": 1.5}, {"filter_strength": -0.1}, {"sea_margin_m": -1.0}]
)
def test_impossible_processing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match=f"Processing: {next(iter(wrong))}"):
        Processing(**wrong)  # type: ignore[arg-type]  # none of these is an outline
