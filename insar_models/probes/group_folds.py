"""Folds that keep groups whole and leave deformation to learn from in every training part."""

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError


def assign_folds(
    labels: NDArray[np.int64], groups: tuple[str, ...], folds: int
) -> NDArray[np.int64]:
    """Return the fold of each sample, int64 (n,), 0 to `folds` - 1.

    Groups with deformation go first, those with most of it before the others, each to the fold
    with the fewest deforming samples so far; quiet groups then fill up the smallest folds. So
    every fold holds deformation, which scikit-learn's stratified group folds do not promise, and
    the same samples give the same folds with any version of anything.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    groups
        n names.
    folds
        At least 2, at most the number of groups with deformation.

    Raises
    ------
    BadInputError
        If all quiet samples would fall into one fold, so that nothing quiet is left to learn from.
    """
    names = np.array(groups)
    sizes = {str(name): int((names == name).sum()) for name in np.unique(names)}
    deforming = {name: int(labels[names == name].sum()) for name in sizes}
    in_fold = np.zeros((folds, 2), dtype=np.int64)  # deforming samples, all samples
    fold = np.empty(len(labels), dtype=np.int64)
    for name in sorted(sizes, key=lambda name: (-deforming[name], -sizes[name], name)):
        by_class = (in_fold[:, 1], in_fold[:, 0]) if deforming[name] else (in_fold[:, 1],)
        chosen = int(np.lexsort(by_class)[0])
        in_fold[chosen] += (deforming[name], sizes[name])
        fold[names == name] = chosen
    quiet = in_fold[:, 1] - in_fold[:, 0]
    if (quiet == quiet.sum()).any():
        message = (
            "all quiet samples share a fold with the same deforming groups: quiet samples from "
            "further places are needed"
        )
        raise BadInputError(message)
    return fold
