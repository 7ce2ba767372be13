"""Whether an encoder still tells patches apart: one that maps all to one point has collapsed."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from fringewatch.errors import BadInputError
from insar_models.pretraining.losses import unit_rows

COLLAPSED_BELOW: Final = 0.05
"""Spread under which features are as good as one point (lightly's rule of thumb is near it)."""


@dataclass(frozen=True)
class Collapse:
    """Measures of a cloud of features; both fall when the features collapse."""

    spread: float
    """Standard deviation of the unit vectors, times the root of their dimension: 1 where they
    point everywhere alike, 0 where all point the same way."""
    effective_rank: float
    """How many directions they use: e to the entropy of the singular values' shares, after the
    mean was taken off. From 1 to the dimension; 0 where all are the same."""


@torch.no_grad()
def measure_collapse(features: Tensor) -> Collapse:
    """Return how far features (n, d) are from collapse; n at least 2, on any device.

    Raises
    ------
    BadInputError
        If there are fewer than two rows.
    """
    if features.ndim != 2 or len(features) < 2:  # noqa: PLR2004 - a spread needs two
        message = f"features of shape {tuple(features.shape)} have no spread: give at least 2 rows"
        raise BadInputError(message)
    centred = _centred(features)
    spread = _spread(centred)
    values = torch.linalg.svdvals(centred)
    values = values[values > values.max() * 1e-9]
    # Rounding alone leaves a spread of 1e-8 among features that are all the same.
    if not len(values) or float(spread) < 1e-6:  # noqa: PLR2004
        return Collapse(float(spread), 0.0)
    shares = values / values.sum()
    return Collapse(float(spread), float((-(shares * shares.log()).sum()).exp()))


@torch.no_grad()
def measure_spread(features: Tensor) -> float:
    """Return the spread alone: next to nothing beside a training step."""
    return float(_spread(_centred(features)))


def _centred(features: Tensor) -> Tensor:
    unit = unit_rows(features).double()
    return unit - unit.mean(dim=0)


def _spread(centred: Tensor) -> Tensor:
    spread: Tensor = centred.square().mean().sqrt() * centred.shape[1] ** 0.5
    return spread
