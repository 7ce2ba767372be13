"""The local fringe rate of wrapped phase, its coherence, and its divergence.

A deforming volcano draws closed fringes: the phase gradient turns round the source, so the field
of fringe rates diverges there. An orbital ramp has a fringe rate and no divergence. Decorrelated
phase has gradients that point everywhere; where the phasor was smoothed first, neighbouring pixels
share noise, so that noise has a gradient coherence of about 0.75 and a fringe rate near 0.

No data is phasor 0. A mean over a box is taken over the valid pixels in it, and counts only at a
valid pixel whose box is at least half valid; outside of the array there is no data. So a masked
patch gives, over its valid part, what the whole patch gives there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

COHERENT = 0.6
"""Gradient coherence above which a fringe rate is believed, as in the divergence and its spread."""

_LEAST_VALID_SHARE = 0.5


@dataclass(frozen=True)
class PhaseGradients:
    """Phasor gradients of a patch at its pixels, each the mean of the two towards its neighbours.

    The two-sided mean makes everything that follows the same for a mirrored or turned patch.
    """

    along_x: NDArray[np.complex64]
    """Shape (H, W); the angle is radians per pixel towards growing column."""
    along_y: NDArray[np.complex64]
    """Shape (H, W); the angle is radians per pixel towards growing row."""
    magnitude: NDArray[np.float32]
    """Shape (H, W); sum of the magnitudes of the gradients that went in."""
    valid: NDArray[np.bool_]
    """Shape (H, W); where the smoothed phasor exists."""


@dataclass(frozen=True)
class FringeRate:
    """Fringe rate in boxes round the pixels of a patch."""

    coherence: NDArray[np.float32]
    """Shape (H, W), 0 to 1: length of the mean gradient over the mean length; 0 off `counts`."""
    along_x: NDArray[np.float32]
    """Shape (H, W), radians per pixel; NaN where the coherence is at most COHERENT."""
    along_y: NDArray[np.float32]
    """Shape (H, W), radians per pixel; NaN where the coherence is at most COHERENT."""
    counts: NDArray[np.bool_]
    """Shape (H, W); the valid pixels whose box is at least half valid."""


def box_means(
    channels: NDArray[np.float32], valid: NDArray[np.bool_], box: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Means over the valid pixels of the box round each pixel, and where they count.

    Parameters
    ----------
    channels
        Shape (C, H, W), 0 where not valid.
    valid
        Shape (H, W).
    box
        Side in pixels, odd.

    Returns
    -------
    means, counts
        float32 (C, H, W), 0 where it does not count; bool (H, W).
    """
    share = _valid_share(valid, box)
    # A running sum is exact to some 1e-6: exactly half of a box must not depend on that.
    counts = valid & (share > _LEAST_VALID_SHARE - 1e-4)
    sums = uniform_filter(channels, (1, box, box), mode="constant")
    return sums * np.divide(1.0, share, out=np.zeros_like(share), where=counts), counts


def smoothed_phasor(
    phasor: NDArray[np.complex64], box: int
) -> tuple[NDArray[np.complex64], NDArray[np.bool_]]:
    """Mean of the phasor over boxes, and where it counts; both of shape (H, W).

    Parameters
    ----------
    phasor
        Shape (H, W), 0 where there is no data.
    box
        Side in pixels, odd.

    Returns
    -------
    mean, counts
        complex64, 0 where it does not count, and its length is the phasor coherence; bool.
    """
    means, counts = box_means(np.stack((phasor.real, phasor.imag)), phasor != 0, box)
    return means[0] + 1j * means[1], counts


def phase_gradients(smooth: NDArray[np.complex64], valid: NDArray[np.bool_]) -> PhaseGradients:
    """Phasor gradients z[x + 1] conj z[x] of the smoothed phasor z, two-sided.

    Parameters
    ----------
    smooth, valid
        As `smoothed_phasor` gives them: complex64 and bool, (H, W). At the rim of the valid pixels
        the smoothed phasor leans inwards, so a fringe rate is up to a half too low there.
    """
    step_x = smooth[:, 1:] * smooth[:, :-1].conj()
    step_y = smooth[1:, :] * smooth[:-1, :].conj()
    magnitude = np.zeros(smooth.shape, dtype=np.float32)
    for steps, magnitudes in ((step_x, magnitude), (step_y.T, magnitude.T)):
        lengths = length(steps.real, steps.imag)
        magnitudes[:, :-1] += lengths
        magnitudes[:, 1:] += lengths
    return PhaseGradients(_to_pixels(step_x), _to_pixels(step_y.T).T, magnitude, valid)


def fringe_rate(gradients: PhaseGradients, box: int) -> FringeRate:
    """Fringe rate and gradient coherence in boxes of `box` pixels (odd)."""
    along_x, along_y = gradients.along_x, gradients.along_y
    channels = np.stack(
        (along_x.real, along_x.imag, along_y.real, along_y.imag, gradients.magnitude)
    )
    means, counts = box_means(channels, gradients.valid, box)
    resultant = length(means[0], means[1]) + length(means[2], means[3])
    coherence = np.divide(
        resultant, means[4], out=np.zeros_like(resultant), where=counts & (means[4] > 0)
    )
    trusted = coherence > COHERENT
    rates = np.full((2, *coherence.shape), np.nan, dtype=np.float32)
    rates[0][trusted] = np.arctan2(means[1][trusted], means[0][trusted])
    rates[1][trusted] = np.arctan2(means[3][trusted], means[2][trusted])
    return FringeRate(coherence, rates[0], rates[1], counts)


def divergence(rate: FringeRate, smoothing_box: int) -> NDArray[np.float32]:
    """Divergence of the fringe rate, averaged over boxes of `smoothing_box` pixels (odd).

    Returns
    -------
    numpy.ndarray
        float32 (H, W), radians per pixel squared; the Laplacian of the unwrapped phase. NaN where
        the pixel or a direct neighbour has no fringe rate, or less than half of the box has.
    """
    raw = np.full(rate.coherence.shape, np.nan, dtype=np.float32)
    along_x, along_y = rate.along_x, rate.along_y
    raw[1:-1, 1:-1] = (
        along_x[1:-1, 2:] - along_x[1:-1, :-2] + along_y[2:, 1:-1] - along_y[:-2, 1:-1]
    ) / np.float32(2)
    valid = np.isfinite(raw)
    means, counts = box_means(np.where(valid, raw, np.float32(0))[None], valid, smoothing_box)
    return np.where(counts, means[0], np.float32(np.nan))


def length(along_x: NDArray[np.float32], along_y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Euclidean length of vectors, same shape; several times quicker than numpy.hypot.

    The price is hypot's guard against overflow, which numbers of the size of 1 do not need.
    """
    return np.sqrt(along_x * along_x + along_y * along_y)


def _valid_share(valid: NDArray[np.bool_], box: int) -> NDArray[np.float32]:
    """Share of the box round each pixel that is valid; outside of the array nothing is."""
    if not valid.all():
        return uniform_filter(valid.astype(np.float32), box, mode="constant")
    rows, columns = (
        uniform_filter(np.ones(side, dtype=np.float32), box, mode="constant")
        for side in valid.shape
    )
    return rows[:, None] * columns


def _to_pixels(steps: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Sum, at each pixel of a row, of the steps to its left and right; (H, W - 1) to (H, W)."""
    at_pixels = np.zeros((steps.shape[0], steps.shape[1] + 1), dtype=np.complex64)
    at_pixels[:, :-1] += steps
    at_pixels[:, 1:] += steps
    return at_pixels
