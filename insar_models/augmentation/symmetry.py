"""The eight turned and mirrored forms of a patch: exact, no pixel is interpolated.

Fringes have no preferred direction that a detector should rely on: a source seen from the other
orbit looks mirrored. Turned, the pattern of layover and of the sea changes, not the physics.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from typing_extensions import override

from insar_models.augmentation.draws import Draws, Stream
from insar_models.augmentation.piece import Piece
from insar_models.encoders.inputs import Phasors
from insar_models.phase.symmetries import FORMS

_LAST_AXES = (-2, -1)


@dataclass(frozen=True, kw_only=True)
class FlipsAndTurns(Piece):
    """One of the eight forms of `insar_models.phase.symmetries`, all alike likely."""

    stream: ClassVar[Stream] = Stream.SYMMETRY

    @override
    def _changed(self, phasors: Phasors, draws: Draws) -> Phasors:
        form = np.floor(draws.uniform(1)[0] * len(FORMS)).astype(np.int64)
        field, valid = torch.empty_like(phasors.field), torch.empty_like(phasors.valid)
        for number in np.unique(form):
            turns, mirrored = FORMS[number]
            places = torch.from_numpy(np.flatnonzero(form == number)).to(field.device)
            for whole, new in ((phasors.field, field), (phasors.valid, valid)):
                old = whole[places].flip(-1) if mirrored else whole[places]
                new[places] = torch.rot90(old, turns, _LAST_AXES)
        return Phasors(field, valid)
