import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.ground import Ground, ground_fields
from insar_models.simulation.lava import NEVER, LavaFlow
from insar_models.simulation.terrain import GivenTerrain, Terrain
from tests.insar_models.simulation.small_scenes import GRID, MOUNTAIN

SQUARE = ((-91.6, -0.3), (-91.4, -0.3), (-91.4, -0.45), (-91.6, -0.45))
HILLS = Terrain(base_m=100.0, roughness_m=150.0)


def test_the_default_is_flat_dry_land() -> None:
    fields = ground_fields(Ground(), GRID, 0)
    assert fields.is_land.all()
    assert np.all(fields.heights_m == 0)
    assert fields.covered_on == ()


def test_land_below_the_sea_level_is_sea() -> None:
    fields = ground_fields(Ground(sea_level_m=0.0, terrain=HILLS), GRID, 1)
    assert 0.5 < fields.is_land.mean() < 0.95
    assert np.all(fields.heights_m[~fields.is_land] == 0)
    assert np.all(fields.heights_m[fields.is_land] > 0)
    assert ground_fields(Ground(terrain=HILLS), GRID, 1).is_land.all()


def test_a_coast_is_rough_and_the_land_rises_from_it() -> None:
    ground = Ground(coastline=SQUARE, terrain=Terrain(base_m=500.0))
    smooth = ground_fields(replace(ground, coast_roughness_degrees=0.0), GRID, 0)
    rough = ground_fields(ground, GRID, 0)
    expected = 0.2 * 0.15 / (0.36 * 0.33)
    assert smooth.is_land.mean() == pytest.approx(expected, rel=0.02)
    assert rough.is_land.mean() == pytest.approx(expected, rel=0.15)
    assert not np.array_equal(rough.is_land, smooth.is_land)
    row = smooth.heights_m[58]
    assert 0 < row[row > 0][0] < 100
    assert row.max() > 450


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_the_share_of_bare_land_is_kept(share: float) -> None:
    bareness = ground_fields(Ground(bare_share=share), GRID, 0).bareness
    assert np.mean(bareness > 0.5) == pytest.approx(share, abs=0.01)
    assert bareness.min() < 0.2
    assert bareness.max() > 0.8


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_land_can_be_all_of_one_kind(share: float) -> None:
    assert np.all(ground_fields(Ground(bare_share=share), GRID, 0).bareness == share)


def test_seeds_give_other_ground_and_the_same_seed_the_same() -> None:
    first = ground_fields(MOUNTAIN, GRID, 1)
    ground_fields.cache_clear()
    again, other = (ground_fields(MOUNTAIN, GRID, seed) for seed in (1, 2))
    assert np.array_equal(first.heights_m, again.heights_m)
    assert np.array_equal(first.bareness, again.bareness)
    assert not np.array_equal(first.is_land, other.is_land)
    assert not np.array_equal(first.bareness, other.bareness)


def test_lava_does_not_change_the_rest_of_the_ground() -> None:
    flow = LavaFlow(-91.52, -0.36, 20.0, dt.date(2024, 2, 1), dt.date(2024, 3, 1))
    with_lava = ground_fields(replace(MOUNTAIN, lava=(flow, flow)), GRID, 1)
    assert len(with_lava.covered_on) == 2
    assert np.any(with_lava.covered_on[0] != NEVER)
    assert np.array_equal(with_lava.heights_m, ground_fields(MOUNTAIN, GRID, 1).heights_m)


def test_fields_cannot_be_changed_by_their_user() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ground_fields(MOUNTAIN, GRID, 1).heights_m[0, 0] = 1.0


def test_given_heights_make_the_coast() -> None:
    heights = np.full(GRID.shape, -5.0, dtype=np.float32)
    heights[:, 60:] = 40.0
    fields = ground_fields(Ground(sea_level_m=0.0, terrain=GivenTerrain(heights)), GRID, 0)
    assert np.array_equal(fields.is_land, heights > 0)


@pytest.mark.parametrize("wrong", [{"bare_share": 1.1}, {"coast_roughness_degrees": -1.0}])
def test_impossible_ground_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="Ground"):
        Ground(**wrong)  # type: ignore[arg-type]  # none of these is an outline
