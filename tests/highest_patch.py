"""What stand-ins for detectors have in common: a window is as its highest patch."""

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.window_score import highest, shares_of_highest
from insar_models.phase.codes import decode_phase


class HighestPatch:
    """The part of the `Detector` protocol that follows from the logits of patches."""

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        raise NotImplementedError

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        return self.logits(decode_phase(codes))

    def window_logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return highest(patch_logits)

    def patch_shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return shares_of_highest(patch_logits)
