"""What can be done to wrapped phase exactly: its sign, and whole multiples of it.

Both need no unwrapping. The conjugate is the pair with its dates exchanged. The k-th power has k
times the phase, so k times the fringes of the same field (over-wrapping: Anantrasirichai et al.
2019 found slow deformation with it); noise grows as well.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Annotated, ClassVar, Final

import numpy as np
import torch
from typing_extensions import override

from fringewatch.checked_fields import Limits, Share
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.piece import Piece
from insar_models.encoders.inputs import Phasors

_MOST: Final = 8
_COSINE_OF_SIXTH: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class SignFlip(Piece):
    """Phase with the other sign: the pair with its dates exchanged."""

    stream: ClassVar[Stream] = Stream.SIGN

    probability: Share = 0.5

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        field = phasors.field.clone()
        field[:, 1].neg_()
        return Phasors(field, phasors.valid)


@dataclass(frozen=True, kw_only=True)
class OverWrap(Piece):
    """Twice to `most` times the phase, wrapped anew; all whole multiples alike likely."""

    stream: ClassVar[Stream] = Stream.OVERWRAP

    probability: Share = 0.15
    most: Annotated[int, Limits(2, _MOST)] = 2
    least_smooth: Share = 0.55
    """Of the neighbouring pixels with data that must still differ by less than a sixth of a cycle,
    in each direction; noise alone has a third. Else the patch stays as it is: dense fringes would
    alias, and noise would drown the rest."""

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        power = 2 + np.floor(draws.uniform(1)[0] * (self.most - 1)).astype(np.int64)
        field = torch.empty_like(phasors.field)
        for number in np.unique(power):
            places = torch.from_numpy(np.flatnonzero(power == number)).to(field.device)
            field[places] = _power(phasors.field[places], int(number))
        made = Phasors(field, phasors.valid)
        smooth = torch.minimum(_smooth_share(made, -1), _smooth_share(made, -2))
        keeps = spread(smooth >= self.least_smooth)
        return Phasors(torch.where(keeps, field, phasors.field), phasors.valid)


def _power(field: torch.Tensor, exponent: int) -> torch.Tensor:
    """z^k of phasors, shape (n, 2, H, W); lengths below 1 shrink, as coherence does."""
    return reduce(_product, [field] * exponent)


def _product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    a, b = one.unbind(1)
    c, d = other.unbind(1)
    return torch.stack([a * c - b * d, a * d + b * c], dim=1)


def _smooth_share(phasors: Phasors, axis: int) -> torch.Tensor:
    """Of the neighbours with data along an axis, those within a sixth of a cycle: shape (n,)."""
    size = phasors.field.shape[axis]
    one, other = (
        Phasors(
            phasors.field.narrow(axis, start, size - 1), phasors.valid.narrow(axis, start, size - 1)
        )
        for start in (0, 1)
    )
    # Lengths below 1 count as disagreement, which they come from.
    near = (one.field * other.field).sum(1) > _COSINE_OF_SIXTH
    both = (one.valid & other.valid).flatten(1).sum(1, dtype=torch.int64)
    return near.flatten(1).sum(1, dtype=torch.int64) / both.clamp_min(1)
