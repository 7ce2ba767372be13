"""What all detectors do alike, whatever gives their patches logits: windows and probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.calibration import Calibration
from insar_models.detectors.patch_scoring import codes_of_phase
from insar_models.detectors.window_score import WindowScore, at_prior, highest, shares_of_highest


@dataclass(frozen=True, eq=False)
class CalibratedDetector(ABC):
    """A detector without what scores its patches; see `Detector` for its methods."""

    name: str
    sha256: str
    """Of the weights file."""
    threshold: float
    calibration: Calibration
    window: WindowScore | None = field(default=None, kw_only=True)
    """How the logits of nine patches become a window's; their highest where there is none."""

    @abstractmethod
    def logits_of_codes(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return a score for each patch of phase bytes (n, H, W), float64 (n,); 0 is no data.

        NaN where less than `MINIMUM_VALID_FRACTION` of the patch has data.

        Raises
        ------
        BadInputError
            If they are no phase bytes, or of a size that the detector cannot see.
        """

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a score for each patch (n, H, W), float64 (n,); NaN where it cannot be judged.

        Phase is rounded to the 254 steps of phase bytes first, as an encoder has learned it.

        Raises
        ------
        BadInputError
            If the patches are of a size that the detector cannot see.
        """
        return self.logits_of_codes(codes_of_phase(phase_rad))

    def window_logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window of nine patches (n, 9), float64 (n,); NaN for none."""
        return highest(patch_logits) if self.window is None else self.window.logits(patch_logits)

    def patch_shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of each window's evidence each of its patches holds, (n, 9)."""
        if self.window is None:
            return shares_of_highest(patch_logits)
        return self.window.shares(patch_logits)

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of windows; NaN stays NaN."""
        return self._calibration_of_windows.probabilities(logits)

    @property
    def deforming_share(self) -> float:
        """Return the share of deforming windows that the probabilities assume."""
        return self._calibration_of_windows.prior

    def with_deforming_share(self, share: float) -> Self:
        """Return the same detector with probabilities at another share.

        Raises
        ------
        BadInputError
            If it is not between 0 and 1.
        """
        calibration = at_prior(self._calibration_of_windows, share)
        if self.window is None:
            return replace(self, calibration=calibration)
        return replace(self, window=replace(self.window, calibration=calibration))

    @property
    def _calibration_of_windows(self) -> Calibration:
        return self.calibration if self.window is None else self.window.calibration

    def __dask_tokenize__(self) -> tuple[object, ...]:
        # Else Dask pickles all of the weights to tell one model from another.
        return (type(self).__name__, self.name, self.sha256, getattr(self, "views", 1))

    def __reduce__(self) -> tuple[Callable[..., "CalibratedDetector"], tuple[object, ...]]:
        # Neither a lock nor what runs a net can be pickled; both are made again.
        given = {part.name: getattr(self, part.name) for part in fields(self) if part.init}
        return _made_again, (type(self), given)


def _made_again(kind: type[CalibratedDetector], given: Mapping[str, Any]) -> CalibratedDetector:
    return kind(**given)
