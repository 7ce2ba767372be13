"""The rate of a date: how fast the place moves that moves most, by the pairs of some months."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from insar_models.rates.estimate import PlaceMotion, place_motion, recent_motion
from insar_models.rates.field import MotionField, motion_field
from insar_models.rates.stack import PairStack

FEWEST_ACQUISITIONS: Final = 5
"""Of fewer no rate is told: what their air does cannot be told from motion."""

FEWEST_RECENT: Final = 3
"""Of the newer half of a window: of fewer it is not known whether the motion goes on."""


@dataclass(frozen=True, eq=False)
class DateRate:
    """What the pairs of a window say of its last date."""

    field: MotionField
    """In metres a day."""
    motion: PlaceMotion | None
    """In metres a day; None where no place can be compared with its surroundings."""
    recent_deviations: float | None
    """How far from rest the place is in the newer half of the window, with the sign of the whole;
    None where that half has too few dates."""


def rate_of_date(stack: PairStack) -> DateRate | None:
    """Return the rate that the pairs of a window tell; None of too few acquisitions.

    Parameters
    ----------
    stack
        The pairs of one frame of which both dates lie in the window.
    """
    if len(stack.acquisitions) < FEWEST_ACQUISITIONS:
        return None
    field = motion_field(stack, stack.days)
    motion = place_motion(stack, stack.days, field)
    return DateRate(field, motion, None if motion is None else _recent(stack, motion))


def _recent(stack: PairStack, whole: PlaceMotion) -> float | None:
    first, last = stack.acquisitions[0], stack.acquisitions[-1]
    middle: dt.date = last - (last - first) / 2
    newer = {day for pair in stack.dates if pair[0] >= middle for day in pair}
    if len(newer) < FEWEST_RECENT:
        return None
    found = recent_motion(stack, middle, (whole.row, whole.column))
    if found is None or not found.deviation_m > 0:
        return None
    return float(found.motion_m / found.deviation_m * np.sign(whole.motion_m))
