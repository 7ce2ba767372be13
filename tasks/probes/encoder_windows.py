"""The threshold of a probe's windows: real quiet ground, and sources pasted on it."""

import logging
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.window_fit import fit_window_score, level_of_share, share_interval
from insar_models.patchfile.window_file import Windows
from insar_models.tuning.window_pasting import (
    paste_on_windows,
    simulated_fields,
    spread_peaks,
    window_logits,
)

QUIET_SHARE: Final = 0.02
"""Of real quiet windows, those that may alarm."""

SHARES: Final = (0.05, 0.02, 0.01)
"""Of quiet windows, at which the card says what is called elsewhere."""

_FIELDS: Final = 150
_PEAKS_M: Final = (0.025, 0.2)
_EDGES_M: Final = (0.025, 0.04, 0.08, 0.12, 0.2)
_SEEN: Final = 0.3
_DECIMALS: Final = 4
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class WindowJudgement:
    """A detector whose threshold is a window's, and what was found with it."""

    model: EncoderDetector
    metrics: dict[str, Any]
    levels: dict[float, float]
    """By share of quiet windows, the logit of a window that so many reach."""


def judge_windows(
    model: EncoderDetector, windows: Windows, learned: frozenset[str], seed: int
) -> WindowJudgement:
    """Return the detector with a window's score and threshold, from volcanoes it never saw.

    Parameters
    ----------
    model
        With the threshold of a patch, or any.
    windows
        Real quiet windows; those of volcanoes in `learned` are left out.
    learned
        Volcanoes that the encoder or the probe learned from.
    seed
        Of what is pasted.

    Raises
    ------
    BadInputError
        If too few windows or volcanoes are left.
    """
    names = sorted(set(windows.volcano.tolist()) - learned)
    rows = windows.of_volcanoes(names)
    if not rows.size:
        message = (
            f"all volcanoes of the windows ({', '.join(sorted(learned))}) were learned from: give "
            "windows of others to place the threshold by"
        )
        raise BadInputError(message)
    _LOGGER.info("%d quiet windows of %d volcanoes place the threshold", len(rows), len(names))
    generator = np.random.default_rng([seed, 17])
    quiet, volcanoes = windows.phase[rows], windows.volcano[rows]
    peaks_m = spread_peaks(_PEAKS_M, len(quiet), generator)
    pasted = paste_on_windows(quiet, simulated_fields(_FIELDS, seed), peaks_m, generator)
    seen = pasted.seen >= _SEEN
    of_quiet = window_logits(quiet, model.logits_of_codes)
    of_pasted = window_logits(pasted.codes[seen], model.logits_of_codes)
    score, threshold = fit_window_score(of_quiet, volcanoes, of_pasted, quiet_share=QUIET_SHARE)
    logits = score.logits(of_quiet)
    alarms = cross_fitted_alarms(logits, volcanoes, QUIET_SHARE)
    found = score.logits(of_pasted) >= threshold
    low, high = share_interval(alarms, volcanoes)
    metrics = {
        "quiet_windows": len(rows),
        "volcanoes": names,
        "quiet_share_cross_fitted": _rounded(alarms.mean()),
        "quiet_share_cross_fitted_95_percent": [_rounded(low), _rounded(high)],
        "pasted_found_by_peak_m": {
            f"{least:g} to {below:g}": {
                "windows": int(inside.sum()),
                "found": _rounded(found[inside].mean()) if inside.any() else None,
            }
            for least, below in pairwise(_EDGES_M)
            for inside in [(peaks_m[seen] >= least) & (peaks_m[seen] < below)]
        },
    }
    levels = {share: level_of_share(logits, volcanoes, share) for share in SHARES}
    placed = replace(model, window=score, threshold=round(threshold, 6))
    return WindowJudgement(placed, metrics, levels)


def cross_fitted_alarms(
    logits: NDArray[np.float64], volcanoes: NDArray[np.str_], share: float
) -> NDArray[np.bool_]:
    """Return which windows alarm where each volcano has the threshold of all the others."""
    alarms = np.zeros(len(logits), dtype=bool)
    for name in np.unique(volcanoes):
        own = volcanoes == name
        alarms[own] = logits[own] >= level_of_share(logits[~own], volcanoes[~own], share)
    return alarms


def _rounded(number: float) -> float:
    return round(float(number), _DECIMALS)
