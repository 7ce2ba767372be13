import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.rasters.grid import Grid, volcano_window
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


@given(st.floats(-0.49, 0.49), st.floats(-0.49, 0.49))
def test_less_than_half_a_pixel_snaps(rows: float, columns: float) -> None:
    moved = Grid(-92.4255 + columns * 0.001, 0.4871667 + rows * 0.001, 0.001, 0.001, 1840, 1913)
    assert moved.snaps_to(GALAPAGOS)


@pytest.mark.parametrize(
    "other",
    [
        Grid(-92.4255 + 0.00051, 0.4871667, 0.001, 0.001, 1840, 1913),
        Grid(-92.4255, 0.4871667 - 0.001, 0.001, 0.001, 1840, 1913),
        Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1912),
        Grid(-92.4255, 0.4871667, 0.001, 0.001, 1839, 1913),
        Grid(-92.4255, 0.4871667, 0.00100028, 0.001, 1840, 1913),
    ],
)
def test_half_a_pixel_or_another_size_does_not(other: Grid) -> None:
    assert not other.snaps_to(GALAPAGOS)


def test_noise_in_the_pixel_scale_does_not_matter() -> None:
    assert Grid(-92.4255, 0.4871667, 0.0009999999992, 0.001, 1840, 1913).snaps_to(GALAPAGOS)


def test_a_window_may_reach_over_the_edge_but_not_beyond_it() -> None:
    edge = volcano_window(GALAPAGOS, 0.4871667, -92.4255)
    assert (edge.row, edge.column) == (-250, -250)
    with pytest.raises(BadInputError, match="lies outside the frame's raster"):
        volcano_window(GALAPAGOS, 63.9, -22.3)


def test_a_frame_across_the_antimeridian() -> None:
    grid = Grid(178.0, 52.0, 0.001, 0.001, 3500, 2700)  # reaches 181.5 E
    window = volcano_window(grid, 51.0, -179.0)
    assert window.column == 3000 - 250
