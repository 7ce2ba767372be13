"""The interval of a place that was picked because it moves most.

The largest of many numbers is far from rest though none of the places moves: an interval for a
place that somebody named would exclude zero on nearly every quiet date. What is known of it:

- *It does not move much more than was found.* Whichever place truly moves most was found to move
  no more than the picked one. So the error of that one place, which no noise has picked, bounds how
  much the picked one truly moves at the most, to either side (Benjamini, Hechtlinger & Stark 2019,
  "Confidence intervals for selected parameters", have the same for the largest of many means).
- *How much less it may move* is the largest error among all places that were searched: the level
  of one of them by Sidak's correction, for as many as fit side by side into the searched ground.

Errors are in Student's t of two degrees of freedom fewer than there are acquisitions, for a rate
and a mean were fitted to the air of these.
"""

from scipy.special import stdtrit

_OUTSIDE = 0.025  # at either end


def picked_interval_m(
    motion_m: float, deviation_m: float, acquisitions: int, places: float
) -> tuple[float, float]:
    """Return low and high end of the 95 % interval of the place that moves most.

    Parameters
    ----------
    motion_m, deviation_m
        What was found of it, and the standard deviation of any one place, as large everywhere.
    acquisitions
        That the motion rests on.
    places
        Among how many independent places it was picked; 1 or less for one that was named before.

    Returns
    -------
    tuple
        Metres, or metres a day, as the motion; infinite where the deviation is.
    """
    freedom = max(acquisitions - 2, 1)
    one = -float(stdtrit(freedom, _OUTSIDE))
    if places <= 1:
        return motion_m - one * deviation_m, motion_m + one * deviation_m
    of_all = 1.0 - (1.0 - _OUTSIDE) ** (1.0 / places)
    largest = -float(stdtrit(freedom, of_all / 2))
    outer = abs(motion_m) + one * deviation_m
    inner = max(abs(motion_m) - largest * deviation_m, -outer)
    return (inner, outer) if motion_m >= 0 else (-outer, -inner)
