"""The interferogram of two dates of a scene.

Motion, atmosphere and orbit belong to a date and an interferogram is their difference, so that
pairs which share a date share its atmosphere and the phase of a closed loop of dates adds up to
zero. Noise is of the kind that the same loop leaves little of where the ground is coherent.
"""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.simulation.date_fields import delay_m, speckle
from insar_models.simulation.decorrelation import (
    PairNoise,
    estimated_coherence,
    fringe_rate_coherence,
    noisy_phasor,
    white_noise,
)
from insar_models.simulation.filtering import adaptive_filter
from insar_models.simulation.pair_coherence import pair_coherence
from insar_models.simulation.processing import missing_bursts
from insar_models.simulation.scene import Scene, deformation_m
from insar_models.simulation.streams import Stream

_SMALLEST_PHASE_RAD = np.float32(1e-6)  # exact 0 means no data


@dataclass(frozen=True, eq=False)
class SimulatedPair:
    """An interferogram as LiCSAR would publish it."""

    phase_rad: NDArray[np.float32]
    """Shape (H, W), wrapped and filtered; exact 0 is no data."""
    coherence: NDArray[np.uint8]
    """Shape (H, W), value / 255; 0 is no data, at the same pixels."""


def noise_free_phase_rad(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.float64]:
    """Unwrapped phase of a pair without noise; shape (H, W), positive away from the satellite."""
    change_m = deformation_m(scene, primary, secondary)
    change_m += delay_m(scene, secondary)
    change_m -= delay_m(scene, primary)
    return 4 * math.pi / WAVELENGTH_M * change_m


def simulate_pair(scene: Scene, primary: dt.date, secondary: dt.date) -> SimulatedPair:
    """Return the interferogram of two dates of a scene.

    Raises
    ------
    BadInputError
        If the primary is not the older date.
    """
    if primary >= secondary:
        message = f"{primary} and {secondary} are no pair: the first must be the older one"
        raise BadInputError(message)
    phase = noise_free_phase_rad(scene, primary, secondary).astype(np.float32)
    coherence = pair_coherence(scene, primary, secondary)
    coherence *= fringe_rate_coherence(phase, scene.grid.spacing_m, scene.cells)
    generator = scene.generator(Stream.PAIR_NOISE, primary, secondary)
    noise = PairNoise(
        speckle(scene, primary), speckle(scene, secondary), white_noise(scene.cells, generator)
    )
    phasor = noisy_phasor(phase, coherence, noise)
    filtered = adaptive_filter(phasor, coherence, scene.processing.filter_strength)
    wrapped = np.arctan2(filtered.imag, filtered.real)
    wrapped[wrapped == 0] = _SMALLEST_PHASE_RAD
    estimate = estimated_coherence(coherence, generator)
    seen = pair_is_seen(scene, primary, secondary)
    wrapped[~seen] = 0
    estimate[~seen] = 0
    return SimulatedPair(wrapped, estimate)


def pair_is_seen(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.bool_]:
    """Pixels that hold data in a pair: those of the footprint, less what either date lacks."""
    lacking = [
        number
        for day in (primary, secondary)
        for number in missing_bursts(scene.processing, scene.bursts, scene.seed, scene.track, day)
    ]
    if not lacking:
        return scene.is_seen
    return scene.is_seen & ~np.isin(scene.bursts.numbers, lacking)
