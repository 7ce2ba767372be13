"""Linear weights on features of any kind, and the detector on the 47 phase features: baseline 0."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.calibrated import CalibratedDetector
from insar_models.phase.codes import decode_phase
from insar_models.phase.features import phase_features
from insar_models.phase.fringe_closure import fringe_closure


@dataclass(frozen=True)
class LinearWeights:
    """A logistic regression on d standardised features."""

    mean: NDArray[np.float64]
    """Shape (d,)."""
    scale: NDArray[np.float64]
    """Shape (d,), greater than 0."""
    coefficients: NDArray[np.float64]
    """Shape (d,), of the standardised features."""
    intercept: float
    clip_deviations: float
    """Standardised features are cut to plus or minus this: a patch unlike anything that was
    learned from (a ramp of thirty fringes, say) must not win by running away on one feature.
    Infinite where the logit must be a sum over places, as in activation maps of an encoder."""

    def logits(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logits (n,) of features (n, d); NaN where a feature is NaN."""
        deviations = (features - self.mean) / self.scale
        clipped = np.clip(deviations, -self.clip_deviations, self.clip_deviations)
        return np.asarray(clipped @ self.coefficients + self.intercept, dtype=np.float64)


@dataclass(frozen=True)
class LinearDetector(CalibratedDetector):
    """The detector that needs nothing but numpy and scipy; see `Detector` for its methods."""

    weights: LinearWeights

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each patch (n, H, W), float64 (n,); NaN where it cannot be judged.

        Raises
        ------
        BadInputError
            If a patch is smaller than the largest box of the features.
        """
        return np.array([self._logit(patch) for patch in phase_rad], dtype=np.float64)

    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return a score for each patch of phase bytes (n, H, W), float64 (n,); 0 is no data."""
        return self.logits(decode_phase(codes))

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return where the fringes of a patch (H, W) close, float32 (H, W); NaN at no data."""
        return fringe_closure(phase_rad)

    def _logit(self, patch: NDArray[np.float32]) -> float:
        return float(self.weights.logits(phase_features(patch)[np.newaxis])[0])
