"""Series of displacement with a known answer, and a detector that is quick."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.highest_patch import HighestPatch

FRAME = "014A_07688_131313"
DATES = ("2016-12-01", "2016-12-13", "2017-01-06", "2017-06-01", "2017-06-13")
ONSET = dt.date(2016, 12, 20)
TRUTH = "volcano,name,kind,start,end\nerta-ale,dyke,volcanic,2016-12-20,2017-01-05\n"
NORTH, WEST = 13.65, 40.62  # centres of the first pixels; Erta Ale lies inside
NO_DATA = -32768


class StandIn(HighestPatch):
    """Says yes where the phase of a patch is spread out, and looks at its largest phase."""

    name, sha256, threshold = "stand-in", "0" * 64, 0.5

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.array([self._logit(patch) for patch in phase_rad])

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-logits)))

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.abs(phase_rad)

    def _logit(self, patch: NDArray[np.float32]) -> float:
        known = patch[np.isfinite(patch)]
        return float(4 * known.std() - 1) if known.size else np.nan


def series_arrays(height: int = 90, width: int = 100) -> dict[str, Any]:
    """Five dates; from the third on, a bowl of two fringes round row 40 and column 60."""
    rows, columns = np.mgrid[:height, :width]
    bowl = 550 * np.exp(-((rows - 40) ** 2 + (columns - 60) ** 2) / (2 * 20**2))
    steps = np.zeros((len(DATES), height, width), dtype=np.int16)
    steps[2:] = bowl.astype(np.int16)
    return {
        "cum_1e4m": steps,
        "dates": np.array(DATES),
        "lats": NORTH - 0.001 * np.arange(height),
        "lons": WEST + 0.001 * np.arange(width),
    }


def write_series(folder: Path, **other: Any) -> Path:
    """Write the series; arrays given here take the place of its own, None leaves one out."""
    arrays = {k: v for k, v in {**series_arrays(), **other}.items() if v is not None}
    path = folder / f"erta_ale_{FRAME}_cum_displacement.npz"
    np.savez(path, **arrays)
    return path
