"""Deformation of simulated sources pasted on patches in which nothing moves.

What is pasted is phase, so a pasted patch keeps the atmosphere, the noise and the sea of the real
one. Fringes that are too dense for a pixel lose their signal in it, as they do in a radar's.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.augmentation.screens import rotated
from insar_models.encoders.inputs import Phasors, signal_weight
from insar_models.simulation.source_pool import SourcePool

RADIANS_PER_METRE: Final = 4.0 * math.pi / WAVELENGTH_M
"""Of motion in the line of sight."""

_HALF: Final = 0.5
_PLAIN_RAD: Final = 2.0
"""A third of a fringe: where a source moves the ground by this much, fringes can be seen. Of weak
sources, it is where they exceed half of their peak."""

_MARGIN: Final = 0.15
"""Share of a patch's side within which, from the edges, no peak is put."""

_TURNED: Final = 4
_FORMS: Final = 8
"""Turned and mirrored forms of a field."""


@dataclass(frozen=True, eq=False)
class Deformation:
    """Motion for a batch of patches."""

    phase_rad: torch.Tensor
    """Float, shape (n, 1, size, size), not wrapped."""
    moved: torch.Tensor
    """Bool, same shape: where it is more than 2 rad, or more than half of its peak."""
    peak_m: NDArray[np.float64]
    """Shape (n,): the largest motion, in the line of sight; never negative."""
    source: NDArray[np.int64]
    """Shape (n,): which of the pool's."""


def draw_deformation(
    pool: SourcePool,
    count: int,
    peak_m: tuple[float, float],
    generator: np.random.Generator,
    device: torch.device,
) -> Deformation:
    """Return motion for `count` patches: sources of a pool, each in another place, form and size.

    Parameters
    ----------
    pool
        Fields somewhat larger than the patches that are wanted: a third of their side is room to
        shift them.
    count
        Patches.
    peak_m
        Least and greatest peak; drawn evenly in the logarithm, with either sign.
    generator
        Of everything that is drawn.
    device
        Where the patches lie.

    Raises
    ------
    BadInputError
        If the peaks are not positive and in order.
    """
    least, most = peak_m
    if not 0 < least <= most:
        message = (
            f"peaks of deformation cannot lie from {least} to {most} m: give 0 < least <= most"
        )
        raise BadInputError(message)
    source = generator.integers(len(pool.fields), size=count)
    peaks_m = np.exp(generator.uniform(math.log(least), math.log(most), count))
    signs = generator.choice([-1.0, 1.0], count)
    size = pool.fields.shape[-1] * 2 // 3
    shown = np.stack(
        [_shown(pool.fields[one], size, generator) for one in source]
        or [np.empty((size, size), np.float32)] * 0
    )
    fields = torch.from_numpy(shown).unsqueeze(1).to(device)
    scale = torch.from_numpy((signs * peaks_m * RADIANS_PER_METRE).astype(np.float32)).to(device)
    phase_rad = fields * scale.view(-1, 1, 1, 1)
    plain_rad = (_HALF * scale.abs()).clamp(max=_PLAIN_RAD).view(-1, 1, 1, 1)
    return Deformation(phase_rad, phase_rad.abs() > plain_rad, peaks_m, source)


def paste(phasors: Phasors, deformation: Deformation) -> Phasors:
    """Return the patches with motion added; deformation is enlarged or reduced to their size.

    Raises
    ------
    BadInputError
        If there are not as many patches as deformations.
    """
    if len(phasors) != len(deformation.phase_rad):
        message = (
            f"{len(deformation.phase_rad)} deformations do not go with {len(phasors)} patches: "
            "draw as many as there are patches"
        )
        raise BadInputError(message)
    phase_rad = _sized(deformation.phase_rad, phasors.field.shape[-1])
    moved = rotated(phasors, phase_rad)
    return Phasors(moved.field * left_in_pixels(phase_rad), phasors.valid)


def visible_share(phasors: Phasors, deformation: Deformation) -> torch.Tensor:
    """Return how much of the moved ground shows a signal in pasted patches: float (n,), 0 to 1."""
    moved = _sized(deformation.moved.float(), phasors.field.shape[-1]) > _HALF
    signal = signal_weight(phasors) * phasors.valid * moved
    return signal.sum((1, 2, 3)) / moved.sum((1, 2, 3)).clamp(min=1)


def _shown(
    field: NDArray[np.floating], size: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """A square of `size` pixels of a field in one of its eight forms; its peak lies inside."""
    form = int(generator.integers(_FORMS))
    turned = np.rot90(field, form % _TURNED)
    turned = turned.T if form >= _TURNED else turned
    peak = np.unravel_index(int(np.abs(turned).argmax()), turned.shape)
    starts = []
    for place in peak:
        wanted = generator.uniform(_MARGIN, 1 - _MARGIN) * size
        starts.append(int(np.clip(round(place - wanted), 0, len(turned) - size)))
    row, column = starts
    return np.ascontiguousarray(turned[row : row + size, column : column + size], np.float32)


def _sized(fields: torch.Tensor, size: int) -> torch.Tensor:
    if fields.shape[-1] == size:
        return fields
    return functional.interpolate(fields, size=(size, size), mode="bilinear", align_corners=False)


def left_in_pixels(phase_rad: torch.Tensor) -> torch.Tensor:
    """Return the length that is left of a mean phasor where the phase turns within its pixel.

    Float, 0 to 1, of the shape of the phase (n, 1, H, W).
    """
    left = torch.ones_like(phase_rad)
    for axis in (2, 3):
        turns = (torch.gradient(phase_rad, dim=axis)[0] / (2 * math.pi)).abs().clamp(max=1)
        left = left * torch.sinc(turns)
    return left
