from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.terrain import Cone, GivenTerrain, Terrain, terrain_heights_m

GRID = GroundGrid(west=-0.1, north=0.1, step_degrees=0.002, width=100, height=100)
CONE = Cone(0.0, 0.0, height_m=1_000.0, radius_m=8_000.0, crater_radius_m=1_000.0)


def _heights(terrain: Terrain | GivenTerrain, seed: int = 0) -> np.ndarray:
    return terrain_heights_m(terrain, GRID, np.random.default_rng(seed))


def test_the_default_is_flat() -> None:
    assert np.all(_heights(Terrain()) == 0)


def test_hills_have_the_roughness_and_the_mean_that_are_asked_for() -> None:
    heights = _heights(Terrain(base_m=300.0, roughness_m=80.0))
    assert heights.dtype == np.float32
    assert heights.mean() == pytest.approx(300.0, abs=0.1)
    assert heights.std() == pytest.approx(80.0, rel=1e-3)
    assert not np.array_equal(heights, _heights(Terrain(base_m=300.0, roughness_m=80.0), seed=1))


def test_a_cone_has_a_rim_a_crater_and_a_foot() -> None:
    heights = _heights(Terrain(cones=(CONE,)))
    middle = heights[50]  # from west to east through the crater
    distance_m = np.abs(np.arange(100) - 49.5) * 222.4
    assert heights.max() == pytest.approx(1_000.0, rel=0.05)
    assert middle[50] == pytest.approx(800.0)
    assert np.all(middle[distance_m > 8_100] == 0)
    flank = middle[(distance_m > 1_200) & (distance_m < 7_800)][:25]
    assert np.all(np.diff(flank) > 0)
    assert np.all(np.diff(np.diff(flank)) > 0)  # steeper near the top


def test_given_heights_are_taken_as_they_are_but_for_holes() -> None:
    given = np.arange(10_000, dtype=np.float32).reshape(100, 100)
    given[3, 4] = np.nan
    heights = _heights(GivenTerrain(given))
    assert heights[3, 4] == 0
    assert np.array_equal(heights[4:], given[4:])


def test_given_heights_of_another_grid_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"\(5, 5\).*\(100, 100\)"):
        _heights(GivenTerrain(np.zeros((5, 5), dtype=np.float32)))


@pytest.mark.parametrize("wrong", [{"roughness_m": -1.0}, {"exponent": 9.0}, {"base_m": np.inf}])
def test_impossible_hills_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="Terrain"):
        Terrain(**wrong)  # type: ignore[arg-type]  # none of these is the cones


@pytest.mark.parametrize(
    "wrong", [{"height_m": -5.0}, {"crater_radius_m": 9_000.0}, {"radius_m": 0.0}]
)
def test_an_impossible_cone_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="Cone"):
        replace(CONE, **wrong)
