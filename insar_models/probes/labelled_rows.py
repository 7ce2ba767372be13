"""Which patches of a corpus a probe on an encoder learns from, and what is held out together."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.splits import SplitBy
from insar_models.phase.features import MINIMUM_VALID_FRACTION

QUIET = 0

REYKJANES: tuple[str, ...] = (
    "brennisteinsfjoll",
    "fagradalsfjall",
    "hengill",
    "krysuvik",
    "krysuvik_trolladyngja",
    "reykjanes",
    "svartsengi",
)
"""Volcanoes of the Reykjanes peninsula: never learned from, so that its unrest is a fair test."""


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The patches of a corpus that a probe learns from."""

    rows: NDArray[np.int64]
    """Shape (n,): their places in the corpus, in order."""
    labels: NDArray[np.int64]
    """Shape (n,): 1 deforms, 0 is quiet."""
    groups: tuple[str, ...]
    """For each, what is held out together."""
    volcanoes: tuple[str, ...]
    """For each; empty where unknown."""
    left_out: dict[str, int]
    """How many patches of the corpus are not learned from, by reason."""

    @property
    def deforming(self) -> int:
        """Patches that deform."""
        return int(self.labels.sum())


def labelled_rows(
    corpus: PatchFile, by: SplitBy, excluded_volcanoes: tuple[str, ...]
) -> LabelledRows:
    """Return the labelled patches of a corpus, but for those that nothing must learn from.

    Parameters
    ----------
    corpus
        Of labelled pictures, say; patches without a label are left out.
    by
        What is held out together.
    excluded_volcanoes
        By their names in the corpus.

    Raises
    ------
    BadInputError
        If no labelled patch is left.
    """
    volcano = corpus.words("volcano")
    reasons = (
        ("without a label", corpus.columns["label"] < QUIET),
        ("of an excluded volcano", np.isin(volcano, excluded_volcanoes)),
        ("too little valid phase", corpus.columns["valid_fraction"] < MINIMUM_VALID_FRACTION),
    )
    out = np.zeros(len(corpus), dtype=bool)
    left_out = {}
    for reason, holds in reasons:
        if (holds & ~out).any():
            left_out[reason] = int((holds & ~out).sum())
        out |= holds
    rows = np.flatnonzero(~out).astype(np.int64)
    if not rows.size:
        told = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        message = (
            f"{corpus.path} has no labelled patch to learn from ({told}): build a corpus of "
            "labelled pictures"
        )
        raise BadInputError(message)
    groups = _groups(corpus, by)
    return LabelledRows(
        rows=rows,
        labels=corpus.columns["label"][rows].astype(np.int64),
        groups=tuple(f"{by} {groups[row]}" for row in rows.tolist()),
        volcanoes=tuple(str(volcano[row]) for row in rows.tolist()),
        left_out=left_out,
    )


def apart(
    learned: LabelledRows, corpus: PatchFile, areas: Collection[int]
) -> tuple[LabelledRows, LabelledRows]:
    """Return the patches that can judge an encoder, and those whose ground it has learned from.

    Parameters
    ----------
    learned
        Labelled patches.
    corpus
        Theirs.
    areas
        That the encoder learned from with labels; groups that reach into them are known to it.
    """
    inside = np.isin(corpus.columns["area"][learned.rows], list(areas))
    groups = np.array(learned.groups)
    known = np.isin(groups, groups[inside])
    return _some(learned, ~known), _some(learned, known)


def _some(learned: LabelledRows, chosen: NDArray[np.bool_]) -> LabelledRows:
    return replace(
        learned,
        rows=learned.rows[chosen],
        labels=learned.labels[chosen],
        groups=tuple(np.array(learned.groups)[chosen].tolist()),
        volcanoes=tuple(np.array(learned.volcanoes)[chosen].tolist()),
    )


def _groups(corpus: PatchFile, by: SplitBy) -> NDArray[np.int32]:
    """A number for each patch, equal for those that must go together: groups are never torn."""
    if by is SplitBy.AREA:
        unit, known = corpus.columns["area"], np.ones(len(corpus), dtype=bool)
    elif by is SplitBy.FRAME:
        unit, known = corpus.columns["frame"], corpus.words("frame") != ""
    else:
        message = f"a probe cannot be judged by {by}: choose {SplitBy.AREA} or {SplitBy.FRAME}"
        raise BadInputError(message)
    _, groups = np.unique(corpus.columns["group"], return_inverse=True)
    _, units = np.unique(unit, return_inverse=True)
    count = int(groups.max()) + 1
    ties = (np.ones(int(known.sum())), (groups[known], count + units[known]))
    side = count + int(units.max()) + 1
    graph = coo_array(ties, shape=(side, side))
    numbers: NDArray[np.int32] = connected_components(graph, directed=False)[1][groups]
    return numbers
