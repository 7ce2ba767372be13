"""Turbulent delay of the radar signal in the troposphere, one field for each acquisition.

Water vapour makes a random field whose power falls with spatial frequency in two slopes: steep
below the scale of the turbulent layer's height, less steep above it (Hanssen 2001, Radar
Interferometry, section 4.7). In two dimensions the exponents are -11/3 and -8/3.
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, Limits, Share, check_fields
from fringewatch.errors import BadInputError
from insar_models.simulation.random_fields import spectral_field

_LARGE_SCALE_EXPONENT = -8.0 / 3.0
_SMALL_SCALE_EXPONENT = -11.0 / 3.0
_FIRST_DAY = dt.date(1970, 1, 1)  # before any radar satellite


@dataclass(frozen=True)
class Turbulence:
    """Statistics of the delay at one acquisition."""

    typical_m: Annotated[float, Limits(0.0, 1.0, "metres")] = 0.0032
    """Standard deviation of the delay, over all wavelengths up to `outer_m`, on a median day."""
    spread: Annotated[float, Limits(0.0, 3.0, "a standard deviation of a logarithm")] = 0.35
    """By which days differ: the standard deviation of that number's natural logarithm."""
    break_m: AboveZero = 5_000.0
    """Wavelength at which the slope changes."""
    outer_m: AboveZero = 50_000.0
    """Wavelength above which the power grows no more."""
    lasting_share: Share = 0.0
    """Share of the variance that lasts from date to date, 0 to 1."""
    lasting_days: Annotated[float, Limits(1.0, meaning="days")] = 24.0
    """Time over which that share changes wholly."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.break_m >= self.outer_m:
            message = (
                f"turbulence with a break at {self.break_m} m and an outer scale of "
                f"{self.outer_m} m is none: the outer one is the larger"
            )
            raise BadInputError(message)


def two_slope_field(
    turbulence: Turbulence,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Random field with the two-slope spectrum, float32 of `shape`.

    Its variance is 1 and its mean 0 over many fields, not over each.
    """

    def power(frequency: NDArray[np.float32]) -> NDArray[np.float32]:
        relative = np.maximum(frequency, np.float32(1 / turbulence.outer_m)) * np.float32(
            turbulence.break_m
        )
        steep = relative**_SMALL_SCALE_EXPONENT
        return np.where(relative < 1, relative**_LARGE_SCALE_EXPONENT, steep)

    return spectral_field(power, shape, spacing_m, generator)


def strength_m(turbulence: Turbulence, generator: np.random.Generator) -> float:
    """Standard deviation of the delay on one day, drawn from a log-normal distribution, metres."""
    return turbulence.typical_m * math.exp(turbulence.spread * generator.standard_normal())


def lasting_parts(turbulence: Turbulence, day: dt.date) -> tuple[tuple[int, float], ...]:
    """Number and weight of the two slow fields that a day lies between.

    The squares of the weights add up to one, so that the variance is the same on all days; days
    that are less than `lasting_days` apart share at least one field.
    """
    number, rest = divmod((day - _FIRST_DAY).days / turbulence.lasting_days, 1.0)
    turn = rest * math.pi / 2
    return (int(number), math.cos(turn)), (int(number) + 1, math.sin(turn))
