"""Equal patches, of which one is kept, and whether their labels disagree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogs.corpora.candidate import NO_LABEL
from tasks.corpora.ground import UNKNOWN


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
