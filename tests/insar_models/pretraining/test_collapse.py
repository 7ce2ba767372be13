"""Measures of collapse, on clouds whose measures are known."""

import pytest

pytest.importorskip("torch")

import torch

from fringewatch.errors import BadInputError
from insar_models.pretraining.collapse import measure_collapse


def cloud(directions: int, dimension: int = 32, count: int = 4000) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    features = torch.zeros(count, dimension)
    features[:, :directions] = torch.randn(count, directions, generator=generator)
    return features


@pytest.mark.parametrize("directions", [2, 8, 32])
def test_directions_are_counted(directions: int) -> None:
    found = measure_collapse(cloud(directions))
    assert found.effective_rank == pytest.approx(directions, rel=0.01)
    assert found.spread == pytest.approx(1.0, abs=0.01)


def test_features_that_are_all_the_same() -> None:
    found = measure_collapse(torch.full((50, 8), 0.3))
    assert found.spread == pytest.approx(0.0, abs=1e-6)
    assert found.effective_rank == 0.0
    assert measure_collapse(torch.zeros(50, 8)).spread == 0.0


def test_almost_the_same() -> None:
    features = torch.ones(1000, 32) + 0.01 * cloud(32, count=1000)
    found = measure_collapse(features)
    assert found.spread == pytest.approx(0.01, rel=0.1)


def test_length_does_not_count() -> None:
    features = cloud(8, count=200)
    lengths = torch.rand(200, 1) + 0.1
    one, other = measure_collapse(features), measure_collapse(features * lengths)
    assert other.spread == pytest.approx(one.spread, rel=1e-4)
    assert other.effective_rank == pytest.approx(one.effective_rank, rel=1e-4)


def test_one_row_has_no_spread() -> None:
    with pytest.raises(BadInputError, match="at least 2 rows"):
        measure_collapse(torch.zeros(1, 8))
