"""The index of a folder of labelled patches, in the form of the dataset S1.

S1 (Bountos et al. 2022, repository ngbountos/DeepCubeVolcano) is pictures of grey wrapped phase,
227 x 227 pixels of 0.001 degree, each labelled as deforming or not. Its ``index.csv`` has one row
per picture; columns beyond those that are read here are welcome.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from catalogs.csv_rows import CsvRow, read_csv_lines
from catalogs.records import DatePair, FrameId
from fringewatch.errors import BadInputError
from fringewatch.numbers import PIXEL_DEGREES

INDEX_FILE: Final = "index.csv"

S1_SIDE_PIXELS: Final = 227
"""Side of an S1 picture."""

_COLUMNS = (
    "split",
    "label",
    "file",
    "volcano",
    "frame",
    "d1",
    "d2",
    "kind",
    "transposed",
    "north_lat",
    "west_lon",
    "md5_gray",
    "packed",
)
_LEAST_COMMON_SHARE = 0.5


class S1Split(StrEnum):
    """The part of the dataset that a patch belongs to, as its authors published it."""

    TRAIN = "S1/Train"
    TEST = "S1/Test"


class S1Kind(StrEnum):
    """The two populations of patches; the value is the index's own word."""

    CENTER = "center"
    """Crop at the middle of the window, mostly unfiltered and decorrelated phase."""
    CROP = "crop"
    """Crop anywhere in the window, of Goldstein-filtered phase, as LiCSAR's files hold it."""


@dataclass(frozen=True)
class S1Patch:
    """One labelled picture."""

    file: str
    """Its name in the published dataset."""
    path: Path | None
    """Where it lies here; None where this copy of the dataset left it out."""
    split: S1Split
    label: int
    """1: the ground deforms, 0: it does not."""
    volcano: str
    frame: FrameId
    pair: DatePair
    kind: S1Kind
    transposed: bool
    """Whether it is nothing but another picture with rows and columns exchanged."""
    corner: tuple[float, float] | None
    """Latitude and longitude of the upper left corner; None where the volcano's are unknown."""
    md5: str
    """Of the grey levels, so that equal pictures are known by it."""

    @classmethod
    def parse(cls, folder: Path, row: CsvRow) -> Self:
        """Return the patch that a row describes.

        Raises
        ------
        BadInputError
            If a value is empty or is none that its column may have.
        """
        try:
            frame = FrameId.parse(row.text("frame"))
            pair = DatePair.parse(f"{row.text('d1')}_{row.text('d2')}")
        except BadInputError as error:
            message = f"{row.path}, line {row.line}: {error}"
            raise BadInputError(message) from error
        known = row.values["north_lat"] and row.values["west_lon"]
        packed = row.values["packed"]
        return cls(
            file=row.text("file"),
            path=folder / packed if packed else None,
            split=S1Split(_one_of(row, "split", tuple(S1Split))),
            label=int(_one_of(row, "label", ("0", "1"))),
            volcano=row.text("volcano"),
            frame=frame,
            pair=pair,
            kind=S1Kind(_one_of(row, "kind", tuple(S1Kind))),
            transposed=_one_of(row, "transposed", ("0", "1")) == "1",
            corner=(row.degrees("north_lat", 90.0), row.degrees("west_lon", 180.0))
            if known
            else None,
            md5=row.text("md5_gray"),
        )


def read_s1_index(folder: Path) -> tuple[S1Patch, ...]:
    """Return the patches that ``index.csv`` in `folder` lists, in its order.

    Raises
    ------
    BadInputError
        If the file cannot be read as a table, lacks a column, holds no row, or a value in it is
        wrong; the message names the file and the line.
    """
    path = folder / INDEX_FILE
    told = "the index of labelled patches ({error}): give the folder that holds the dataset's "
    header, lines = read_csv_lines(path, told + INDEX_FILE)
    missing = [column for column in _COLUMNS if column not in header]
    if missing or not lines:
        lack = f"the column(s) {', '.join(missing)}" if missing else "any row below its header"
        message = f"{path} lacks {lack}: it is no index of labelled patches"
        raise BadInputError(message)
    return tuple(
        S1Patch.parse(folder, CsvRow.parse(path, line, header, cells)) for line, cells in lines
    )


def areas_of(patches: tuple[S1Patch, ...]) -> tuple[str, ...]:
    """Return for each patch the area that it lies in: the name of the area's first frame.

    Frames that show the same volcano are one area, and so are all frames that hang together so:
    two frames that see one eruption must not stand on both sides of a split.
    """
    leader: dict[str, str] = {}

    def area(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for patch in patches:
        # "~" sorts behind every frame, so that a frame leads each area.
        first, second = sorted((area(str(patch.frame)), area(f"~{patch.volcano}")))
        leader[second] = first
    return tuple(area(str(patch.frame)) for patch in patches)


def contradictions(patches: tuple[S1Patch, ...]) -> tuple[tuple[S1Patch, S1Patch], ...]:
    """Return pairs of patches that share an interferogram and half of their area, and disagree.

    The deforming one comes first. Patches whose place is unknown are not compared.
    """
    by_pair: dict[tuple[FrameId, DatePair], list[S1Patch]] = {}
    for patch in patches:
        by_pair.setdefault((patch.frame, patch.pair), []).append(patch)
    return tuple(
        (deforming, quiet)
        for group in by_pair.values()
        for deforming in group
        for quiet in group
        if deforming.label > quiet.label and _common_share(deforming, quiet) >= _LEAST_COMMON_SHARE
    )


def _common_share(one: S1Patch, other: S1Patch) -> float:
    if one.corner is None or other.corner is None:
        return 0.0
    side = S1_SIDE_PIXELS * PIXEL_DEGREES
    share = 1.0
    for here, there in zip(one.corner, other.corner, strict=True):
        share *= max(0.0, 1.0 - abs(here - there) / side)
    return share


def _one_of(row: CsvRow, column: str, choices: tuple[str, ...]) -> str:
    value = row.values[column]
    if value not in choices:
        row.reject(column, " or ".join(choices))
    return value
