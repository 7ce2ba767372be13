"""Phasors at places between pixels: means of the up to four neighbours that have data."""

from typing import Final

import torch
from torch.nn import functional

from insar_models.encoders.inputs import Phasors

_ENOUGH: Final = 0.5
"""Of the bilinear weights that must lie on data for there to be data."""


def resampled(phasors: Phasors, places: tuple[torch.Tensor, torch.Tensor]) -> Phasors:
    """Return the phasors at places; where most of the neighbourhood is no data, so is the place.

    Means of phasors that disagree are shorter than 1, and never longer.

    Parameters
    ----------
    phasors
        Shape (n, 2, H, W).
    places
        Columns and rows, each (n, h, w); -1 and 1 are the outer edges of the patch.

    Returns
    -------
    Phasors
        Shape (n, 2, h, w).
    """
    parts = torch.cat([phasors.field, phasors.valid.to(phasors.field.dtype)], dim=1)
    grid = torch.stack(places, dim=-1)
    mean = functional.grid_sample(parts, grid, align_corners=False)
    weight = mean[:, 2:]
    valid = weight >= _ENOUGH
    field = mean[:, :2] / torch.where(valid, weight, 1.0)
    return Phasors(field * valid, valid)
