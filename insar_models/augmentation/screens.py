"""Phase that is added to a patch, as the orbit, the reference point and noise add it.

All screens of a view are summed in radians first, and multiplied in as one phasor: what wraps is
wrapped exactly, whatever the screens hold.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from typing_extensions import override

from fringewatch.checked_fields import FromZero, Share
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.piece import Piece, SpanFromZero
from insar_models.encoders.inputs import Phasors


@dataclass(frozen=True, kw_only=True)
class Screen(Piece, ABC):
    """A piece that adds phase."""

    @abstractmethod
    def phase_rad(self, draws: Draws, side: int) -> torch.Tensor:
        """Return the phase that all patches of `draws` get: shape (n, 1, side or 1, side or 1)."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        return rotated(phasors, self.phase_rad(draws, phasors.field.shape[-1]))


@dataclass(frozen=True, kw_only=True)
class Offset(Screen):
    """A constant from -pi to pi: the reference point of an interferogram is arbitrary."""

    stream: ClassVar[Stream] = Stream.OFFSET

    @override
    def phase_rad(self, draws: Draws, side: int) -> torch.Tensor:
        return spread(draws.to_device(draws.between(-math.pi, math.pi)))


@dataclass(frozen=True, kw_only=True)
class Ramp(Screen):
    """A plane in any direction: errors of the orbit, and the atmosphere at large."""

    stream: ClassVar[Stream] = Stream.RAMP

    probability: Share = 0.5
    greatest_cycles: FromZero = 1.0
    """From one end of the patch to the other; the least is 0."""

    @override
    def phase_rad(self, draws: Draws, side: int) -> torch.Tensor:
        size, turn = draws.uniform(2)
        slope = 2 * math.pi * self.greatest_cycles * size
        direction = 2 * math.pi * turn
        across = torch.linspace(-0.5, 0.5, side, device=draws.device)
        down_rad = spread(draws.to_device(slope * np.sin(direction))) * across.view(-1, 1)
        return spread(draws.to_device(slope * np.cos(direction))) * across + down_rad


@dataclass(frozen=True, kw_only=True)
class Noise(Screen):
    """Independent phase of each pixel, as low coherence gives it."""

    stream: ClassVar[Stream] = Stream.NOISE

    probability: Share = 0.5
    spread_rad: SpanFromZero = (0.05, 0.5)
    """Standard deviation, between these two."""

    @override
    def phase_rad(self, draws: Draws, side: int) -> torch.Tensor:
        size = spread(draws.to_device(draws.between(*self.spread_rad)))
        return draws.normal(1, side, side).mul_(size)


def apply_screens(phasors: Phasors, screens: Sequence[Screen], draws: Draws) -> Phasors:
    """Return the patches with all screens added, each to the patches that its coin chose."""
    side = phasors.field.shape[-1]
    total = torch.zeros((len(draws), 1, side, side), device=phasors.field.device)
    for screen in screens:
        of_screen = draws.stream(screen.stream)
        chosen = of_screen.coin(screen.probability)
        if chosen.all():
            total += screen.phase_rad(of_screen, side)
        elif chosen.any():
            places = torch.from_numpy(np.flatnonzero(chosen)).to(total.device)
            phase_rad = screen.phase_rad(of_screen.some(chosen), side)
            total.index_add_(0, places, phase_rad.expand(-1, -1, side, side))
    return rotated(phasors, total)


def rotated(phasors: Phasors, phase_rad: torch.Tensor) -> Phasors:
    """Return the patches with phase added: shape (n, 1, H or 1, W or 1), radians."""
    cosine, sine = phase_rad.cos(), phase_rad.sin()
    real, imaginary = phasors.field[:, :1], phasors.field[:, 1:]
    field = torch.empty_like(phasors.field)
    torch.mul(real, cosine, out=field[:, :1])
    field[:, :1].addcmul_(imaginary, sine, value=-1.0)
    torch.mul(real, sine, out=field[:, 1:])
    field[:, 1:].addcmul_(imaginary, cosine)
    return Phasors(field, phasors.valid)
