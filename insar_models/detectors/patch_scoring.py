"""What all detectors of encoders do alike, whatever runs their net: judged patches, bytes, maps."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE
from insar_models.phase.codes import encode_phase
from insar_models.phase.features import MINIMUM_VALID_FRACTION

_NEARLY_ZERO_RAD: Final = 1e-6


def logits_of_judged(
    codes: NDArray[np.uint8], score: Callable[[NDArray[np.uint8]], NDArray[np.floating]], batch: int
) -> NDArray[np.float64]:
    """Return a score for each patch of phase bytes, float64 (n,); NaN where it has too little data.

    Parameters
    ----------
    codes
        Shape (n, H, W); 0 is no data.
    score
        Gives the logits (k,) of k patches; asked about those alone of which at least
        `MINIMUM_VALID_FRACTION` has data.
    batch
        Patches that it is asked about at once.

    Raises
    ------
    BadInputError
        If they are no phase bytes.
    """
    judged = judged_patches(codes)
    logits = np.full(len(codes), np.nan)
    for first in range(0, len(judged), batch):
        chosen = judged[first : first + batch]
        logits[chosen] = score(codes[chosen])
    return logits


def judged_patches(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return which patches of phase bytes (n, H, W) have enough data to be judged: their places.

    Raises
    ------
    BadInputError
        If they are no phase bytes.
    """
    if codes.dtype != np.uint8 or codes.ndim != 3:  # noqa: PLR2004 - patch, row, column
        message = (
            f"codes of {codes.dtype} and shape {codes.shape} are no patches: give uint8 of "
            "(n, height, width)"
        )
        raise BadInputError(message)
    # A mean over bools takes ten times as long.
    count = np.array([np.count_nonzero(patch != NO_DATA_CODE) for patch in codes], np.int64)
    pixels = max(1, codes[:1].size)
    return np.flatnonzero(count / pixels >= MINIMUM_VALID_FRACTION)


def codes_of_phase(phase_rad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the phase bytes of patches (n, H, W) of radians, where an exact 0 is a phase."""
    codes = np.empty(phase_rad.shape, dtype=np.uint8)
    # Patch by patch they stay near: half of the time.
    for patch, into in zip(phase_rad, codes, strict=True):
        # In files of LiCSAR an exact 0 is no data; here it is a phase like any other.
        into[...] = encode_phase(np.where(patch == 0.0, np.float32(_NEARLY_ZERO_RAD), patch))
    return codes


def above_threshold(
    by_place: NDArray[np.floating], threshold: float, phase_rad: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return by how many logits each pixel is above a threshold, float32 (H, W), not negative.

    Parameters
    ----------
    by_place
        Logits by place (h, w), of boxes of the patch; between their middles they are linear.
    threshold
        Logit that is 0 in the result.
    phase_rad
        The patch (H, W); the result is NaN where it is.
    """
    factors = [fine / coarse for fine, coarse in zip(phase_rad.shape, by_place.shape, strict=True)]
    fine = ndimage.zoom(
        by_place.astype(np.float64) - threshold, factors, order=1, mode="nearest", grid_mode=True
    )
    activation = np.maximum(fine, 0.0).astype(np.float32)
    activation[~np.isfinite(phase_rad)] = np.nan
    return activation
