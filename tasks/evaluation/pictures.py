"""Labelled pictures, and the logits that detectors give them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.pictures.images import LabelledFolder, LabelledPicture, SkippedFile, read_picture
from fringewatch.errors import BadInputError, FringewatchError
from insar_models.phase.picture_tiles import cut_tiles
from insar_models.quicklook import PictureFamily, decode_picture
from tasks.evaluation.candidates import Candidate, SampleScores
from tasks.progress import report_progress

_LOGGER = logging.getLogger(__name__)
_TILES_AT_ONCE: Final = 32  # 6 MB of phase

CheckShape = Callable[[LabelledPicture, tuple[int, ...]], None]
"""Refuses a picture whose shape does not fit what is known of it."""


@dataclass(frozen=True)
class ScoredPictures:
    """The pictures that every candidate could judge, and what they say."""

    pictures: tuple[LabelledPicture, ...]
    families: tuple[PictureFamily, ...]
    judged: tuple[SampleScores, ...]
    """One for each candidate; columns are the pictures."""
    skipped: tuple[SkippedFile, ...]


def score_pictures(
    candidates: Sequence[Candidate], folder: LabelledFolder, check: CheckShape | None = None
) -> ScoredPictures:
    """Return what each candidate says of the pictures of a folder.

    A picture larger than a patch (224 pixels) is cut into tiles that cover it, and its logit is
    the highest of theirs: the label says that the ground deforms somewhere in the picture, and a
    pair is scored by the highest of its patches in operation too. The paper looks at the upper
    left corner only, which leaves most of its larger pictures unseen. A smaller picture is padded
    with no data. A file that cannot be read, or that one candidate cannot judge, is left out for
    all, with the reason: candidates are compared on the same pictures.

    Raises
    ------
    BadInputError
        If no picture of one class is left, or `check` refuses one.
    """
    skipped = list(folder.skipped)
    pictures: list[LabelledPicture] = []
    families: list[PictureFamily] = []
    logits: list[list[NDArray[np.float64]]] = []
    for batch in _batches(_read_tiles(folder.pictures, skipped, check)):
        by_candidate = [_logits(candidate, batch) for candidate in candidates]
        for at, (picture, family, _) in enumerate(batch):
            own = [logits_of[at] for logits_of in by_candidate]
            if any(np.isnan(of_seeds).any() for of_seeds in own):
                skipped.append(SkippedFile(picture.path, "too little valid phase to be scored"))
                continue
            pictures.append(picture)
            families.append(family)
            logits.append(own)
    for file in skipped:
        _LOGGER.warning("skipped %s: %s", file.path, file.reason)
    _check_classes(folder, pictures, skipped)
    judged = tuple(
        SampleScores.of(candidate, np.stack([own[at] for own in logits], axis=1))
        for at, candidate in enumerate(candidates)
    )
    return ScoredPictures(tuple(pictures), tuple(families), judged, tuple(skipped))


_Tiles = tuple[LabelledPicture, PictureFamily, NDArray[np.float32]]


def _logits(candidate: Candidate, batch: list[_Tiles]) -> list[NDArray[np.float64]]:
    """Logits (seeds,) of each picture of a batch; NaN where no tile can be judged."""
    tiles = np.concatenate([tiles for _, _, tiles in batch])
    by_seed = np.stack([detector.logits(tiles) for detector in candidate.detectors])
    starts = np.cumsum([0, *(len(tiles) for _, _, tiles in batch[:-1])])
    highest: NDArray[np.float64] = np.fmax.reduceat(by_seed, starts, axis=1)
    return list(highest.T)


def _read_tiles(
    pictures: tuple[LabelledPicture, ...], skipped: list[SkippedFile], check: CheckShape | None
) -> Iterator[_Tiles]:
    """Yield each picture with its family and its tiles; one that has none goes to `skipped`."""
    for done, picture in enumerate(pictures, start=1):
        try:
            decoded = decode_picture(read_picture(picture.path))
        except FringewatchError as error:
            reason = str(error).removeprefix(f"{picture.path}: ")
            skipped.append(SkippedFile(picture.path, reason))
        else:
            if check is not None:
                check(picture, decoded.phase_rad.shape)
            tiles = cut_tiles(decoded.phase_rad)
            if len(tiles):
                yield picture, decoded.family, tiles
            else:
                skipped.append(SkippedFile(picture.path, "it shows no phase, only no data"))
        report_progress("evaluating", done, len(pictures))


def _batches(items: Iterable[_Tiles]) -> Iterator[list[_Tiles]]:
    """Yield the pictures in lists of about `_TILES_AT_ONCE` tiles; a picture stays whole."""
    batch: list[_Tiles] = []
    for item in items:
        batch.append(item)
        if sum(len(tiles) for _, _, tiles in batch) >= _TILES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_classes(
    folder: LabelledFolder, scored: list[LabelledPicture], skipped: list[SkippedFile]
) -> None:
    """Pass pictures of both classes."""
    for label in (0, 1):
        if not any(picture.label == label for picture in scored):
            of_class = {picture.path for picture in folder.pictures if picture.label == label}
            first = next(file for file in skipped if file.path in of_class)
            message = (
                f"none of the {len(of_class)} pictures with label {label} can be judged, and one "
                f"class alone tells nothing; {first.path}: {first.reason}"
            )
            raise BadInputError(message)


def relative_name(picture: LabelledPicture, directory: Path) -> str:
    """Return the path of a picture below the evaluated folder."""
    return picture.path.relative_to(directory).as_posix()
