"""The threshold and the calibration of a window's score, from windows that nothing learned from."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import fit_platt
from insar_models.detectors.window_score import (
    QuietLogits,
    WindowScore,
    at_prior,
    combined,
    place_weights,
)

_SHARPNESSES: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
"""Tried in this order. The mean of the two highest patches, in two or four views, was tried in
their place (`WindowScore.highest`, docs/results.md) and kept out: see there."""


_PRIOR: Final = 0.02
"""Share of deforming windows that the probability assumes."""
_DRAWS: Final = 2000


def fit_window_score(
    quiet: NDArray[np.float64],
    volcanoes: NDArray[np.str_],
    deforming: NDArray[np.float64],
    *,
    quiet_share: float = 0.02,
) -> tuple[WindowScore, float]:
    """Return how nine logits become one, and the logit from which on a window counts as deforming.

    The sharpness is that which finds most deforming windows at the threshold; the threshold is the
    logit that the share `quiet_share` of the quiet windows reach, each volcano alike.

    Parameters
    ----------
    quiet
        Patch logits (n, 9) of real quiet windows of volcanoes that no step learned from.
    volcanoes
        Of each quiet window, (n,).
    deforming
        Patch logits (k, 9) of such windows with a source.
    quiet_share
        Of the quiet windows that may alarm.

    Raises
    ------
    BadInputError
        If there are too few windows to place the threshold, or too few volcanoes.
    """
    known = np.unique(volcanoes)
    least = math.ceil(1 / quiet_share)
    if len(quiet) < least or len(known) < 3 or len(deforming) < least:  # noqa: PLR2004
        message = (
            f"{len(quiet)} quiet windows of {len(known)} volcanoes and {len(deforming)} deforming "
            f"ones are too few for a threshold that {quiet_share:.0%} reach: give {least} of each "
            "and 3 volcanoes or more"
        )
        raise BadInputError(message)
    weights = place_weights()
    best: tuple[float, float, float] | None = None
    for sharpness in _SHARPNESSES:
        of_quiet, of_deforming = (combined(part, sharpness, weights) for part in (quiet, deforming))
        level = level_of_share(of_quiet, volcanoes, quiet_share)
        found = float((of_deforming >= level).mean())
        if best is None or found > best[0]:
            best = (found, sharpness, level)
    if best is None:  # there are sharpnesses
        message = "no sharpness was tried"
        raise BadInputError(message)
    _, sharpness, level = best
    of_quiet, of_deforming = (combined(part, sharpness, weights) for part in (quiet, deforming))
    logits = np.concatenate([of_quiet, of_deforming])
    labels = np.repeat(np.array([0, 1]), [len(of_quiet), len(of_deforming)])
    platt = fit_platt(logits[np.isfinite(logits)], labels[np.isfinite(logits)])
    score = WindowScore(
        sharpness=sharpness,
        calibration=at_prior(platt, _PRIOR),
        quiet_share=float(np.nanmean(of_quiet >= level)),
        quiet_share_95_percent=share_interval(of_quiet >= level, volcanoes),
        quiet=_quiet_logits(of_quiet, volcanoes, level, quiet_share),
    )
    return score, level


def _quiet_logits(
    logits: NDArray[np.float64], volcanoes: NDArray[np.str_], level: float, share: float
) -> QuietLogits | None:
    """Return the normal distribution of which the share `share` reaches `level`."""
    centre = level_of_share(logits, volcanoes, 0.5)
    spread = (level - centre) / -float(ndtri(share))
    return QuietLogits(centre, spread) if spread > 0 else None


def level_of_share(logits: NDArray[np.float64], volcanoes: NDArray[np.str_], share: float) -> float:
    """Return the logit that a share of quiet windows reach, where each volcano counts alike."""
    judged = np.isfinite(logits)
    values, names = logits[judged], volcanoes[judged]
    _, places, counts = np.unique(names, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[places] / len(counts)
    order = np.argsort(values)[::-1]
    above = np.cumsum(weight[order])
    at = int(np.searchsorted(above, share, side="right"))
    return float(np.nextafter(values[order[min(at, len(order) - 1)]], np.inf))


def share_interval(
    alarms: NDArray[np.bool_] | NDArray[np.float64], volcanoes: NDArray[np.str_]
) -> tuple[float, float]:
    """Return the 95 % interval of the share of alarms: whole volcanoes are drawn again.

    An alarm is true or false, or the share of several detectors that raise it.
    """
    names, places = np.unique(volcanoes, return_inverse=True)
    counts = np.bincount(places, minlength=len(names)).astype(float)
    found = np.bincount(places, alarms.astype(float), minlength=len(names))
    chosen = np.random.default_rng(0).integers(len(names), size=(_DRAWS, len(names)))
    shares = found[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)
