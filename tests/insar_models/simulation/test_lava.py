import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.lava import NEVER, LavaFlow, lava_coherence

GRID = GroundGrid(west=-0.1, north=0.1, step_degrees=0.001, width=200, height=200)
FLOW = LavaFlow(0.0, 0.0, 8.0, dt.date(2021, 3, 19), dt.date(2021, 6, 19), settling_days=60.0)
FLAT = np.zeros(GRID.shape, dtype=np.float32)


def test_a_flow_covers_its_area_and_no_more() -> None:
    covered = FLOW.covered_on(GRID, FLAT, FLAT)
    pixel_km2 = math.prod(GRID.spacing_m) / 1e6
    assert np.sum(covered != NEVER) * pixel_km2 == pytest.approx(8.0, rel=0.01)
    assert covered[100, 100] == dt.date(2021, 3, 20).toordinal()
    assert covered[covered != NEVER].max() == dt.date(2021, 6, 19).toordinal()


def test_it_grows_from_day_to_day() -> None:
    covered = FLOW.covered_on(GRID, FLAT, FLAT)
    areas = [np.sum(covered <= dt.date(2021, month, 19).toordinal()) for month in (3, 4, 5, 6)]
    assert areas[0] == 0
    assert np.all(np.diff(areas) > 100)


def test_lava_flows_downhill() -> None:
    slope = np.broadcast_to(np.linspace(600, 0, 200, dtype=np.float32), GRID.shape)
    columns = np.nonzero(FLOW.covered_on(GRID, slope, FLAT) != NEVER)[1]
    assert columns.mean() > 103


def test_a_flow_at_the_edge_of_the_grid_stays_near_its_vent() -> None:
    corner = replace(FLOW, longitude=0.5, latitude=0.5)
    assert np.all(corner.covered_on(GRID, FLAT, FLAT) == NEVER)


def test_pairs_across_the_eruption_lose_the_ground_and_later_ones_regain_it() -> None:
    day = dt.date(2021, 4, 1)
    covered = np.array([[day.toordinal(), NEVER]], dtype=np.int32)

    def left(first: int, second: int) -> list[float]:
        days = (day + dt.timedelta(number) for number in (first, second))
        return [round(float(value), 3) for value in lava_coherence(covered, 60.0, *days)[0]]

    assert left(-12, -1) == [1.0, 1.0]
    assert left(-1, 0) == [0.0, 1.0]  # covered by the secondary date
    assert left(-60, 60) == [0.0, 1.0]
    assert left(0, 12) == [0.0, 1.0]  # still hot
    assert left(60, 72)[0] == pytest.approx(1 - 1 / math.e, abs=1e-3)
    assert left(600, 612)[0] > 0.99


@pytest.mark.parametrize(
    "wrong", [{"stop": dt.date(2021, 3, 19)}, {"area_km2": 0.0}, {"settling_days": -1.0}]
)
def test_an_impossible_flow_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match="LavaFlow"):
        replace(FLOW, **wrong)  # type: ignore[arg-type]  # mixed on purpose
