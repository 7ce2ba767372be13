import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.rasters.grid import Grid, usual_longitude, volcano_window
from fringewatch.errors import BadInputError

GALAPAGOS = Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913)


@given(st.floats(-0.9, 0.2), st.floats(-92.1, -90.9))
def test_the_window_is_centred_to_half_a_pixel(latitude: float, longitude: float) -> None:
    window = volcano_window(GALAPAGOS, latitude, longitude)
    # 500 is even: the volcano lies on the corner of the four middle pixels, to half a pixel.
    assert abs(window.latitudes[249:251].mean() - latitude) <= 0.00051
    assert abs(window.longitudes[249:251].mean() - longitude) <= 0.00051
    assert np.allclose(np.diff(window.latitudes), -0.001)
    assert np.allclose(np.diff(window.longitudes), 0.001)


@pytest.mark.parametrize(("west", "other"), [(181.0, -179.0), (179.9, -180.1), (-180.0, 180.0)])
def test_the_antimeridian_has_two_names_and_is_one_place(west: float, other: float) -> None:
    grids = [Grid(start, 52.0, 0.001, 0.001, 620, 620) for start in (west, other)]
    windows = [volcano_window(grid, 51.69, west + 0.31) for grid in grids]
    assert windows[0].longitudes == pytest.approx(windows[1].longitudes, abs=1e-9)
    assert np.diff(windows[0].longitudes) == pytest.approx(0.001)
    assert -180 <= windows[0].longitudes[250] < 180


@given(st.floats(-1000, 1000))
def test_a_longitude_in_a_table_is_from_minus_180_to_below_180(degrees: float) -> None:
    usual = usual_longitude(degrees)
    assert -180 <= usual <= 180
    assert np.sin(np.radians(usual - degrees) / 2) == pytest.approx(0, abs=1e-9)


def test_a_window_may_reach_over_the_edge_but_not_beyond_it() -> None:
    edge = volcano_window(GALAPAGOS, 0.4871667, -92.4255)
    assert (edge.row, edge.column) == (-250, -250)
    with pytest.raises(BadInputError, match="lies outside the frame's raster"):
        volcano_window(GALAPAGOS, 63.9, -22.3)


def test_a_frame_across_the_antimeridian() -> None:
    grid = Grid(178.0, 52.0, 0.001, 0.001, 3500, 2700)  # reaches 181.5 E
    window = volcano_window(grid, 51.0, -179.0)
    assert window.column == 3000 - 250
