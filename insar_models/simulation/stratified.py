"""Delay that follows the height of the ground: the air above a summit is thinner than at its foot.

The signal of the layered atmosphere looks like the deformation of a volcano, because it is
concentric round the summit and returns with the seasons (Beauducel et al. 2000, Geophys. Res. Lett.
27, 997-1000).
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, CheckedRecord, Limits

_DAYS_OF_A_YEAR = 365.25
_MetresPerKm = Annotated[float, Limits(0.0, 1.0, "metres per kilometre")]


@dataclass(frozen=True)
class Stratification(CheckedRecord):
    """How the delay changes with height, by date."""

    spread_m_per_km: _MetresPerKm = 0.004
    """Standard deviation of the rate of one date, metres of delay by kilometre of height.

    The difference of two dates of 0.004 makes 1.3 rad per kilometre.
    """
    season_m_per_km: _MetresPerKm = 0.004
    """Half of the difference between the moistest and the driest season."""
    spread_sideways: Annotated[float, Limits(0.0, 3.0, "a share of the rate")] = 0.3
    """Standard deviation of the rate's relative change from one side of the scene to the other."""
    moistest_day: Annotated[int, Limits(1, 366, "a day of the year")] = 213
    """Day of the year on which the rate is largest; 213 is 1 August."""
    scale_height_m: AboveZero = 2_500.0
    """Height within which the moisture falls to 1/e."""


def season_phase(day: dt.date, top_day: int) -> float:
    """Cosine of the season: 1 on day `top_day` of the year, -1 half a year later."""
    return math.cos(2 * math.pi * (day.timetuple().tm_yday - top_day) / _DAYS_OF_A_YEAR)


def stratified_delay_m(
    stratification: Stratification,
    heights_m: NDArray[np.float32],
    day: dt.date,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Vertical delay against that at sea level on the scene's driest imaginable day.

    Parameters
    ----------
    stratification
        Recipe.
    heights_m
        Of the ground above sea level, shape (H, W).
    day
        Of the acquisition: decides the season.
    generator
        The date's own.

    Returns
    -------
    numpy.ndarray
        float32, shape (H, W), metres; 0 at sea level.
    """
    rate, east, north = generator.standard_normal(3)
    season = stratification.season_m_per_km * season_phase(day, stratification.moistest_day)
    rate_m_per_km = stratification.spread_m_per_km * rate + season
    scale_m = np.float32(stratification.scale_height_m)
    # Delay that the air below the ground would have made, with the rate at sea level.
    missing_km = -np.expm1(-heights_m / scale_m) * (scale_m / np.float32(1_000))
    rows, columns = heights_m.shape
    aside = (
        1
        + stratification.spread_sideways * east * np.linspace(-0.5, 0.5, columns)[None, :]
        + stratification.spread_sideways * north * np.linspace(-0.5, 0.5, rows)[:, None]
    )
    delay_m: NDArray[np.float32] = (
        missing_km * (-rate_m_per_km * aside).astype(np.float32)
    ).astype(np.float32)
    return delay_m
