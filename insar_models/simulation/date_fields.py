"""What belongs to one acquisition of a scene: its delay, its orbit, its speckle, its weather.

A few are kept in memory, so that a network of pairs makes each date's fields only once.
"""

import datetime as dt
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from insar_models.simulation.atmosphere import lasting_parts, strength_m, two_slope_field
from insar_models.simulation.decorrelation import white_noise
from insar_models.simulation.ramps import orbit_ramp_m
from insar_models.simulation.scene import Scene
from insar_models.simulation.stratified import stratified_delay_m
from insar_models.simulation.streams import Stream

_DATES_KEPT = 16  # of at most 2 MB for each of the two fields, in a window of 500 x 500 pixels


@lru_cache(maxsize=_DATES_KEPT)
def delay_m(scene: Scene, day: dt.date) -> NDArray[np.float32]:
    """Length that air and orbit add to the path on `day`, along the line of sight.

    Returns
    -------
    numpy.ndarray
        float32, shape (H, W), metres, read-only; positive is longer.
    """
    vertical_m = layered_delay_m(scene, day)
    vertical_m += _turbulent_delay_m(scene, day)
    path_m = vertical_m / np.float32(math.cos(math.radians(scene.sight.incidence_degrees)))
    path_m += orbit_ramp_m(
        scene.weather.orbit,
        scene.grid.shape,
        scene.grid.spacing_m,
        scene.generator(Stream.ORBIT, day),
    )
    path_m.flags.writeable = False
    return path_m


def layered_delay_m(scene: Scene, day: dt.date) -> NDArray[np.float32]:
    """Vertical delay that follows the heights on `day`: what a weather model can know of it.

    Returns
    -------
    numpy.ndarray
        float32, shape (H, W), metres; a new array.
    """
    return stratified_delay_m(
        scene.weather.stratification,
        scene.ground_fields.heights_m,
        day,
        scene.generator(Stream.STRATIFICATION, day),
    )


@lru_cache(maxsize=_DATES_KEPT)
def speckle(scene: Scene, day: dt.date) -> NDArray[np.complex64]:
    """Circular noise of one date, which all its pairs share; complex64, (H, W), read-only."""
    noise = white_noise(scene.cells, scene.generator(Stream.DATE_NOISE, day))
    noise.flags.writeable = False
    return noise


def _turbulent_delay_m(scene: Scene, day: dt.date) -> NDArray[np.float32]:
    """Delay of one day's turbulence, metres; float32 of the grid's shape."""
    turbulence = scene.weather.turbulence
    generator = scene.generator(Stream.TURBULENCE, day)
    strength = strength_m(turbulence, generator)
    shape, spacing_m = scene.grid.shape, scene.grid.spacing_m
    if strength == 0:
        return np.zeros(shape, dtype=np.float32)
    field = two_slope_field(turbulence, shape, spacing_m, generator)
    if turbulence.lasting_share > 0:
        field *= np.float32(math.sqrt(1 - turbulence.lasting_share))
        for number, weight in lasting_parts(turbulence, day):
            share = np.float32(weight * math.sqrt(turbulence.lasting_share))
            field += share * _lasting_field(scene, number)
    return field * np.float32(strength)


@lru_cache(maxsize=4)
def _lasting_field(scene: Scene, number: int) -> NDArray[np.float32]:
    """Slow part of the turbulence; two of them, by number, make the part of each date."""
    return two_slope_field(
        scene.weather.turbulence,
        scene.grid.shape,
        scene.grid.spacing_m,
        scene.numbered_generator(Stream.LASTING, number),
    )
