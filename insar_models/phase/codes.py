"""Wrapped phase: one byte a pixel on disk, a phasor when it is computed with.

No data is exact 0 or a non-finite value in LiCSAR's phase, byte 0 in a cube, NaN in an array of
radians, and phasor 0. Nothing here interpolates or averages angles or codes; only phasors.
"""

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD


def wrap(phase_rad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Phase wrapped into [-pi, pi].

    Parameters
    ----------
    phase_rad
        Any shape, radians; NaN is no data and stays NaN.

    Examples
    --------
    >>> wrap(np.array([0.0, 4.0, -7.0])).round(3).tolist()
    [0.0, -2.2829999923706055, -0.7170000076293945]
    """
    wrapped: NDArray[np.float64] = np.angle(np.exp(1j * np.asarray(phase_rad, dtype=np.float64)))
    return wrapped.astype(np.float32)


def encode_phase(
    phase_rad: NDArray[np.floating], valid: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Phase bytes: 0 for no data, 1 to 255 for -pi to pi.

    Parameters
    ----------
    phase_rad
        Any shape, radians. Exact 0 and non-finite values are no data, as in LiCSAR's files, where
        no tag can be trusted to say so.
    valid
        Same shape; False marks further pixels as no data (coherence 0, say).

    Returns
    -------
    numpy.ndarray
        uint8, same shape; at most 0.0124 rad from the input, modulo 2 pi.
    """
    phase = np.array(phase_rad, dtype=np.float64)
    usable = np.isfinite(phase) & (phase != 0.0)
    if valid is not None:
        usable &= valid
    phase[~usable] = 0.0
    # LiCSAR's phase is wrapped already: only what is not pays for the sine and the cosine.
    beyond = np.abs(phase) > np.pi
    if beyond.any():
        phase[beyond] = np.angle(np.exp(1j * phase[beyond]))
    phase -= PHASE_OFFSET_RAD
    phase /= PHASE_SCALE_RAD
    codes: NDArray[np.uint8] = np.rint(phase, out=phase).astype(np.uint8)
    codes[~usable] = NO_DATA_CODE
    return codes


def decode_phase(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Phase in radians of phase bytes; NaN where the byte is 0. Same shape, float32."""
    phase = codes.astype(np.float32) * np.float32(PHASE_SCALE_RAD) + np.float32(PHASE_OFFSET_RAD)
    phase[codes == NO_DATA_CODE] = np.nan
    return phase


def phasor(phase_rad: NDArray[np.floating]) -> NDArray[np.complex64]:
    """exp(i phase), complex64, same shape; 0 where the phase is NaN: no data adds nothing."""
    valid = np.isfinite(phase_rad)
    angle = np.where(valid, phase_rad, 0.0).astype(np.float32)
    unit = np.zeros(angle.shape, dtype=np.complex64)
    # Real cosine and sine are five times as quick as the complex exponential, to 1e-7.
    np.cos(angle, out=unit.real, where=valid)
    np.sin(angle, out=unit.imag, where=valid)
    return unit
