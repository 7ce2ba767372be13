"""Labelled patches of what was reviewed: cut from the cubes as the model sees them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.corpora.candidate import Candidate
from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.review_rows import ReviewVerdict
from catalogs.ledger.rows import PairScore
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.features import MINIMUM_VALID_FRACTION
from insar_models.phase.window_patches import PATCH_ORIGINS, PatchOrigin, cut_patches, mask_water
from tasks.corpora.cubes_source import patch_corner
from tasks.corpora.patch_source import coherence_mean, measured_candidate, unread_candidate
from tasks.judge.air import corrected_codes, read_air
from tasks.judge.opinions import Opinions
from tasks.judge.patches import water_of

LABELS: Final = {ReviewVerdict.ATMOSPHERE: 0, ReviewVerdict.CONFIRMED: 1}
"""Of all that is in a pair that is air; and of where the model looks in one that moved."""

KIND: Final = "cubes"
_MIDDLE: Final = PATCH_ORIGINS[len(PATCH_ORIGINS) // 2]

Axes = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class LabelledPatch:
    """A patch, where it is from, and what people say of it."""

    candidate: Candidate
    codes: NDArray[np.uint8]
    """Phase bytes, (224, 224), less water and air."""


def labels_of(
    ledger: Ledger,
    volcano: str,
    scores: Mapping[tuple[FrameId, DatePair], PairScore],
    threshold: float,
    left_out: Counter[str],
) -> dict[FrameId, dict[DatePair, int]]:
    """Return the label of every pair in the cubes of a volcano that reviews give one.

    Parameters
    ----------
    ledger
        That knows them.
    volcano
        Its slug.
    scores
        Of the model in use. A pair that it cannot score has no label: it may be noise. And of a
        date or an episode that is confirmed, those deform in which it sees something: slow motion
        is real and in no single pair. Of a pair that somebody looked at by itself a person knows.
    threshold
        From which on a score is positive.
    left_out
        Counts, by reason, the reviewed pairs that get none; it is added to.
    """
    opinions = Opinions.of(ledger.reviews(volcano))
    found: dict[FrameId, dict[DatePair, int]] = {}
    for frame in ledger.tiled_frames(volcano):
        for pair in ledger.tiled_pairs(volcano, frame):
            opinion = opinions.of_pair(frame, pair)
            if opinion is None:
                continue
            label = LABELS.get(opinion.counts.statement.verdict)
            if opinion.against:
                left_out["pairs on which reviewers disagree"] += 1
            elif label is None:
                left_out["pairs that show something else"] += 1
            elif (frame, pair) not in opinion.counts.statement.pairs:
                left_out["pairs that nobody looked at, with the air of a reviewed date"] += 1
            elif not np.isfinite(score := _score(scores.get((frame, pair)))):
                left_out["pairs that have no score"] += 1
            elif label == 1 and opinion.counts.statement.dates and score < threshold:
                left_out["pairs of a confirmed date in which the model sees nothing"] += 1
            else:
                found.setdefault(frame, {})[pair] = label
    return found


def _score(found: PairScore | None) -> float:
    return np.nan if found is None else found.score


def labelled_patches(
    home: Home,
    ledger: Ledger,
    volcano: str,
    labels: Mapping[FrameId, Mapping[DatePair, int]],
    scores: Mapping[tuple[FrameId, DatePair], PairScore],
    settings: Settings,
) -> Iterator[LabelledPatch]:
    """Give the patches of pairs with labels, frame by frame and in order of time.

    Of a pair that is air it is every patch with enough data; of one that moved those that hold the
    place where the model looks, or the middle one where it looks nowhere: nobody has said that the
    ground moved in all of the window.

    Raises
    ------
    StoreError
        If a cube is damaged, or does not hold a pair.
    """
    for frame, own in labels.items():
        place = home.cube(volcano, frame)
        cube = read_cube(place, with_dask=False)
        water, known = water_of(cube, settings.water_coherence), read_air(place, cube, settings)
        air = ledger.corrections(volcano, frame)
        at = {pair: index for index, pair in enumerate(pairs_of(cube))}
        axes: Axes = (cube["y"].to_numpy(), cube["x"].to_numpy())
        blank = replace(
            unread_candidate(0, KIND, f"{volcano}/{frame}"), volcano=volcano, frame=str(frame)
        )
        for pair, label in sorted(own.items()):
            if pair not in at:
                message = f"the cube {place} does not hold {pair}: run `fringewatch verify`"
                raise StoreError(message)
            one = cube.isel(pair=at[pair])
            codes = corrected_codes(one["phase"].to_numpy(), air.get(pair), known, pair)
            of_pair = replace(blank, primary=pair.primary, secondary=pair.secondary, label=label)
            patches = cut_patches(mask_water(codes, water))
            coherences = cut_patches(one["coherence"].to_numpy())
            wanted = PATCH_ORIGINS if label == 0 else _looked_at(scores.get((frame, pair)), axes)
            for origin, patch, coherence in zip(PATCH_ORIGINS, patches, coherences, strict=True):
                if origin not in wanted:
                    continue
                north, west = patch_corner(axes, origin)
                found = replace(
                    of_pair,
                    row=origin.row,
                    column=origin.column,
                    north=north,
                    west=west,
                    coherence_mean=coherence_mean(patch, coherence),
                )
                measured = measured_candidate(found, patch)
                if measured.valid_fraction >= MINIMUM_VALID_FRACTION:
                    yield LabelledPatch(measured, patch)


def _looked_at(score: PairScore | None, axes: Axes) -> tuple[PatchOrigin, ...]:
    """Return the patches that hold the place where the model looks."""
    if score is None or not np.isfinite(score.peak_latitude):
        return (_MIDDLE,)
    y, x = axes
    row = int(np.abs(y - score.peak_latitude).argmin())
    aside = (x - score.peak_longitude + 180.0) % 360.0 - 180.0
    column = int(np.abs(aside).argmin())
    return tuple(
        origin
        for origin in PATCH_ORIGINS
        if 0 <= row - origin.row < PATCH_SIZE and 0 <= column - origin.column < PATCH_SIZE
    )
