"""Patches of a folder of pictures: grey wrapped phase, LiCSAR quicklooks, TIFF files of radians."""

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.recipe import ImagesSource
from catalogs.pictures.images import read_picture
from catalogs.pictures.s1_index import INDEX_FILE
from fringewatch.errors import BadInputError, ImageError, StoreError
from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES
from insar_models.phase.codes import encode_phase
from insar_models.phase.picture_tiles import tile_starts
from insar_models.phase.window_patches import cut_patch
from insar_models.quicklook import decode_picture
from tasks.corpora.patch_source import (
    Item,
    PatchKey,
    PatchSource,
    measured_candidate,
    pieces_of,
    read_by_origin,
    unread_candidate,
)
from tasks.corpora.picture_list import ListedPicture, has_s1_index, list_folder

PICTURES_IN_AN_ITEM: Final = 64

_SMALLEST_PHASE_RAD = np.float32(1e-6)  # exact 0 means no data
_DECIMALS = 6


@dataclass(frozen=True)
class PicturePatches(PatchSource):
    """The patches of a folder of pictures; a location is a picture's path below the folder.

    A picture up to 16 pixels larger than a patch is one patch, from its middle; a larger one is
    several tiles that cover it; where a smaller one ends there is no data. Nothing is resized or
    turned: a turned picture's patch stays turned, and says so.
    """

    number: int
    """Place of the source in the recipe."""
    source: ImagesSource

    @override
    def items(self) -> tuple[Item, ...]:
        """Return pieces of at most 64 pictures; raises BadInputError for a folder of no use."""
        folder = self.source.folder
        if self.source.part == "train" and not has_s1_index(folder):
            message = (
                f"{folder} has no {INDEX_FILE} of the form of S1, which would say what was "
                "published for training: leave out part=train"
            )
            raise BadInputError(message)
        return pieces_of(self.number, len(list_folder(folder)), PICTURES_IN_AN_ITEM)

    @override
    def survey(self, item: Item) -> list[Candidate]:
        """Return the tiles of each picture row by row; a bad picture is one candidate."""
        listed = list_folder(self.source.folder)[item.first : item.first + item.count]
        return [candidate for picture in listed for candidate in self._survey_picture(picture)]

    @override
    def read(self, keys: Sequence[PatchKey]) -> NDArray[np.uint8]:
        return read_by_origin(keys, lambda key: key.location, self._codes_again, _is_a_tile)

    def _codes_again(self, location: str) -> NDArray[np.uint8]:
        try:
            return _read_codes(self.source.folder / location)
        except (ImageError, OSError) as error:
            message = f"{error}; it could be read when the corpus was planned: plan it again"
            raise StoreError(message) from error

    def _survey_picture(self, picture: ListedPicture) -> list[Candidate]:
        """The patches that a picture gives; one with its problem if it gives none."""
        blank = dataclasses.replace(
            unread_candidate(self.number, self.source.kind, picture.location, picture.problem),
            volcano=picture.volcano,
            frame=picture.frame,
            primary=picture.pair.primary if picture.pair else None,
            secondary=picture.pair.secondary if picture.pair else None,
            rotation=picture.rotation,
            label=picture.label,
            part=picture.part,
        )
        if picture.problem:
            return [blank]
        path = self.source.folder / picture.location
        try:
            codes = _read_codes(path)
            blank = dataclasses.replace(
                blank, source_sha256=hashlib.sha256(path.read_bytes()).hexdigest()
            )
        except (ImageError, OSError) as error:
            # The folder is the recipe's business: the same picture elsewhere has the same problem.
            reason = str(error).removeprefix(f"{path}: ")
            return [dataclasses.replace(blank, problem=reason)]
        tiles = (
            (row, column)
            for row in tile_starts(codes.shape[0])
            for column in tile_starts(codes.shape[1])
        )
        candidates = []
        for row, column in tiles:
            north, west = _ground_corner(picture, codes.shape, row, column)
            placed = dataclasses.replace(blank, row=row, column=column, north=north, west=west)
            patch, shape = cut_patch(codes, row, column), _common_to_twins(codes, row, column)
            candidates.append(measured_candidate(placed, patch, shape))
        return candidates


def _read_codes(path: Path) -> NDArray[np.uint8]:
    """Phase bytes of a picture, (H, W); raises ImageError."""
    phase_rad = decode_picture(read_picture(path)).phase_rad
    return encode_phase(np.where(phase_rad == 0, _SMALLEST_PHASE_RAD, phase_rad))


def _is_a_tile(codes: NDArray[np.uint8], key: PatchKey) -> bool:
    rows, columns = (tile_starts(side) for side in codes.shape)
    return key.row in rows and key.column in columns


def _common_to_twins(codes: NDArray[np.uint8], row: int, column: int) -> NDArray[np.uint8]:
    """What a tile has in common with the same tile of the picture turned or mirrored.

    In a picture whose side is longer than its tiles by an odd number, such as S1's 227 pixels, no
    tile stands in the middle: the tile of a mirrored picture shows ground a pixel beside. Both lie
    in the window that takes in that pixel, too.
    """
    rows, columns = (
        _with_mirrored(start, side) for start, side in zip((row, column), codes.shape, strict=True)
    )
    size = (rows[1] - rows[0], columns[1] - columns[0])
    return cut_patch(codes, rows[0], columns[0], size)


def _with_mirrored(start: int, side: int) -> tuple[int, int]:
    """First pixel of a tile or of its mirrored fellow, and the one behind both."""
    starts = tile_starts(side)
    mirrored = side - PATCH_SIZE - starts[-1 - starts.index(start)]
    return min(start, mirrored), max(start, mirrored) + PATCH_SIZE


def _ground_corner(
    picture: ListedPicture, shape: tuple[int, ...], row: int, column: int
) -> tuple[float, float]:
    """Latitude of the upper and longitude of the left edge of a tile's ground, when north is up.

    The picture is ``rot90(ground, rotation)``; the tile's first row and column on the ground are
    found by turning its square back inside the picture's outline.
    """
    if picture.corner is None:
        return math.nan, math.nan
    below, right = (
        side - start - PATCH_SIZE for side, start in zip(shape, (row, column), strict=True)
    )
    # Counted from the ground's upper and left edge, for each number of turns.
    down, across = ((row, column), (column, below), (below, right), (right, row))[picture.rotation]
    north, west = picture.corner
    return (
        round(north - down * PIXEL_DEGREES, _DECIMALS),
        round(west + across * PIXEL_DEGREES, _DECIMALS),
    )
