"""Regions of a patch with edges like those of nature: where a random field is high."""

import numpy as np
import torch
from numpy.typing import NDArray

from insar_models.augmentation.draws import Draws, spread
from insar_models.augmentation.turbulence import enlarged, random_field

_COARSE = 32
_STEEP = (-3.0, -3.0)
_ROUGHNESS = 0.15
"""Standard deviation of what makes a coast crooked, where the ground falls by 1 over a side."""


def blobs(draws: Draws, side: int, share: NDArray[np.float64]) -> torch.Tensor:
    """Return regions anywhere, bool (n, 1, side, side), that hold a share of each patch."""
    return _highest(random_field(draws, min(side, _COARSE), exponents=_STEEP), side, share, draws)


def coasts(draws: Draws, side: int, share: NDArray[np.float64]) -> torch.Tensor:
    """Return regions to one side of the patch, bool (n, 1, side, side), that hold a share."""
    coarse = min(side, _COARSE)
    direction = 2 * np.pi * draws.uniform(1)[0]
    across = torch.linspace(-0.5, 0.5, coarse, device=draws.device)
    lean = spread(draws.to_device(np.cos(direction))) * across
    lean = lean + spread(draws.to_device(np.sin(direction))) * across.view(-1, 1)
    field = random_field(draws, coarse, exponents=_STEEP).mul_(_ROUGHNESS).add_(lean)
    return _highest(field, side, share, draws)


def _highest(
    field: torch.Tensor, side: int, share: NDArray[np.float64], draws: Draws
) -> torch.Tensor:
    values = field.flatten(1).sort(dim=1).values
    place = np.floor((1.0 - share) * values.shape[1]).astype(np.int64)
    place = np.clip(place, 0, values.shape[1] - 1)
    threshold = values.gather(1, torch.from_numpy(place).to(draws.device)[:, None])
    return enlarged(field, side) >= spread(threshold)
