"""What every detector can do, whatever it is made of."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Detector(Protocol):
    """A trained model that says of a patch of wrapped phase whether the ground deforms in it.

    Phase is float32 radians with NaN for no data, and needs no absolute level or sign: a detector
    gives the same answer for phi + constant.
    """

    @property
    def name(self) -> str:
        """The name under which the model is kept."""

    @property
    def sha256(self) -> str:
        """Hash of the weights file, so that a score can be traced to what made it."""

    @property
    def threshold(self) -> float:
        """The logit from which on a window counts as deforming."""

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each patch, float64 (n,); NaN where it has too little valid phase.

        A detector of another package may refuse patches of which less than half has data, and
        those that are noise (`added_detector.py`).

        Parameters
        ----------
        phase_rad
            Shape (n, H, W).
        """

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the same of phase bytes (n, H, W), as cubes hold them; 0 is no data."""

    def window_logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window of nine patches, float64 (n,); NaN where none is judged.

        It is what the threshold and the probabilities are for.

        Parameters
        ----------
        patch_logits
            Shape (n, 9), NaN where a patch could not be judged.
        """

    def patch_shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of each window's evidence each of its patches holds, (n, 9)."""

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities for windows' logits of any shape; NaN stays NaN.

        They assume the prior that the model's card states.
        """

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each pixel of a patch looks like deformation, float32, not negative.

        Parameters
        ----------
        phase_rad
            Shape (H, W). The result has the same shape, and is NaN at no data.
        """
