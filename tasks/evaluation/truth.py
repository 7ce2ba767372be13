"""The truth of a set of simulated pictures: which source is in each, where, and how strong."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from catalogs.csv_rows import CsvRow, read_csv_lines
from catalogs.pictures.images import LabelledPicture
from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.picture_tiles import tile_starts

TRUTH_FILE: Final = "truth.csv"

_COLUMNS: Final = ("file", "label", "kind", "peak_m", "row", "column")
_FOOTPRINT: Final = "footprint_pixels"
_NUMBER: Final = "number"


@dataclass(frozen=True)
class SimulatedTruth:
    """What is known of a set of simulated pictures, by their paths."""

    sources: Mapping[Path, "SourceTruth"]
    """Of the deforming pictures."""
    scenes: Mapping[Path, str]
    """Of every picture: those of one number share their atmosphere."""


@dataclass(frozen=True)
class SourceTruth:
    """The source of one deforming picture."""

    kind: str
    peak_m: float
    """Largest absolute displacement in the line of sight, above 0."""
    peak: tuple[float, float]
    """Its row and column in the picture."""
    footprint_pixels: float | None
    """Radius about the peak inside of which the source shows; None if the set does not say."""

    @classmethod
    def parse(cls, row: CsvRow) -> Self:
        """Return the source that a row describes.

        Raises
        ------
        BadInputError
            If the kind is empty, or a number is none or out of range.
        """
        source = cls(
            kind=row.text("kind"),
            peak_m=abs(_number(row, "peak_m", "metres other than 0")),
            peak=(_number(row, "row", "a pixel"), _number(row, "column", "a pixel")),
            footprint_pixels=_number(row, _FOOTPRINT, "pixels above 0")
            if row.values.get(_FOOTPRINT)
            else None,
        )
        if source.peak_m == 0.0:
            row.reject("peak_m", "metres other than 0")
        if source.footprint_pixels is not None and source.footprint_pixels <= 0.0:
            row.reject(_FOOTPRINT, "pixels above 0")
        return source


def read_truth(folder: Path, pictures: Sequence[LabelledPicture]) -> SimulatedTruth | None:
    """Return the truth of pictures by ``truth.csv`` in `folder`; None without one.

    A row names its picture by the path below the folder, or by the file's name alone.

    Raises
    ------
    BadInputError
        If the table cannot be read or lacks a column, a value in it is wrong, or it and the
        pictures do not fit: a picture without a row, a row without a picture, another label.
    """
    path = folder / TRUTH_FILE
    if not path.is_file():
        return None
    labels = {picture.path: picture.label for picture in pictures}
    sources: dict[Path, SourceTruth] = {}
    scenes: dict[Path, str] = {}
    for row in _rows(path):
        if row.values["label"] not in ("0", "1"):
            row.reject("label", "0 or 1")
        label, name = int(row.values["label"]), row.text("file")
        picture = next(
            (p for p in (folder / name, folder / str(label) / name) if p in labels), None
        )
        if picture is None:
            row.reject("file", f"a picture in {folder}/0 or {folder}/1")
        if labels[picture] != label:
            row.reject("label", f"{labels[picture]}, as {name} lies in that folder")
        if picture in scenes:
            row.reject("file", "each picture once")
        scenes[picture] = row.values.get(_NUMBER) or picture.relative_to(folder).as_posix()
        if label == 1:
            sources[picture] = SourceTruth.parse(row)
    untold = sorted(labels.keys() - scenes.keys())
    if untold:
        message = (
            f"{path} has no row for {len(untold)} of {len(labels)} pictures, such as {untold[0]}: "
            "it is not the truth of this set"
        )
        raise BadInputError(message)
    return SimulatedTruth(sources, scenes)


def check_shape(
    source: SourceTruth | None, picture: LabelledPicture, shape: tuple[int, ...]
) -> None:
    """Refuse a picture that is no single patch, or whose source would lie outside of it.

    Raises
    ------
    BadInputError
        Saying which picture, its size, and what is expected.
    """
    if any(len(tile_starts(side)) > 1 for side in shape):
        message = (
            f"{picture.path} has {shape[0]} x {shape[1]} pixels: a simulated set is patches of "
            f"{PATCH_SIZE} x {PATCH_SIZE}"
        )
        raise BadInputError(message)
    if source is not None and not all(
        0 <= at < side for at, side in zip(source.peak, shape, strict=True)
    ):
        message = (
            f"{TRUTH_FILE} puts the peak of {picture.path} at row {source.peak[0]:g}, column "
            f"{source.peak[1]:g}, outside of its {shape[0]} x {shape[1]} pixels: it is the truth "
            "of other pictures"
        )
        raise BadInputError(message)


def _rows(path: Path) -> list[CsvRow]:
    """The rows of the table of simulated pictures."""
    header, lines = read_csv_lines(path, "the truth of simulated pictures ({error})")
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        message = f"{path} lacks the column(s) {', '.join(missing)}: simulate the set again"
        raise BadInputError(message)
    return [CsvRow.parse(path, line, header, cells) for line, cells in lines]


def _number(row: CsvRow, column: str, expected: str) -> float:
    try:
        value = float(row.values[column])
    except ValueError:
        row.reject(column, expected)
    if not math.isfinite(value):
        row.reject(column, expected)
    return value
