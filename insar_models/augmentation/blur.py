"""More looks: a Gaussian mean of phasors, never of angles or bytes.

Products differ in how much they were averaged and filtered; the fringes are the same.
"""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np
import torch
from typing_extensions import override

from fringewatch.checked_fields import Limits, Share
from insar_models.augmentation.draws import Draws, Stream
from insar_models.augmentation.piece import Piece, Span, scale_of
from insar_models.encoders.inputs import Phasors

_REACH: Final = 2.0
"""Standard deviations at which the kernel ends; beyond lie 5 % of its weight."""


@dataclass(frozen=True, kw_only=True)
class Blur(Piece):
    """A Gaussian mean of the phasors that have data; pixels without stay without."""

    stream: ClassVar[Stream] = Stream.BLUR

    probability: Share = 0.3
    sigma_pixels: Annotated[Span, Limits(0.01)] = (0.4, 1.0)
    """Standard deviation of the kernel, between these two, at 224 x 224."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        scale = scale_of(phasors.field.shape[-1])
        sigma = draws.between(*self.sigma_pixels) * scale
        reach = max(1, math.ceil(_REACH * self.sigma_pixels[1] * scale))
        steps = np.arange(reach + 1)[:, None]
        weights = np.exp(-0.5 * (steps / sigma) ** 2)
        weights /= weights[0] + 2 * weights[1:].sum(axis=0)
        on_device = draws.to_device(weights.T).T
        parts = torch.cat([phasors.field, phasors.valid.float()], dim=1)
        for axis in (-2, -1):
            parts = _mean_along(parts, on_device, axis)
        # The share of the kernel that met data; a pixel with data has its own part at least.
        field = parts[:, :2] / parts[:, 2:].clamp_min(1e-6)
        return Phasors(field * phasors.valid, phasors.valid)


def _mean_along(parts: torch.Tensor, weights: torch.Tensor, axis: int) -> torch.Tensor:
    """Sum of shifted copies, each with its patch's weight; nothing lies beyond the edges."""
    size = parts.shape[axis]
    factors = weights.view(len(weights), -1, 1, 1, 1)
    mean = parts * factors[0]
    for step in range(1, min(len(weights), size)):
        near, far = parts.narrow(axis, 0, size - step), parts.narrow(axis, step, size - step)
        mean.narrow(axis, step, size - step).addcmul_(near, factors[step])
        mean.narrow(axis, 0, size - step).addcmul_(far, factors[step])
    return mean
