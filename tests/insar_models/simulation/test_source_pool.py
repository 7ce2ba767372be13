from typing import Any

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import LineOfSight
from insar_models.simulation.random_sources import SourceKind
from insar_models.simulation.source_pool import SourcePool, _centred_field, _View, make_pool
from insar_models.simulation.sources import Mogi

SIZE = 48
COUNT = 60


@pytest.fixture(scope="module")
def pool() -> SourcePool:
    return make_pool(COUNT, 5, size=SIZE, spacing_m=(210.0, 860.0))


def test_a_pool_holds_what_was_asked_for(pool: SourcePool) -> None:
    assert len(pool) == COUNT
    assert pool.fields.shape == (COUNT, SIZE, SIZE)
    assert pool.fields.dtype == np.float16
    assert np.isfinite(pool.fields).all()
    assert [int((pool.kind == kind).sum()) for kind in SourceKind] == [COUNT // 3] * 3
    for each in (pool.spacing_m, pool.latitude, pool.incidence_degrees, pool.ascending):
        assert each.shape == (COUNT,)


def test_every_field_has_a_peak_of_one_near_its_middle(pool: SourcePool) -> None:
    sizes = np.abs(pool.fields.astype(np.float64))
    np.testing.assert_array_equal(sizes.max(axis=(1, 2)), 1.0)
    for size in sizes:
        peak = np.array(np.unravel_index(int(size.argmax()), size.shape))
        assert np.abs(peak - (SIZE - 1) / 2).max() <= 0.15 * SIZE + 4


def test_the_extent_is_the_longer_side_of_the_footprint(pool: SourcePool) -> None:
    for index in range(COUNT):
        rows, columns = np.nonzero(np.abs(pool.fields[index]) > 0.5)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert pool.extent_pixels[index] == longer
        assert 4 <= longer <= 0.7 * SIZE
        assert pool.footprint(index).sum() == len(rows)


def test_a_peak_lies_where_it_was_asked_for() -> None:
    # Deep, and so seen far from the place above the source.
    view = _View(64.0, 300.0, 112, LineOfSight(-10.0, 45.0))
    field = _centred_field(Mogi(0.0, 64.0, 5_000.0, 1e6), view, np.array([12.0, -15.0]))
    assert field is not None
    row, column = np.unravel_index(int(np.abs(field).argmax()), field.shape)
    assert row == pytest.approx(55.5 + 12, abs=3)
    assert column == pytest.approx(55.5 - 15, abs=3)


def test_a_peak_far_from_the_middle_is_left_out() -> None:
    # As happens where the first look misses a narrow peak and centres another one.
    view = _View(64.0, 300.0, 112, LineOfSight(-10.0, 45.0))
    source = Mogi(0.0, 64.0, 2_000.0, 1e6)
    assert _centred_field(source, view, np.array([10.0, 0.0])) is not None
    assert _centred_field(source, view, np.array([40.0, 0.0])) is None


def test_inflation_comes_nearer_to_the_satellite(pool: SourcePool) -> None:
    for kind in (SourceKind.MOGI, SourceKind.SILL):
        np.testing.assert_array_equal(pool.fields[pool.kind == kind].min(axis=(1, 2)), -1.0)


def test_views_are_those_of_sentinel_1(pool: SourcePool) -> None:
    assert 0.2 < pool.ascending.mean() < 0.8
    assert pool.incidence_degrees.min() >= 29
    assert pool.incidence_degrees.max() <= 46
    assert np.ptp(pool.incidence_degrees) > 10
    assert pool.spacing_m.min() >= 209.99
    assert pool.spacing_m.max() <= 860.01
    assert pool.spacing_m.max() > 2 * pool.spacing_m.min()


def test_a_point_shifts_towards_the_satellite(pool: SourcePool) -> None:
    # Ground to the west of a point moves west, nearer to a satellite that stands in the west, as
    # it does on ascending passes: there the field falls off more slowly to the west.
    for index in np.flatnonzero(pool.kind == SourceKind.MOGI):
        field = -pool.fields[index].astype(np.float64)
        _, peak = np.unravel_index(int(field.argmax()), field.shape)
        reach = min(int(peak), SIZE - 1 - int(peak))
        west, east = (field[:, int(peak) + way * reach].max() for way in (-1, 1))
        assert (west > east) == pool.ascending[index]


def test_a_pool_depends_on_its_seed_alone(pool: SourcePool) -> None:
    shorter = make_pool(4, 5, size=SIZE, spacing_m=(210.0, 860.0))
    np.testing.assert_array_equal(shorter.fields, pool.fields[:4])
    np.testing.assert_array_equal(shorter.latitude, pool.latitude[:4])
    other = make_pool(4, 6, size=SIZE, spacing_m=(210.0, 860.0))
    assert not np.array_equal(other.fields, shorter.fields)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "a pool of 0 fields"),
        ({"seed": -1}, "from seed -1"),
        ({"size": 8}, "fields of 8 pixels"),
        ({"spacing_m": (0.0, 90.0)}, r"spacing_m=\(0.0, 90.0\)"),
        ({"spacing_m": (300.0, 90.0)}, r"spacing_m=\(300.0, 90.0\)"),
        ({"spacing_m": (float("nan"), 90.0)}, r"spacing_m=\(nan, 90.0\)"),
        ({"spacing_m": (90.0, float("inf"))}, r"spacing_m=\(90.0, inf\)"),
        ({"size": 16, "spacing_m": (1e5, 1e5)}, "no mogi fits a patch of 16 pixels of 100000"),
    ],
)
def test_an_impossible_pool_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        make_pool(**{"count": 3, "seed": 0, **arguments})
