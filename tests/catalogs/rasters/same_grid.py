"""Two grids that are one, but for the last digits of what a file says."""

from dataclasses import astuple

import pytest

from catalogs.rasters.grid import Grid


def assert_same_grid(one: Grid, other: Grid) -> None:
    assert astuple(one) == pytest.approx(astuple(other), abs=1e-7)
