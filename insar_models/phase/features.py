"""The 47 numbers by which baseline 0 knows a patch of wrapped phase.

Eight say how coherent the phase is, and thirteen for each of three box sizes say how much of the
patch has a fringe rate, how fast the fringes are, and how much their rate diverges: a closed
fringe pattern is a place where it does.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.phase.codes import phasor
from insar_models.phase.fringe_rate import (
    COHERENT,
    FringeRate,
    divergence,
    fringe_rate,
    length,
    phase_gradients,
    smoothed_phasor,
)

MINIMUM_VALID_FRACTION: Final = 0.10
"""A patch with a smaller fraction of valid pixels is not scored: its features are NaN."""

MINIMUM_SIDE: Final = 31
"""Smallest side of a patch in pixels: the largest box must fit."""

_SMALL_BOX: Final = 3  # also what the phase gradients are smoothed with
_LARGE_BOX: Final = 7
_COHERENCE_PERCENTILES: Final = (10, 50, 90)
_RATE_BOXES: Final = (7, 15, 31)
_COHERENCE_LEVELS: Final = (COHERENT, 0.85)
_RATE_LEVELS_RAD: Final = (0.15, 0.3, 0.5, 0.8)
_DIVERGENCE_BOX: Final = 9
_DIVERGENCE_PERCENTILE: Final = 99


def _feature_names() -> tuple[str, ...]:
    """The names of the 47 numbers, in their order."""
    names: list[str] = []
    for box in (_SMALL_BOX, _LARGE_BOX):
        names.append(f"phasor_coherence_{box}_mean")
        names += [f"phasor_coherence_{box}_p{level}" for level in _COHERENCE_PERCENTILES]
    for box in _RATE_BOXES:
        for level in _COHERENCE_LEVELS:
            names.append(f"coherent_above_{level}_box_{box}")
            names += [
                f"rate_above_{rate}_of_coherent_{level}_box_{box}" for rate in _RATE_LEVELS_RAD
            ]
        names += [f"divergence_{word}_box_{box}" for word in ("mean", "p99")]
        names.append(f"rate_spread_box_{box}")
    return tuple(names)


FEATURE_NAMES: Final = _feature_names()
"""Names of the 47 features, in their order."""


def valid_fraction(phase_rad: NDArray[np.floating]) -> float:
    """Fraction of the pixels of `phase_rad` (any shape, NaN = no data) that hold a phase."""
    return float(np.isfinite(phase_rad).mean()) if phase_rad.size else 0.0


def phase_features(phase_rad: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the 47 features of a patch of wrapped phase.

    They are the same for phi + constant, for -phi, and for the patch turned by right angles or
    mirrored, since none of these says whether the ground deforms.

    Parameters
    ----------
    phase_rad
        Shape (H, W), radians, wrapped or not; NaN is no data. Both sides at least MINIMUM_SIDE.

    Returns
    -------
    numpy.ndarray
        float64 (47,), in the order of FEATURE_NAMES. All NaN where the patch cannot be judged: less
        than MINIMUM_VALID_FRACTION of it is valid, or its valid pixels are so scattered that for
        one of the box sizes no box is half valid. A fraction of nothing (no coherent pixel) is 0,
        and so are a divergence and a spread where no fringe rate is believed.

    Raises
    ------
    BadInputError
        If the array has no two dimensions, or is smaller than the largest box.

    Notes
    -----
    The boxes and levels are those with which a logistic regression came level with the published
    contrastive model (Bountos, Papoutsis, Michail and Anantrasirichai, IEEE GRSL 2022).
    """
    if phase_rad.ndim != 2 or min(phase_rad.shape) < MINIMUM_SIDE:  # noqa: PLR2004 - rows, columns
        message = (
            f"a patch of phase must have two dimensions of at least {MINIMUM_SIDE} pixels, "
            f"not the shape {phase_rad.shape}"
        )
        raise BadInputError(message)
    unknown = np.full(len(FEATURE_NAMES), np.nan)
    if valid_fraction(phase_rad) < MINIMUM_VALID_FRACTION:
        return unknown
    unit = phasor(phase_rad)
    smooth, valid = smoothed_phasor(unit, _SMALL_BOX)
    numbers = _coherence_numbers(smooth, valid)
    numbers += _coherence_numbers(*smoothed_phasor(unit, _LARGE_BOX))
    gradients = phase_gradients(smooth, valid)
    for box in _RATE_BOXES:
        rate = fringe_rate(gradients, box)
        if not rate.counts.any():
            return unknown
        numbers += _rate_numbers(rate)
    return np.array(numbers) if np.isfinite(numbers).all() else unknown


def _coherence_numbers(smooth: NDArray[np.complex64], counts: NDArray[np.bool_]) -> list[float]:
    """Mean and percentiles of the phasor coherence; NaN where no box is half valid."""
    if not counts.any():
        return [np.nan] * (1 + len(_COHERENCE_PERCENTILES))
    coherence = length(smooth.real[counts], smooth.imag[counts])
    return [float(coherence.mean()), *_percentiles(coherence, _COHERENCE_PERCENTILES)]


def _rate_numbers(rate: FringeRate) -> list[float]:
    """Return the thirteen numbers of one box size; `rate` counts somewhere."""
    numbers: list[float] = []
    for level in _COHERENCE_LEVELS:
        coherent = rate.coherence > level
        numbers.append(float(coherent.sum() / rate.counts.sum()))
        speed = length(rate.along_x[coherent], rate.along_y[coherent])
        numbers += [
            float(np.mean(speed > limit)) if speed.size else 0.0 for limit in _RATE_LEVELS_RAD
        ]
    strength = np.abs(divergence(rate, _DIVERGENCE_BOX))
    strength = strength[np.isfinite(strength)]
    if strength.size:
        numbers += [float(strength.mean()), *_percentiles(strength, (_DIVERGENCE_PERCENTILE,))]
    else:
        numbers += [0.0, 0.0]
    trusted = rate.coherence > COHERENT
    parts = (rate.along_x[trusted], rate.along_y[trusted])
    numbers.append(float(np.sqrt(sum(part.var() for part in parts))) if trusted.any() else 0.0)
    return numbers


def _percentiles(values: NDArray[np.float32], levels: tuple[int, ...]) -> list[float]:
    """Return linearly interpolated percentiles; sorting float32 is quicker than numpy's own."""
    places = np.array(levels) / 100.0 * (values.size - 1)
    return [float(x) for x in np.interp(places, np.arange(values.size), np.sort(values))]
