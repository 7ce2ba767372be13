"""A flat region is a hole if its surroundings are not the phases next to its own."""

import numpy as np
import pytest
from numpy.typing import NDArray

from insar_models.quicklook.blank import blank_regions


def disc(radius: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:60, :60] - 30
    return np.asarray(rows**2 + columns**2 <= radius**2)


def field(phase_rad: float) -> NDArray[np.complex64]:
    return np.full((60, 60), np.exp(1j * phase_rad), dtype=np.complex64)


@pytest.mark.parametrize(("around", "is_hole"), [(0.0, False), (0.4, False), (0.7, True)])
def test_surroundings_decide(around: float, *, is_hole: bool) -> None:
    assert blank_regions(disc(6), field(around), 0.0).any() == is_hole


def test_a_hole_is_blank_as_a_whole_and_alone() -> None:
    np.testing.assert_array_equal(blank_regions(disc(6), field(2.0), 0.0), disc(6))


def test_the_blended_edge_does_not_count() -> None:
    around = field(2.0)
    around[disc(8)] = 1.0

    assert blank_regions(disc(6), around, 0.0).any()


def test_no_data_around_counts_as_strange() -> None:
    assert blank_regions(disc(6), np.zeros((60, 60), dtype=np.complex64), 0.0).any()


def test_a_thin_region_is_a_contour() -> None:
    thin = np.zeros((60, 60), dtype=bool)
    thin[28:32] = True

    assert not blank_regions(thin, field(2.0), 0.0).any()


def test_a_region_larger_than_phase_makes_them_is_blank() -> None:
    thin = np.zeros((60, 60), dtype=bool)
    thin[28:32] = True

    assert blank_regions(thin, field(0.0), 0.0, largest_natural=239).any()
    assert not blank_regions(thin, field(0.0), 0.0, largest_natural=240).any()


def test_a_picture_all_flat_is_blank() -> None:
    everything = np.ones((60, 60), dtype=bool)

    assert blank_regions(everything, field(0.0), 0.0).all()


def test_no_flat_pixel() -> None:
    assert not blank_regions(np.zeros((60, 60), dtype=bool), field(0.0), 0.0).any()
