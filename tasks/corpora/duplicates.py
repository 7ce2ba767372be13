"""Equal patches, of which one is kept, and overlapping windows whose labels disagree."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.corpora.candidate import NO_LABEL
from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES
from tasks.corpora.ground import UNKNOWN, placed
from tasks.corpora.groups import pair_numbers, track_numbers

_SIDE_DEGREES: Final = PATCH_SIZE * PIXEL_DEGREES
_LEAST_COMMON_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Duplicates:
    """What becomes of equal patches."""

    surplus: NDArray[np.bool_]
    """(n,): equal to another patch, which is kept."""
    disputed: NDArray[np.bool_]
    """(n,): among its equals are opposite labels; of the surplus and of the one that is kept."""


def find_duplicates(
    shapes: NDArray[np.int64], labels: NDArray[np.int8], still_in: NDArray[np.bool_]
) -> Duplicates:
    """Return which patches are surplus: of equals the first is kept, labelled ones before others.

    Parameters
    ----------
    shapes
        int64 (n,), equal for patches of equal content, turned or mirrored or not, as
        `groups.shape_numbers` gives them.
    labels
        int8 (n,), `NO_LABEL` where nobody has said.
    still_in
        bool (n,): patches that are no candidates any more are not compared.
    """
    chosen = np.flatnonzero(still_in & (shapes != UNKNOWN))
    shape, label = shapes[chosen], labels[chosen]
    unlabelled = label == NO_LABEL
    order = np.lexsort((unlabelled, shape))  # stable: the order of the plan decides the rest
    surplus = np.zeros(len(shapes), dtype=bool)
    surplus[chosen[order[1:]]] = np.diff(shape[order]) == 0
    said = [np.unique(shape[~unlabelled & (label == value)]) for value in np.unique(label)]
    counts = np.zeros(int(shapes.max(initial=UNKNOWN)) + 1, dtype=np.int64)
    for of_value in said:
        counts[of_value] += 1
    disputed = np.zeros(len(shapes), dtype=bool)
    disputed[chosen] = counts[shape] > 1
    return Duplicates(surplus, disputed)


def count_contradictions(rows: pd.DataFrame) -> int:
    """Return how many pairs of kept patches disagree about the deformation that both show.

    Such a pair shares an interferogram and half of its ground. Both are kept: both may be labelled
    rightly, since a window can show what the other cuts off. They share a group, so no split tears
    them apart. Patches whose place, frame or dates are unknown are not compared.

    Parameters
    ----------
    rows
        As `choose` gives them.
    """
    north, west = rows["north"].to_numpy(np.float64), rows["west"].to_numpy(np.float64)
    table = pd.DataFrame(
        {"track": track_numbers(rows), "pair": pair_numbers(rows), "north": north, "west": west}
    )
    known = (table["track"] != UNKNOWN) & (table["pair"] != UNKNOWN) & placed(north, west)
    known &= rows["kept"].to_numpy(np.bool_)
    label = rows["label"].to_numpy()
    deforming, quiet = table[known & (label == 1)], table[known & (label == 0)]
    both = deforming.merge(quiet, on=["track", "pair"], suffixes=("", "_other"))
    apart = (both["west"] - both["west_other"] + 180.0) % 360.0 - 180.0
    share = _common(both["north"] - both["north_other"]) * _common(apart)
    return int((share >= _LEAST_COMMON_SHARE).sum())


def _common(apart: pd.Series) -> pd.Series:
    return (1.0 - apart.abs() / _SIDE_DEGREES).clip(lower=0.0)
