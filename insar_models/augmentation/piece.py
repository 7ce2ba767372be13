"""What one piece of an augmentation is: something that is done to some patches of a batch.

Lengths are given in pixels of a patch of 224 x 224 and scaled with the side, so that one recipe
serves patches that were reduced, too.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch

from fringewatch.checked_fields import CheckedRecord, Limits, Share
from fringewatch.numbers import PATCH_SIZE
from insar_models.augmentation.draws import Draws, Stream
from insar_models.encoders.inputs import Phasors

Span = tuple[float, float]
"""Least and greatest value."""
Shares = Annotated[Span, Limits(0.0, 1.0, "a share")]
SpanFromZero = Annotated[Span, Limits(0.0)]


@dataclass(frozen=True, kw_only=True)
class Piece(CheckedRecord, ABC):
    """One thing that is done to patches, each chosen by a coin of its own.

    Raises
    ------
    BadInputError
        If the probability or a number of the piece cannot be one.
    """

    stream: ClassVar[Stream]

    probability: Share = 1.0
    """Of being done to a patch."""

    def __call__(self, phasors: Phasors, draws: Draws) -> Phasors:
        """Return the patches with this done to those that were chosen; same shape and device.

        Parameters
        ----------
        phasors
            Left as they are.
        draws
            Of this view of these patches.
        """
        draws = draws.stream(self.stream)
        chosen = draws.coin(self.probability)
        if chosen.all():
            return self._changed(phasors, draws)
        if not chosen.any():
            return phasors
        places = torch.from_numpy(np.flatnonzero(chosen)).to(phasors.field.device)
        some = Phasors(phasors.field[places], phasors.valid[places])
        changed = self._changed(some, draws.some(chosen))
        return Phasors(
            phasors.field.index_copy(0, places, changed.field),
            phasors.valid.index_copy(0, places, changed.valid),
        )

    @abstractmethod
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        """All patches with this done to them; the originals are left as they are."""


def scale_of(side: int) -> float:
    """How many pixels of a patch of this side are one of a patch of 224 x 224."""
    return side / PATCH_SIZE
