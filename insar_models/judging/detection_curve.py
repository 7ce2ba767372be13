"""How much deformation it takes to be seen: recall by kind of source and size of its signal."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from fringewatch.errors import BadInputError
from insar_models.probes.probe import quiet_threshold

PEAK_EDGES_M: Final = (
    0.0, 0.010, 0.014, 0.020, 0.028, 0.040, 0.057, 0.080, 0.113, 0.160, 0.250, 1e3
)  # fmt: skip
"""Edges of the bins of peak line-of-sight displacement, each twice the last but one; half a fringe
of Sentinel-1 is 0.014."""

FALSE_ALARM_SHARES: Final = (0.01, 0.05)

ALL_KINDS: Final = "all"


@dataclass(frozen=True)
class DetectionCell:
    """What was found of the sources of one kind whose peaks lie in one bin."""

    kind: str
    """Of source; `ALL_KINDS` for all together."""
    least_m: float
    """Peaks from here on, up to and without `below_m`."""
    below_m: float
    sources: int
    found: int
    low: float
    """Of the 95 % interval of the share found (Clopper and Pearson 1934)."""
    high: float


@dataclass(frozen=True)
class DetectionCurve:
    """Recall at a share of false alarms, of the same set's quiet samples."""

    asked_share: float
    """Of the quiet samples, the share that may be called at most."""
    quiet: int
    false_alarms: int
    threshold: float
    cells: tuple[DetectionCell, ...]
    """Of each kind, then of all; bins without sources are left out."""


@dataclass(frozen=True)
class Pointing:
    """How often the strongest place of the activation map lies inside of the source's footprint."""

    sources: int
    inside: int
    by_chance: float
    """Expected share inside, if a place with data were chosen blindly."""
    flat: int
    """Maps without any activation: they point nowhere, and count as outside."""


def detection_curves(
    labels: NDArray[np.int64],
    logits: NDArray[np.float64],
    kinds: Sequence[str],
    peak_m: NDArray[np.float64],
) -> tuple[DetectionCurve, ...]:
    """Return the curve at each of `FALSE_ALARM_SHARES`.

    The threshold is that of the set's own quiet samples, not the model's: curves of detectors are
    compared at equal false alarms.

    Parameters
    ----------
    labels, logits
        (n,), of both classes.
    kinds
        (n,), of source; not looked at where nothing deforms.
    peak_m
        (n,), absolute peak of the line-of-sight displacement; likewise.

    Raises
    ------
    BadInputError
        If the lengths differ, there is only one class, or a peak of a source is not above 0.
    """
    if not len(labels) == len(logits) == len(kinds) == len(peak_m):
        message = (
            f"{len(labels)} labels, {len(logits)} logits, {len(kinds)} kinds and {len(peak_m)} "
            "peaks: expected one of each for every sample"
        )
        raise BadInputError(message)
    sources, quiet = labels == 1, labels == 0
    if not (sources.any() and quiet.any()):
        message = (
            f"{int(sources.sum())} deforming and {int(quiet.sum())} quiet samples: a detection "
            "curve needs both"
        )
        raise BadInputError(message)
    if not (np.isfinite(peak_m[sources]) & (peak_m[sources] > 0.0)).all():
        message = "a source without a peak above 0 m cannot lie on a detection curve"
        raise BadInputError(message)
    return tuple(
        _curve(logits[quiet], logits[sources], np.asarray(kinds)[sources], peak_m[sources], share)
        for share in FALSE_ALARM_SHARES
    )


def _curve(
    quiet_logits: NDArray[np.float64],
    logits: NDArray[np.float64],
    kinds: NDArray[np.str_],
    peak_m: NDArray[np.float64],
    share: float,
) -> DetectionCurve:
    """What is found where this share of the quiet samples alarms."""
    threshold = quiet_threshold(quiet_logits, share)
    cells = []
    for kind in (*np.unique(kinds).tolist(), ALL_KINDS):
        of_kind = np.ones(len(kinds), dtype=bool) if kind == ALL_KINDS else kinds == kind
        for least_m, below_m in pairwise(PEAK_EDGES_M):
            chosen = of_kind & (peak_m >= least_m) & (peak_m < below_m)
            if chosen.any():
                count, found = int(chosen.sum()), int((logits[chosen] >= threshold).sum())
                interval = binomtest(found, count).proportion_ci()
                low, high = float(interval.low), float(interval.high)
                cells.append(DetectionCell(kind, least_m, below_m, count, found, low, high))
    return DetectionCurve(
        asked_share=share,
        quiet=len(quiet_logits),
        false_alarms=int((quiet_logits >= threshold).sum()),
        threshold=threshold,
        cells=tuple(cells),
    )


def points_inside(
    activation: NDArray[np.float32], peak: tuple[float, float], radius_pixels: float
) -> bool | None:
    """Return whether the strongest place of a map lies within `radius_pixels` of `peak`.

    None where the map is nowhere above 0: it points nowhere. Of several equal places their middle
    counts, so that a coarse map's plateau is not judged by its first corner.

    Parameters
    ----------
    activation
        (H, W), NaN at no data.
    peak
        Row and column.
    radius_pixels
        Above 0.
    """
    strongest = np.nanmax(activation, initial=0.0)
    if not strongest > 0.0:
        return None
    rows, columns = np.nonzero(activation == strongest)
    away = np.hypot(rows.mean() - peak[0], columns.mean() - peak[1])
    return bool(away <= radius_pixels)


def share_inside(
    valid: NDArray[np.bool_], peak: tuple[float, float], radius_pixels: float
) -> float:
    """Return the share of the valid pixels (H, W) that lie within `radius_pixels` of `peak`."""
    rows, columns = np.nonzero(valid)
    if len(rows) == 0:
        return 0.0
    return float((np.hypot(rows - peak[0], columns - peak[1]) <= radius_pixels).mean())
