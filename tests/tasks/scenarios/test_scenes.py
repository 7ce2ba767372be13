"""The scene of a shipped scenario: land where there is land, and a frame that sees its volcano."""

from dataclasses import replace

import pytest

from insar_models.simulation import Scene
from insar_models.simulation.geometry import GroundGrid
from tasks.scenarios.scenario_file import read_scenario
from tasks.scenarios.scenes import scene_of

# The whole scene on pixels five times as large.
COARSE = GroundGrid(west=-22.6205, north=64.2051667, step_degrees=0.005, width=140, height=124)


@pytest.fixture(scope="module")
def demo() -> Scene:
    scenario = read_scenario("demo")
    (frame,) = scenario.frames
    return replace(scene_of(scenario, frame), grid=COARSE)


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "is_land"),
    [
        ("Fagradalsfjall", -22.27, 63.895, True),
        ("Keilir", -22.172, 63.942, True),
        ("Svartsengi", -22.43, 63.88, True),
        ("Faxafloi", -22.40, 64.10, False),
        ("the open sea in the south", -22.30, 63.75, False),
    ],
)
def test_places_of_reykjanes_are_land_or_sea(
    demo: Scene, name: str, longitude: float, latitude: float, *, is_land: bool
) -> None:
    row = int((COARSE.north - latitude) / COARSE.step_degrees)
    column = int((longitude - COARSE.west) / COARSE.step_degrees)
    assert bool(demo.is_land[row, column]) is is_land, name


def test_the_footprint_leaves_out_corners_alone(demo: Scene) -> None:
    assert 0.02 < 1 - demo.is_seen.mean() < 0.15
    assert demo.is_seen[50:75, 50:90].all()
