"""Where a radar sees nothing of the ground: pasted into patches of either class.

In the published images water and decorrelated ground go along with the label, so a model can learn
them instead of the fringes. Pasted into all, they tell nothing.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from typing_extensions import override

from fringewatch.checked_fields import Limits, Share
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.piece import Piece, Shares
from insar_models.augmentation.regions import blobs, coasts
from insar_models.encoders.inputs import Phasors


@dataclass(frozen=True, kw_only=True)
class Incoherence(Piece):
    """Random phase in regions anywhere: vegetation, snow, fresh lava."""

    stream: ClassVar[Stream] = Stream.INCOHERENCE

    probability: Share = 0.2
    share: Shares = (0.03, 0.25)
    """Of the patch, between these two."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        side = phasors.field.shape[-1]
        region = blobs(draws, side, draws.between(*self.share))
        return with_random_phase(phasors, region, draws)


@dataclass(frozen=True, kw_only=True)
class Sea(Piece):
    """Water to one side: no data, or the random phase of products that are not masked."""

    stream: ClassVar[Stream] = Stream.SEA

    probability: Share = 0.2
    share: Shares = (0.05, 0.35)
    """Of the patch, between these two."""
    masked: Share = 0.5
    """How often the water is no data."""
    least_kept: Share = 0.4
    """Of the pixels with data that must be left; else the patch stays as it is."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        side = phasors.field.shape[-1]
        region = coasts(draws, side, draws.between(*self.share, place=1))
        region &= _leaves(region, phasors.valid, self.least_kept)
        masked = spread(draws.to_device(draws.uniform(3)[2] < self.masked))
        speckled = with_random_phase(phasors, region & ~masked, draws)
        valid = speckled.valid & ~(region & masked)
        return Phasors(speckled.field * valid, valid)


@dataclass(frozen=True, kw_only=True)
class Cutout(Piece):
    """Squares without data, so that a view cannot hang on one place."""

    stream: ClassVar[Stream] = Stream.CUTOUT

    probability: Share = 0.3
    most: Annotated[int, Limits(1, 100)] = 3
    """Squares; at least one, all numbers alike likely."""
    side_share: Shares = (0.05, 0.2)
    """Of the patch's side, between these two."""
    least_kept: Share = 0.4
    """Of the pixels with data that must be left; else the patch stays as it is."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        """The phasors without data in a few upright rectangles."""
        side = phasors.field.shape[-1]
        numbers = draws.uniform(1 + 3 * self.most)
        count = 1 + np.floor(numbers[0] * self.most)
        least, greatest = self.side_share
        hole = torch.zeros_like(phasors.valid)
        pixel = torch.arange(side, device=hole.device) + 0.5
        for number in range(self.most):
            size, row, column = numbers[1 + 3 * number : 4 + 3 * number]
            half = (least + (greatest - least) * size) * side / 2
            half = np.where(number < count, half, 0.0)
            reach = spread(draws.to_device(half))
            inside = [
                (pixel - spread(draws.to_device(place * side))).abs() < reach
                for place in (row, column)
            ]
            hole |= inside[0].transpose(-1, -2) & inside[1]
        hole &= _leaves(hole, phasors.valid, self.least_kept)
        valid = phasors.valid & ~hole
        return Phasors(phasors.field * valid, valid)


def with_random_phase(phasors: Phasors, region: torch.Tensor, draws: Draws) -> Phasors:
    """Return patches with random phase where they have data in a region, bool (n, 1, H, W)."""
    angle = draws.stream(Stream.SPECKLE).angles(1, *region.shape[2:])
    random = torch.cat([angle.cos(), angle.sin()], dim=1)
    return Phasors(torch.where(region & phasors.valid, random, phasors.field), phasors.valid)


def _leaves(region: torch.Tensor, valid: torch.Tensor, least: float) -> torch.Tensor:
    """Whether enough data lies outside the region: bool (n, 1, 1, 1)."""
    left = (valid & ~region).flatten(1).sum(1, dtype=torch.int64)
    return spread(left >= least * valid.flatten(1).sum(1, dtype=torch.int64))
