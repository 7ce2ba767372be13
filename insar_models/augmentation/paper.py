"""The published method's augmentation, oddities and all, for comparison.

Bountos et al. (2022) trained with albumentations 0.5.2 on grey levels of 8 bits. What they did is
done here in their order, with that release's defaults, each step with probability 0.8 and its
result cut to whole grey levels as there. Their oddities are kept and named where they stand.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from fringewatch.checked_fields import Limits, Share, check_fields
from fringewatch.numbers import PHASE_OFFSET_RAD, PHASE_SCALE_RAD
from insar_models.augmentation.draws import Draws, Stream, joined, spread
from insar_models.encoders.inputs import Phasors

_CHANNELS: Final = 3
_WHITE: Final = 255.0
_KERNELS: Final = (3, 5, 7)


@dataclass(frozen=True, kw_only=True)
class PaperRecipe:
    """The published settings; pixels are those of the picture, whatever its side.

    Raises
    ------
    BadInputError
        If a number cannot be one.
    """

    probability: Share = 0.8
    """Of each step. Flips, too: four forms of a picture come 64, 16, 16 and 4 times in 100."""
    jitter_pixels: Annotated[float, Limits(0.0, 1000.0, "pixels")] = 50.0
    """By which each of three points of the affine map moves, at most. Their elastic field proper
    (alpha 1, sigma 50) moves no pixel by more than 0.006, and is left out for that."""
    holes: Annotated[int, Limits(0, 1000)] = 8
    hole_pixels: Annotated[int, Limits(0, 1000)] = 8
    """Holes are black: in wrapped phase that is -pi, not no data."""
    brightness: Annotated[tuple[float, float], Limits(0.0, 10.0)] = (0.9, 1.1)
    """One factor a picture: it stretches the cycle, so that wraps are no longer whole."""
    noise_variance: Annotated[tuple[float, float], Limits(0.0, _WHITE**2)] = (10.0, 50.0)
    """In grey levels squared, apart for each of the three channels, which then differ."""

    def __post_init__(self) -> None:
        check_fields(self, "the published recipe")


def grey_view(phasors: Phasors, recipe: PaperRecipe, draws: Draws) -> torch.Tensor:
    """Return one view: whole grey levels 0 to 255, float32 (n, 3, H, W)."""
    draws = draws.stream(Stream.PAPER)
    grey = grey_levels(phasors)
    steps = (
        lambda some, _: some.flip(-1),
        lambda some, _: some.flip(-2),
        lambda some, own: _affine(some, own, recipe),
        lambda some, own: _holes(some, own, recipe),
        lambda some, own: some * spread(own.to_device(own.between(*recipe.brightness))),
        _blurred,
    )
    for number, step in enumerate(steps):
        own = draws.stream(Stream(number + 1))
        chosen = own.coin(recipe.probability)
        if chosen.any():
            places = torch.from_numpy(np.flatnonzero(chosen)).to(grey.device)
            changed = step(grey[places], own.some(chosen)).clamp_(0.0, _WHITE).floor_()
            grey = grey.index_copy(0, places, changed)
    return _noisy(grey.expand(-1, _CHANNELS, -1, -1), draws.stream(Stream.NOISE), recipe)


def grey_levels(phasors: Phasors) -> torch.Tensor:
    """Phase as whole grey levels, 1 to 255 for -pi to pi and 0 for no data: (n, 1, H, W)."""
    angle = torch.atan2(phasors.field[:, 1:], phasors.field[:, :1])
    grey = ((angle - PHASE_OFFSET_RAD) / PHASE_SCALE_RAD).round_()
    return grey * phasors.valid


def _affine(grey: torch.Tensor, draws: Draws, recipe: PaperRecipe) -> torch.Tensor:
    """The map that takes three points to where they were moved; sawtooths are interpolated."""
    side = grey.shape[-1]
    matrix = _jittered(draws.uniform(6), side, recipe.jitter_pixels)
    inverse = np.linalg.inv(matrix)
    pixel = torch.arange(side, device=grey.device, dtype=torch.float32)
    places = []
    for axis in (0, 1):
        across, down, shift = (draws.to_device(inverse[:, axis, part]) for part in range(3))
        place = across.view(-1, 1, 1) * pixel + down.view(-1, 1, 1) * pixel.view(-1, 1)
        places.append((place + shift.view(-1, 1, 1)) * (2 / (side - 1)) - 1)
    # Mirrored at the centres of the outermost pixels, as their library's border was.
    mapped = functional.grid_sample(
        grey, torch.stack(places, dim=-1), padding_mode="reflection", align_corners=True
    )
    return mapped.round_()


def _jittered(numbers: NDArray[np.float64], side: int, jitter_pixels: float) -> NDArray[np.float64]:
    """Affine maps, (n, 3, 3), by three points around the middle of the picture."""
    middle, reach = side // 2, side // 3
    points = np.array(
        [[middle + reach] * 2, [middle + reach, middle - reach], [middle - reach] * 2], float
    )
    moved = points + jitter_pixels * (2 * numbers.T.reshape(-1, 3, 2) - 1)
    from_points = np.linalg.inv(np.column_stack([points, np.ones(3)]))
    matrix = np.tile(np.eye(3), (len(moved), 1, 1))
    matrix[:, :2] = (from_points @ moved).transpose(0, 2, 1)
    return matrix


def _holes(grey: torch.Tensor, draws: Draws, recipe: PaperRecipe) -> torch.Tensor:
    """Squares of level 0, cut off at the edges of the picture."""
    side = grey.shape[-1]
    pixel = torch.arange(side, device=grey.device)
    black = torch.zeros_like(grey, dtype=torch.bool)
    half = recipe.hole_pixels // 2
    for row, column in draws.uniform(2 * recipe.holes).reshape(recipe.holes, 2, len(draws)):
        inside = []
        for place in (row, column):
            away = pixel - spread(draws.to_device(np.floor(place * side)))
            inside.append((away >= -half) & (away < half))
        black |= inside[0].transpose(-1, -2) & inside[1]
    return grey.masked_fill(black, 0.0)


def _blurred(grey: torch.Tensor, draws: Draws) -> torch.Tensor:
    """A Gaussian of 3, 5 or 7 pixels over the sawtooth, which invents grey levels at wraps."""
    size = np.array(_KERNELS)[np.floor(draws.uniform(1)[0] * len(_KERNELS)).astype(np.int64)]
    sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8  # what their library takes for a size alone
    reach = max(_KERNELS) // 2
    steps = np.arange(-reach, reach + 1)[:, None]
    weights = np.where(np.abs(steps) <= size // 2, np.exp(-0.5 * (steps / sigma) ** 2), 0.0)
    factors = draws.to_device(joined(list(weights / weights.sum(axis=0)))).T
    height, width = grey.shape[2:]
    padded = functional.pad(grey, (reach,) * 4, mode="reflect")
    rows, mean = torch.zeros_like(padded[:, :, :height]), torch.zeros_like(grey)
    for step, factor in enumerate(factors):
        rows += padded[:, :, step : step + height] * spread(factor)
    for step, factor in enumerate(factors):
        mean += rows[..., step : step + width] * spread(factor)
    return mean.round_()


def _noisy(grey: torch.Tensor, draws: Draws, recipe: PaperRecipe) -> torch.Tensor:
    chosen = draws.coin(recipe.probability)
    size = np.sqrt(draws.between(*recipe.noise_variance)) * chosen
    noise = draws.normal(*grey.shape[1:]).mul_(spread(draws.to_device(size)))
    return noise.add_(grey).clamp_(0.0, _WHITE).floor_()
